/** The console's pages over a pipeline that runs, by the API itself: what a person does with traces, data, logs and services. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DeployResult } from '../../platform/model/operations.ts';
import { createTestHome } from '../e2e/cli.ts';
import { until } from '../e2e/until.ts';
import { closeBrowser, type OpenPage, openPage } from './browser.ts';

const minutes = 60_000;
const home = createTestHome(23_000);
const pipeline = 'flight-delays';
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const eventId = 'console-1';
const hostile = '<img src=x onerror="window.pwned=1">\u202E<script>window.pwned=1</script>';
let shown: OpenPage;

beforeAll(async () => {
  const { endpoints } = await home.json<DeployResult>('deploy', pipeline, '--yes');
  const event = {
    ...{ specversion: '1.0', id: eventId, source: '/test', type: 'flight.arrived' },
    traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
    data: { date: '2001/01/31 06:55', origin: hostile, destination: 'BOS', delay_minutes: 95, distance_miles: 946 },
  };
  const headers = { 'content-type': 'application/cloudevents+json' };
  const answer = await fetch(`${endpoints.ingress}/events`, { method: 'POST', headers, body: JSON.stringify(event) });
  expect(answer.status).toBe(202);
  await until(async () => ((await fetch(`${endpoints.api}/flights/${eventId}`)).ok ? true : undefined));
  const { url, login } = await home.json<{ url: string; login: string }>('console');
  // A home that is new builds the console's files when its first deploy has ended; until then they are answered with 503.
  await until(async () => ((await fetch(url)).ok ? true : undefined));
  shown = await openPage(login);
}, 6 * minutes);
afterAll(async () => {
  await shown?.close();
  await closeBrowser();
  await home.purge();
}, 2 * minutes);

describe('over a pipeline that runs', () => {
  it(
    'the trace of an event is found, and leads to its message and its rows; its text is text',
    async () => {
      const { page } = shown;
      await shown.go('/traces?since=15m');
      await page.getByRole('application', { name: /Heat map/ }).waitFor();
      expect(await shown.look('live-traces')).toEqual([]);
      await shown.go(`/traces/${traceId}`);
      // Spans are written within a second, those of Spark's way later.
      await until(async () => {
        const write = page.getByRole('button', { name: /cassandra write flights/ });
        if ((await write.count()) > 0) return true;
        await page
          .getByRole('button', { name: /Refresh|Try again/ })
          .first()
          .click();
        return undefined;
      });
      expect(await shown.look('live-trace')).toEqual([]);
      await page
        .getByRole('button', { name: /kafka receive flight-delays\.flights/ })
        .first()
        .click();
      await page.getByRole('link', { name: /^Message \d+ of topic flights/ }).click();
      const message = page.getByRole('region', { name: /^Message \d+ of partition/ });
      await message.waitFor();
      expect(await message.innerText()).toContain('<img src=x onerror="window.pwned=1">U+202E<script>');
      expect(await message.innerText()).toContain(eventId);
      expect(await shown.look('live-topic')).toEqual([]);
      await message.getByRole('link', { name: 'Its trace' }).click();
      await page.getByRole('button', { name: /cassandra write flights/ }).click();
      await page.getByRole('link', { name: 'Rows of table flights of this event' }).click();
      await page.getByRole('cell', { name: eventId, exact: true }).waitFor();
      expect(await shown.look('live-table')).toEqual([]);
      expect(await page.evaluate(() => 'pwned' in window)).toBe(false);
    },
    2 * minutes,
  );

  it(
    'its deploy stands with all steps done',
    async () => {
      const { page } = shown;
      await shown.go('/operations');
      await page.getByRole('link', { name: `deploy ${pipeline}` }).click();
      await page.getByText(/^(\d+) of \1 steps done$/).waitFor();
      expect(await shown.look('live-operation')).toEqual([]);
    },
    minutes,
  );

  it(
    'a plan is previewed from the form of the blueprint',
    async () => {
      const { page } = shown;
      await shown.go(`/catalog/${pipeline}`);
      await page.getByLabel('partitions', { exact: true }).fill('4');
      await page.getByRole('button', { name: 'Preview the plan' }).click();
      await page.getByRole('heading', { name: 'The plan' }).waitFor();
      expect(await shown.look('live-preview')).toEqual([]);
    },
    minutes,
  );

  it(
    'cluster, topics, tables, jobs, services, events, alerts and telemetry tell what is there',
    async () => {
      const { page } = shown;
      const told: readonly (readonly [string, string | RegExp])[] = [
        ['/cluster', 'kafka.broker.0'],
        [`/topics?pipeline=${pipeline}`, 'flights.dead'],
        [`/tables?pipeline=${pipeline}`, 'airport-windows'],
        [`/jobs?pipeline=${pipeline}`, 'severe-delays'],
        ['/services', 'ingress'],
        ['/events', /operation/],
        ['/alerts', 'Alerts'],
        ['/telemetry', 'Size on disk'],
      ];
      for (const [place, text] of told) {
        await shown.go(place);
        await page.locator('main').getByText(text).filter({ visible: true }).first().waitFor();
        const name = place.slice(1).replace(/\?.*/, '');
        expect([place, await shown.look(`live-${name}`)]).toEqual([place, []]);
      }
    },
    3 * minutes,
  );

  it(
    'a log is shown and followed',
    async () => {
      await shown.go('/logs/kafka.broker.0');
      await shown.page.getByText('following', { exact: true }).waitFor();
      await shown.page.getByRole('region', { name: 'Lines of the log' }).getByText(/kafka/i).first().waitFor();
      expect(await shown.look('live-logs')).toEqual([]);
    },
    minutes,
  );

  it(
    'a service is scaled from its page, and the operation is followed to its end',
    async () => {
      const { page } = shown;
      await shown.go('/services');
      const row = page.getByRole('row', { name: /^api / });
      await row.getByLabel(/Instances of api/).fill('3');
      await row.getByRole('button', { name: 'Scale api' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Scale' }).click();
      await page.getByRole('link', { name: 'Follow it' }).click();
      await page
        .locator('.page-title')
        .getByText('done', { exact: true })
        .waitFor({ timeout: 2 * minutes });
      await shown.go('/services');
      await page.getByRole('row', { name: /^api / }).getByText('3 of 3').waitFor({ timeout: minutes });
      expect(await shown.look('live-services')).toEqual([]);
    },
    4 * minutes,
  );

  it('nothing went wrong in the browser meanwhile', () => {
    // A trace that is not written yet is answered with 404, which the browser reports.
    expect(shown.faults.filter((fault) => !/status of 404/.test(fault))).toEqual([]);
  });
});
