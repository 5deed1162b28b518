/** The ledger on a pipeline's page. */
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { ledgerOf } from '../fixtures/console/measures.ts';
import type { Handlers } from '../fixtures/console/server.ts';
import { summaries, worldHandlers } from '../fixtures/console/world.ts';
import { closeBrowser, type OpenConsole, openConsole } from './browser.ts';

let shown: OpenConsole;
async function open(handlers: Handlers = {}): Promise<void> {
  shown = await openConsole({ ...worldHandlers(), ...handlers });
}
afterEach(async () => {
  expect(shown.faults).toEqual([]);
  await shown.close();
});
afterAll(closeBrowser);

describe('the ledger', () => {
  it('names the window and the stage where the ledger does not balance', async () => {
    await open();
    await shown.go('/pipelines/orders-eu');
    const { page } = shown;
    await page.getByText('store-severe: 2 events of severe-delays were not stored.').last().scrollIntoViewIfNeeded();
    await page.getByText('2 lost').first().waitFor();
    expect(await shown.look('pipeline-ledger')).toEqual([]);
    // Acknowledged, after it was said what that means.
    await page.getByRole('button', { name: /^Acknowledge the fault of/ }).click();
    const dialog = page.getByRole('dialog', { name: /^Acknowledge the fault of/ });
    await dialog.getByText('It stays in the ledger and in its sums').waitFor();
    await dialog.getByLabel(/^Note/).fill('the disk was full');
    expect(await shown.look('pipeline-acknowledge')).toEqual([]);
    await dialog.getByRole('button', { name: 'Acknowledge', exact: true }).click();
    await page.getByText(/acknowledged .*: the disk was full/).waitFor();
    expect(await page.getByRole('button', { name: /^Acknowledge the fault of/ }).count()).toBe(0);
    // The button that had the focus is gone: the keyboard goes on from the ledger.
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('ledger-title');
    const { asked } = shown.server.changes.find(({ name }) => name === 'acknowledge')!;
    expect(asked.body).toEqual({ origin: expect.stringMatching(/^20.*Z$/), note: 'the disk was full' });
    expect(await shown.look('pipeline-acknowledged')).toEqual([]);
  }, 60_000);

  it('tells why it knows nothing, where it has no window', async () => {
    const note = 'The task flight-delays.sinks.0 does not answer: what it stored is not known.';
    await open({ ledger: () => ({ ...ledgerOf(summaries[0]!), windows: [], faults: [note] }) });
    await shown.go('/pipelines/flight-delays');
    const ledger = shown.page.getByRole('region', { name: 'Ledger' });
    await ledger.getByText('No window yet').waitFor();
    await ledger.getByText(note).waitFor();
    await ledger.scrollIntoViewIfNeeded();
    expect(await shown.look('pipeline-ledger-silent')).toEqual([]);
  }, 60_000);
});
