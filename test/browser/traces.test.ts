import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { slowTraceId, traceHandlers } from '../fixtures/console/traceWorld.ts';
import { worldHandlers } from '../fixtures/console/world.ts';
import { closeBrowser, type OpenConsole, openConsole } from './browser.ts';

let shown: OpenConsole;
beforeEach(async () => {
  shown = await openConsole({ ...worldHandlers(), ...traceHandlers() });
}, 120_000);
afterEach(async () => {
  expect(shown.faults).toEqual([]);
  await shown.close();
});
afterAll(closeBrowser);

describe('the search for traces', () => {
  it('is held by the URL, and finds what it says', async () => {
    await shown.go('/traces?since=all&service=api');
    const { page } = shown;
    await page
      .getByRole('row', { name: /GET \/flights/ })
      .first()
      .waitFor();
    expect(await page.getByLabel('Service').inputValue()).toBe('api');
    expect(await page.getByRole('row', { name: /POST \/events/ }).count()).toBe(0);
    await page.getByLabel('Service').fill('');
    await page.getByLabel('At least').fill('400ms');
    await page.getByLabel('At least').press('Enter');
    await page.waitForFunction(() => location.hash.includes('min=400ms') && !location.hash.includes('service'));
    await page.getByText('7 traces, newest first.').waitFor();
  }, 60_000);

  it('says what is wrong with a field, and does not search', async () => {
    await shown.go('/traces');
    const { page } = shown;
    await page.getByLabel('At least').fill('fast');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByText('It must be a duration: 250ms, 1.5s, 2m.').waitFor();
    expect(await page.getByLabel('At least').getAttribute('aria-invalid')).toBe('true');
    expect(await page.evaluate(() => location.hash)).toBe('#/traces');
    expect(await shown.look('traces-fault')).toEqual([]);
  }, 60_000);

  it('goes on with older traces', async () => {
    await shown.go('/traces?since=all');
    await shown.page.getByText('50 traces, newest first.').waitFor();
    await shown.page.getByRole('button', { name: 'Show older ones' }).click();
    await shown.page.getByText('100 traces, newest first.').waitFor();
    expect(await shown.look('traces')).toEqual([]);
  }, 60_000);
});

describe('the heat map', () => {
  it('leads from a cell to a trace, with the mouse', async () => {
    await shown.go('/traces?since=all');
    const { page } = shown;
    const canvas = page.getByRole('application', { name: /Heat map/ });
    await canvas.waitFor();
    const box = (await canvas.boundingBox())!;
    // Column 40 of 60, row 9 of 12 (512 ms – 1.02 s): the burst of slow traces; the sum is odd, so a neighbour with an example.
    await canvas.hover({ position: { x: ((41 + 0.5) / 60) * box.width, y: ((12 - 9 - 0.5) / 12) * box.height } });
    await page.getByText(/512 ms – 1\.02 s: \d+ traces/).waitFor();
    await canvas.click({ position: { x: ((41 + 0.5) / 60) * box.width, y: ((12 - 9 - 0.5) / 12) * box.height } });
    await page.waitForFunction((id) => location.hash === `#/traces/${id}`, slowTraceId);
  }, 60_000);

  it('is walked through with the keyboard, and stands in a table, too', async () => {
    await shown.go('/traces?since=all');
    const { page } = shown;
    const canvas = page.getByRole('application', { name: /Heat map/ });
    await canvas.focus();
    const before = await page.locator('.heat-readout').innerText();
    await page.keyboard.press('ArrowLeft');
    expect(await page.locator('.heat-readout').innerText()).not.toBe(before);
    await page.keyboard.press('Shift+Enter');
    await page.waitForFunction(() => /from=\d+&to=\d+|min=.*from=\d+/.test(location.hash));
    await page.getByText('The same as a table').click();
    await page.getByRole('region', { name: 'Latency against time, cell by cell' }).waitFor();
    expect(await page.getByRole('link', { name: 'an example' }).count()).toBeGreaterThan(10);
    expect(await shown.look('heatmap-table')).toEqual([]);
  }, 60_000);
});

describe('a trace', () => {
  it('shows who waited for whom, and leads to the message, the rows and the job', async () => {
    await shown.go(`/traces/${slowTraceId}`);
    const { page } = shown;
    await page.getByRole('button', { name: /cassandra write severe_delays/ }).click();
    await page.getByRole('link', { name: 'Rows of table severe_delays of this event' }).waitFor();
    expect(await page.getByRole('button', { name: /cassandra write severe_delays.*critical path/ }).count()).toBe(1);
    expect(await page.getByRole('button', { name: /cassandra write flights.*critical path/ }).count()).toBe(0);
    await page.getByRole('button', { name: /^kafka receive flight-delays.flights/ }).click();
    const message = page.getByRole('link', { name: 'Message 90210 of topic flights, partition 2' });
    expect(await message.getAttribute('href')).toBe('#/topics/flight-delays/flights?partition=2&offset=90210');
    await page.getByRole('button', { name: /bullmq write alerts/ }).click();
    await page.getByText('ECONNREFUSED').waitFor();
    expect(await shown.look('trace')).toEqual([]);
  }, 60_000);

  it('is walked through and folded with the keyboard', async () => {
    await shown.go(`/traces/${slowTraceId}`);
    const { page } = shown;
    await page.getByRole('button', { name: /^POST \/events/ }).focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.getByRole('heading', { name: 'kafka receive flight-delays.flights' }).waitFor();
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowLeft');
    await page
      .getByRole('button', { name: /cassandra write/ })
      .first()
      .waitFor({ state: 'detached' });
    await page.keyboard.press('ArrowRight');
    await page
      .getByRole('button', { name: /cassandra write/ })
      .first()
      .waitFor();
  }, 60_000);
});

it('the telemetry store tells what it keeps and what it dropped', async () => {
  await shown.go('/telemetry');
  await shown.page.getByText('spans: queue full').waitFor();
  const row = shown.page.getByRole('row', { name: /flight-delays\.sinks\.0 Points of metrics ECONNREFUSED 17/ });
  await row.waitFor();
  await shown.page.getByText('Not told by tasks that do not answer: flight-delays.api.1.').waitFor();
  await shown.page.getByText('384 MiB used · of 1 GiB').waitFor();
  expect(await shown.look('telemetry')).toEqual([]);
}, 60_000);
