import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { dataHandlers } from '../fixtures/console/dataWorld.ts';
import { worldMs } from '../fixtures/console/measures.ts';
import { worldHandlers } from '../fixtures/console/world.ts';
import { closeBrowser, type OpenConsole, openConsole } from './browser.ts';

let shown: OpenConsole;
beforeEach(async () => {
  shown = await openConsole({ ...worldHandlers(), ...dataHandlers() });
}, 120_000);
afterEach(async () => {
  expect(shown.faults).toEqual([]);
  await shown.close();
});
afterAll(closeBrowser);

describe('topics', () => {
  it('are listed, those of dead letters marked', async () => {
    await shown.go('/topics?pipeline=flight-delays');
    const row = shown.page.getByRole('row', { name: /flights\.dead/ }).first();
    expect(await row.innerText()).toContain('dead letters');
    expect(await shown.look('topics')).toEqual([]);
  }, 60_000);

  it('show the message that a link names, with its fields, headers and trace', async () => {
    await shown.go('/topics/flight-delays/flights?partition=2&offset=90210');
    const { page } = shown;
    const message = page.getByRole('region', { name: 'Message 90210 of partition 2' });
    await message.waitFor();
    const text = await message.innerText();
    for (const part of ['delay_minutes', '42', 'ce-type', 'flight.arrived', '"distance_miles": 812'])
      expect(text).toContain(part);
    expect(await message.getByRole('link', { name: 'Its trace' }).getAttribute('href')).toBe(
      '#/traces/0af7651916cd43dd8448eb211c80319c',
    );
    expect(await shown.look('topic')).toEqual([]);
  }, 60_000);

  it('are read by offset, page after page; what is wrong is said', async () => {
    await shown.go('/topics/flight-delays/flights');
    const { page } = shown;
    await page.getByLabel('Messages', { exact: true }).selectOption('offset');
    await page.getByLabel('Offset').fill('90300');
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await page.getByText('An offset needs a partition: each counts its own.').waitFor();
    await page.getByLabel('Partition', { exact: true }).selectOption('1');
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await page.waitForFunction(() => location.hash.endsWith('?partition=1&offset=90300'));
    await page.getByRole('button', { name: 'Show message 1 / 90330' }).waitFor();
    await page.getByRole('button', { name: 'Newer' }).click();
    await page.waitForFunction(() => location.hash.endsWith('?partition=1&offset=90331'));
  }, 60_000);

  it('are read from a time on, of all partitions or of one', async () => {
    await shown.go('/topics/flight-delays/flights');
    const { page } = shown;
    await page.getByLabel('Messages', { exact: true }).selectOption('time');
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await page.getByText('The time must be a date and a time.').waitFor();
    // As the field has it: in the browser's zone, to the minute.
    const minuteMs = Math.floor((worldMs - 600_000) / 60_000) * 60_000;
    const local = new Date(minuteMs - new Date(minuteMs).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
    await page.getByLabel('Time (yours)').fill(local);
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await page.waitForFunction((time) => location.hash.endsWith(`?time=${encodeURIComponent(time)}`), local);
    const times = () =>
      page
        .getByRole('region', { name: 'Messages of flights' })
        .locator('time')
        .evaluateAll((all) => (all as HTMLTimeElement[]).map((each) => Date.parse(each.dateTime)));
    await page.getByRole('button', { name: /^Show message 3 \/ / }).waitFor();
    expect((await times()).filter((ms) => ms < minuteMs || ms >= minuteMs + 130)).toEqual([]);
    expect(await times()).toHaveLength(4);
    expect(await shown.look('topic-time')).toEqual([]);
    await page.getByLabel('Partition', { exact: true }).selectOption('1');
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await page.waitForFunction(() => /[?&]partition=1(&|$)/.test(location.hash) && /[?&]time=/.test(location.hash));
    await page.waitForFunction(() => document.querySelectorAll('section.table-frame time').length === 1);
  }, 60_000);

  it('show a dead letter with its reason, as text, and lead to the record that it was', async () => {
    await shown.go('/topics/flight-delays/flights.dead');
    const { page } = shown;
    await page.getByText('does-not-fit').first().waitFor();
    expect(await page.getByRole('link', { name: 'The record that it was' }).getAttribute('href')).toBe(
      '#/topics/flight-delays/flights?partition=2&offset=90210',
    );
    expect(await shown.look('dead-letter')).toEqual([]);
  }, 60_000);
});

describe('tables', () => {
  it('find rows by their partition key', async () => {
    await shown.go('/tables?pipeline=flight-delays');
    expect(await shown.look('tables')).toEqual([]);
    const { page } = shown;
    await page.getByRole('link', { name: 'flights', exact: true }).click();
    await page.getByText('40 rows; there are more.').waitFor();
    expect(await shown.look('table')).toEqual([]);
    await page.getByLabel('event_id').fill('e/1 & 2');
    await page.getByRole('button', { name: 'Find' }).click();
    await page.getByRole('cell', { name: 'e/1 & 2' }).waitFor();
    expect(await page.evaluate(() => location.hash)).toBe('#/tables/flight-delays/flights?key.event_id=e%2F1+%26+2');
  }, 60_000);

  it('show the rows of an event, and say where they can’t be told apart', async () => {
    await shown.go('/tables/flight-delays/flights?event=e-77');
    await shown.page.getByRole('cell', { name: 'e-77' }).waitFor();
    await shown.go('/tables/flight-delays/airport_windows?event=e-77');
    await shown.page.getByText('can’t be told apart').waitFor();
  }, 60_000);
});

it('jobs show their SQL, rate and lag', async () => {
  await shown.go('/jobs?pipeline=flight-delays');
  const job = shown.page.getByRole('listitem').filter({ hasText: 'severe-delays' }).first();
  const text = await job.innerText();
  for (const part of ["WHERE delay_minutes >= 60 -- '<b>severe</b>'", '1,938/s', '41 records'])
    expect(text).toContain(part);
  expect(await shown.look('jobs')).toEqual([]);
}, 60_000);
