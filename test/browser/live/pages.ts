/** Scenes over the pipeline of a story (`story.test.ts`): what a person does with traces, data, logs, and the platform's own pages. */
import { describe, expect } from '@jest/globals';
import { until } from '../../e2e/until.ts';
import { minutes, pipeline } from './home.ts';
import type { Scenes } from './scenes.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const eventId = 'console-1';
const hostile = '<img src=x onerror="window.pwned=1">\u202E<script>window.pwned=1</script>';

/** Sends an event of its own in. */
async function sendEvent({ ingress, api }: Readonly<Record<string, string>>): Promise<void> {
  const event = {
    ...{ specversion: '1.0', id: eventId, source: '/test', type: 'flight.arrived' },
    traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
    data: { date: '2001/01/31 06:55', origin: hostile, destination: 'BOS', delay_minutes: 95, distance_miles: 946 },
  };
  const headers = { 'content-type': 'application/cloudevents+json' };
  const answer = await fetch(`${ingress}/events`, { method: 'POST', headers, body: JSON.stringify(event) });
  expect(answer.status).toBe(202);
  await until(async () => ((await fetch(`${api}/flights/${eventId}`)).ok ? true : undefined));
}

/** Places, and what each tells of a pipeline that flows. */
const told: readonly (readonly [string, ...(string | RegExp)[]])[] = [
  ['/pipelines', pipeline, /^flowing$/, /^[\d.]+\/s$/, /^\d+ windows? balanced/],
  ['/operations', `deploy ${pipeline}`, /^done$/, /^(\d+) of \1$/],
  ['/catalog', 'Flight delays'],
  ['/cluster', 'kafka.broker.0', `${pipeline}.sinks.0`, /^process \d+$/, /^running$/],
  [`/topics?pipeline=${pipeline}`, 'flights.dead', 'severe-delays', 'airport-delays'],
  [`/tables?pipeline=${pipeline}`, 'flights', 'severe-delays', 'airport-windows', 'airport_windows'],
  [`/jobs?pipeline=${pipeline}`, 'severe-delays', 'airport-delays', /^running$/, /SELECT/, /^[\d.]+\/s$/],
  ['/services', 'ingress', 'api', 'sinks', 'spark-driver', /^2 of 2$/, /^1 of 1$/, /^http:\/\/127\.0\.0\.1:\d+/],
  ['/events', /operation/],
  ['/telemetry', 'Size on disk'],
];

export function describePages({ scene }: Scenes): void {
  describe('over a pipeline that runs', () => {
    scene(
      'the trace of an event is found, and leads to its message and its rows; its text is text',
      async (shown) => {
        const { page } = shown;
        await sendEvent(shown.endpoints());
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

    scene(
      'a plan is previewed from the form of the blueprint',
      async (shown) => {
        const { page } = shown;
        await shown.go(`/catalog/${pipeline}`);
        await page.getByLabel('partitions', { exact: true }).fill('4');
        await page.getByRole('button', { name: 'Preview the plan' }).click();
        await page.getByRole('heading', { name: 'The plan' }).waitFor();
        expect(await shown.look('live-preview')).toEqual([]);
      },
      minutes,
    );

    scene(
      'every page of the navigation tells what is there',
      async (shown) => {
        const { page } = shown;
        for (const [place, ...texts] of told) {
          await shown.go(place);
          for (const text of texts)
            await page.locator('main').getByText(text).filter({ visible: true }).first().waitFor();
          const name = place.slice(1).replace(/\?.*/, '');
          expect([place, await shown.look(`live-${name}`)]).toEqual([place, []]);
        }
      },
      3 * minutes,
    );

    scene(
      'a log is shown and followed',
      async (shown) => {
        await shown.go('/logs/kafka.broker.0');
        await shown.page.getByText('following', { exact: true }).waitFor();
        await shown.page.getByRole('region', { name: 'Lines of the log' }).getByText(/kafka/i).first().waitFor();
        expect(await shown.look('live-logs')).toEqual([]);
      },
      minutes,
    );
  });
}
