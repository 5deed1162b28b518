import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { worldMs } from '../fixtures/console/measures.ts';
import { Refusal } from '../fixtures/console/server.ts';
import { graphOf, summaries, worldHandlers } from '../fixtures/console/world.ts';
import { closeBrowser, type OpenConsole, openConsole } from './browser.ts';

let shown: OpenConsole;
beforeEach(async () => {
  shown = await openConsole(worldHandlers());
}, 60_000);
afterEach(async () => {
  expect(shown.faults).toEqual([]);
  await shown.close();
});
afterAll(closeBrowser);

describe('the list of pipelines', () => {
  it('tells each pipeline’s state in words, its rate, latencies, lag, ledger and alerts', async () => {
    await shown.go('/pipelines');
    const row = shown.page.getByRole('row', { name: /orders-eu/ });
    await row.waitFor();
    const text = (await row.innerText()).replaceAll(/\s+/g, ' ');
    for (const part of ['degraded', '1,941/s', '940 ms', '48.2 s', '2 lost', '2 firing', 'scale it']) {
      expect(text).toContain(part);
    }
    expect(await shown.look('pipelines')).toEqual([]);
  }, 60_000);

  it('changes by itself when the stream tells of a pipeline', async () => {
    await shown.go('/pipelines');
    const stalled = {
      ...summaries[0]!,
      state: 'stalled' as const,
      reason: 'Nothing was stored for 40 s.',
      ratePerSecond: 7,
    };
    await shown.page.getByText('Live', { exact: true }).waitFor();
    shown.server.send({ event: 'seen', data: { summary: stalled, graph: graphOf(stalled) } });
    const row = shown.page
      .getByRole('row', { name: /flight-delays revision|flight-delays/ })
      .filter({ hasText: 'Nothing was stored' });
    await row.waitFor();
    expect(await row.innerText()).toContain('stalled');
  }, 60_000);

  it('says that the connection is lost and how old what is shown is, and resumes after the last event', async () => {
    await shown.go('/pipelines');
    await shown.page.getByText('Live', { exact: true }).waitFor();
    const data = {
      specversion: '1.0',
      id: '41',
      source: '/test',
      type: 'millrace.alert',
      subject: 'x',
      time: new Date(worldMs).toISOString(),
      data: {},
    };
    shown.server.send({ id: '41', data });
    // What is sent is read in order: with this one the event before it has been read.
    const summary = { ...summaries[0]!, reason: 'Read.' };
    shown.server.send({ event: 'seen', data: { summary, graph: graphOf(summary) } });
    await shown.page.getByText('Read.').waitFor();
    shown.server.breakStreams();
    const banner = shown.page.getByText('The connection to Millrace is lost.');
    await banner.waitFor();
    expect(await shown.page.locator('.banner').innerText()).toMatch(/heard (now|\d+ s ago)/);
    // Streams are answered with 503 until then.
    shown.server.mendStreams();
    await banner.waitFor({ state: 'detached' });
    expect(shown.server.resumes.at(-1)).toBe('41');
    forget(shown, /^503 GET \/events$|ERR_(INCOMPLETE_CHUNKED|CONNECTION|EMPTY|ABORTED)/);
  }, 60_000);

  it('asks for a login when the session is over', async () => {
    await shown.close();
    const { pipelines, ...rest } = worldHandlers();
    let over = false;
    shown = await openConsole({
      ...rest,
      pipelines: (asked) => {
        if (over) throw new Refusal(401, 'UNAUTHENTICATED');
        return pipelines!(asked);
      },
    });
    await shown.page.getByText('Live', { exact: true }).waitFor();
    over = true;
    shown.server.breakStreams();
    await shown.page.getByRole('heading', { name: 'Log in' }).waitFor();
    expect(await shown.look('login')).toEqual([]);
    forget(shown, /^503 GET \/events$|^401 GET \/api\/pipelines$|ERR_(INCOMPLETE_CHUNKED|CONNECTION|EMPTY|ABORTED)/);
  }, 60_000);

  it('is reached, read and left with the keyboard alone', async () => {
    await shown.go('/pipelines');
    const { page } = shown;
    // From the start: coming from another place the reading would begin in the content already.
    await page.reload();
    await page
      .getByRole('row', { name: /flight-delays/ })
      .first()
      .waitFor();
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toContain('Skip to content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('main');
    await page.keyboard.press('?');
    const help = page.getByRole('dialog', { name: 'Keyboard' });
    await help.waitFor();
    expect(await help.innerText()).toContain('Pipelines');
    expect(await shown.look('help')).toEqual([]);
    await page.keyboard.press('Escape');
    await help.waitFor({ state: 'hidden' });
    await page.getByRole('link', { name: 'flight-delays' }).first().focus();
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => location.hash === '#/pipelines/flight-delays');
    await page.keyboard.press('g');
    await page.keyboard.press('p');
    await page.waitForFunction(() => location.hash === '#/pipelines' && document.activeElement?.id === 'main');
  }, 60_000);
});

/** Takes expected faults off the list. */
function forget({ faults }: OpenConsole, expected: RegExp): void {
  const kept = faults.filter((fault) => !expected.test(fault));
  (faults as string[]).splice(0, faults.length, ...kept);
}
