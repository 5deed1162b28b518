/** A pipeline's page at another time: all of it shows what was then, or says that it is of now. */
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { historyOf, worldMs } from '../fixtures/console/measures.ts';
import { lateMs } from '../fixtures/console/past.ts';
import { summaries, worldHandlers } from '../fixtures/console/world.ts';
import { closeBrowser, type OpenConsole, openConsole } from './browser.ts';

let shown: OpenConsole;
let spansAsked: number[];
beforeEach(async () => {
  spansAsked = [];
  shown = await openConsole({
    ...worldHandlers(),
    history({ params, query }) {
      spansAsked.push(Number(query.toMs) - Number(query.fromMs));
      return { pipeline: params.pipeline, stepMs: 10_000, points: historyOf() };
    },
  });
}, 60_000);
afterEach(async () => {
  expect(shown.faults).toEqual([]);
  await shown.close();
});
afterAll(closeBrowser);

const place = '/pipelines/flight-delays?show=flow%3Astore-severe';
const slider = () => shown.page.getByRole('slider', { name: 'Moment that is shown' });
const panel = () => shown.page.getByRole('complementary', { name: 'Details of store-severe' });

/** As by the mouse: the step of the slider that is next to the moment. */
async function goBackTo(atMs: number): Promise<void> {
  await slider().evaluate((element, wanted) => {
    const input = element as HTMLInputElement;
    const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')!.set!;
    set.call(input, `${wanted}`);
    input.dispatchEvent(new Event('input', { bubbles: true }));
  }, atMs);
  await shown.page.getByText('The past is shown').waitFor();
}

/** The times in a part of the page, newest first. */
async function timesIn(name: RegExp): Promise<readonly number[]> {
  const region = panel().getByRole('region', { name });
  await region.locator('time').first().waitFor();
  const times = await region
    .locator('time')
    .evaluateAll((all) => (all as HTMLTimeElement[]).map((each) => Date.parse(each.dateTime)));
  return times.sort((one, other) => other - one);
}

describe('back in time', () => {
  it('goes by the keyboard, and returns to what is live', async () => {
    await shown.go('/pipelines/flight-delays');
    const { page } = shown;
    await slider().focus();
    for (let press = 0; press < 5; press += 1) await page.keyboard.press('ArrowLeft');
    await page.getByText('The past is shown').waitFor();
    expect(await slider().getAttribute('aria-valuetext')).toMatch(/ago$/);
    expect(await page.evaluate(() => location.hash)).toMatch(/at=\d{13}/);
    expect(await shown.look('pipeline-past')).toEqual([]);
    await page.getByRole('button', { name: 'Live' }).click();
    await page.getByText('The past is shown').waitFor({ state: 'detached' });
    expect(await page.evaluate(() => location.hash)).not.toContain('at=');
  }, 60_000);

  it('shows the states and the measures of then', async () => {
    await shown.go(place);
    const { page } = shown;
    await page.getByRole('button', { name: /^store-severe flow ok/ }).waitFor();
    await page.locator('.page-title').getByText('flowing', { exact: true }).waitFor();
    const newest = page.getByRole('figure', { name: 'End to end' }).locator('strong').first();
    const now = historyOf().at(-1)!;
    const told = (p99Ms: number) => (p99Ms < 1000 ? `${p99Ms.toFixed(0)} ms` : `${(p99Ms / 1000).toFixed(2)} s`);
    expect(await newest.innerText()).toBe(told(now.endToEnd!.p99Ms));
    await goBackTo(lateMs);
    await page.getByRole('button', { name: /^store-severe flow degraded/ }).waitFor();
    await page.locator('.page-title').getByText('degraded', { exact: true }).waitFor();
    await page.getByText('store-severe was late at that time.').waitFor();
    await panel().getByText('47.9 s').waitFor();
    // The slider has steps of its own: the moment that it took is near the one that was asked for.
    const takenMs = Number(await slider().inputValue());
    const late = historyOf().findLast(({ atMs }) => atMs <= takenMs)!;
    await shown.page.waitForFunction(
      (text) => document.querySelectorAll('.overview figure')[1]?.querySelector('strong')?.textContent === text,
      told(late.endToEnd!.p99Ms),
    );
    await page.getByRole('button', { name: 'Live' }).click();
    await page.getByRole('button', { name: /^store-severe flow ok/ }).waitFor();
  }, 60_000);

  it('shows the traces and the dead letters of then, and the p99 leads to those', async () => {
    await shown.go(place);
    expect((await timesIn(/^Sampled traces/))[0]).toBeGreaterThan(lateMs + 60_000);
    expect(await timesIn(/^Dead letters/)).toEqual([worldMs - 61_000, lateMs - 100_000]);
    await goBackTo(lateMs);
    await panel().getByText('47.9 s').waitFor();
    await panel().getByText('delay: expected a number').waitFor({ state: 'detached' });
    expect(await timesIn(/^Dead letters/)).toEqual([lateMs - 100_000]);
    const atMs = await shown.page.evaluate(() => Number(/at=(\d+)/.exec(location.hash)![1]));
    const times = await timesIn(/^Sampled traces/);
    expect(times).toHaveLength(8);
    expect(times.filter((ms) => ms > atMs || ms < atMs - 15 * 60_000)).toEqual([]);
    const link = panel().getByRole('link', { name: /the traces behind it/ });
    const query = new URLSearchParams((await link.getAttribute('href'))!.split('?')[1]);
    expect([query.get('to'), query.get('from'), query.get('since')]).toEqual([
      `${atMs}`,
      `${atMs - 15 * 60_000}`,
      null,
    ]);
    const all = panel().getByRole('link', { name: 'all of them' });
    expect(await all.getAttribute('href')).toContain(`to=${atMs}`);
    expect(await shown.look('pipeline-past-hop')).toEqual([]);
  }, 60_000);

  it('shows the windows and the alerts of then, and marks what is only known of now', async () => {
    await shown.go('/pipelines/flight-delays');
    const { page } = shown;
    const ledger = page.getByRole('region', { name: 'Ledger' });
    const objectives = page.getByRole('region', { name: 'Objectives and alerts' });
    const windows = ledger.getByRole('listitem').filter({ hasText: /balanced|in-flight/ });
    await windows.first().waitFor();
    const all = summaries[0]!.ledger.balanced + summaries[0]!.ledger.inFlight;
    expect(await windows.count()).toBe(all);
    expect(await page.getByText('as of now').count()).toBe(0);
    await objectives.getByText('resolved', { exact: true }).waitFor();
    await goBackTo(lateMs);
    const atMs = await page.evaluate(() => Number(/at=(\d+)/.exec(location.hash)![1]));
    await ledger.getByText(/Of what had come in by/).waitFor();
    const newestMs = Math.floor(worldMs / 60_000) * 60_000;
    expect(await windows.count()).toBe(all - Math.ceil((newestMs - atMs) / 60_000));
    await ledger.getByText('as of now').waitFor();
    await objectives.getByText('as of now').waitFor();
    await objectives.getByText('firing', { exact: true }).waitFor();
    await objectives.scrollIntoViewIfNeeded();
    expect(await shown.look('pipeline-past-ledger')).toEqual([]);
    // Before the first window there is none.
    await shown.go(`/pipelines/flight-delays?at=${worldMs - 86_400_000}`);
    await ledger.getByText('No window of that time').waitFor();
    await objectives.getByText(/No alert that is still listed was firing/).waitFor();
  }, 60_000);

  it('reaches as far as the history: thirty days', async () => {
    await shown.go('/pipelines/flight-delays');
    const { page } = shown;
    const days = async () => {
      const [min, max] = await Promise.all(['min', 'max'].map((name) => slider().getAttribute(name)));
      return (Number(max) - Number(min)) / 86_400_000;
    };
    for (const [title, wanted] of [
      ['7 d', 7],
      ['30 d', 30],
    ] as const) {
      await page.getByRole('radio', { name: title }).check();
      expect(await days()).toBe(wanted);
      await page.waitForFunction((text) => location.hash.includes(`span=${text}`), title.replace(' ', ''));
    }
    await page.getByRole('figure', { name: 'Lag' }).locator('canvas').waitFor();
    expect(await shown.look('pipeline-past-month')).toEqual([]);
    expect(spansAsked.map((ms) => ms / 86_400_000)).toEqual(expect.arrayContaining([7, 30]));
  }, 60_000);
});
