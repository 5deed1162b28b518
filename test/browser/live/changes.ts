/** Scenes of a story: a person changes the pipeline from its pages, and sees there what became of it. */
import { describe, expect } from '@jest/globals';
import type { Page } from 'playwright-core';
import { physical } from '../../../platform/model/names.ts';
import { type LiveConsole, minutes, pipeline } from './home.ts';
import type { Scenes } from './scenes.ts';

/** By the link of the toast, until its operation is done. */
async function followToItsEnd(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Follow it' }).last().click();
  await page
    .locator('.page-title')
    .getByText('done', { exact: true })
    .waitFor({ timeout: 3 * minutes });
}

async function stateIs(page: Page, state: string): Promise<void> {
  await page
    .locator('.page-title')
    .getByText(state, { exact: true })
    .waitFor({ timeout: 2 * minutes });
}

/** Number of the process that carries a task, as the cluster's page has it. */
async function processOf(shown: LiveConsole, task: string): Promise<string> {
  await shown.go('/cluster');
  const row = shown.page.getByRole('region', { name: 'Tasks' }).getByRole('row').filter({ hasText: task });
  return /process \d+/.exec(await row.innerText())![0];
}

/** By the keyboard, step by step, until the slider is at or before that moment. */
async function goBackTo(page: Page, atMs: number): Promise<void> {
  const slider = page.getByRole('slider', { name: 'Moment that is shown' });
  await slider.focus();
  while (Number(await slider.inputValue()) > atMs) await page.keyboard.press('ArrowLeft');
  await page.getByText('The past is shown').waitFor();
}

export function describeChanges({ scene }: Scenes): void {
  describe('changes', () => {
    scene(
      'a service is scaled to three, after what that means was told',
      async (shown) => {
        const { page } = shown;
        await shown.go('/services');
        const row = page.getByRole('row', { name: /^api / });
        await row.getByText('2 of 2').waitFor();
        await row.getByLabel(/Instances of api/).fill('3');
        await row.getByRole('button', { name: 'Scale api' }).click();
        const dialog = page.getByRole('dialog');
        await dialog.getByText('To start: 1 instance; the others run on.').waitFor();
        expect(await shown.look('story-10-scale')).toEqual([]);
        await dialog.getByRole('button', { name: 'Scale' }).click();
        await followToItsEnd(page);
        await shown.go('/services');
        await page.getByRole('row', { name: /^api / }).getByText('3 of 3').waitFor({ timeout: minutes });
        expect(await shown.look('story-11-scaled')).toEqual([]);
      },
      4 * minutes,
    );

    scene(
      'the sinks are restarted: another process carries on',
      async (shown) => {
        const { page } = shown;
        const before = await processOf(shown, `${pipeline}.sinks.0`);
        await shown.go('/services');
        const row = page.getByRole('row', { name: /^sinks / });
        await row.getByText('1 of 1').waitFor();
        await row.getByRole('button', { name: 'Restart sinks' }).click();
        const dialog = page.getByRole('dialog', { name: 'Restart sinks' });
        await dialog.getByText('1 task restart one after the other').waitFor();
        expect(await shown.look('story-12-restart')).toEqual([]);
        await dialog.getByRole('button', { name: 'Restart' }).click();
        await followToItsEnd(page);
        await shown.go('/services');
        await row.getByText('1 of 1').waitFor({ timeout: minutes });
        expect(await processOf(shown, `${pipeline}.sinks.0`)).not.toBe(before);
        await shown.go(`/pipelines/${pipeline}`);
        await stateIs(page, 'flowing');
        expect(await shown.look('story-13-restarted')).toEqual([]);
      },
      4 * minutes,
    );

    scene(
      'it is stopped, and started again; the time between is still seen',
      async (shown) => {
        const { page } = shown;
        await shown.go(`/pipelines/${pipeline}`);
        await page.getByRole('button', { name: 'Stop', exact: true }).click();
        const dialog = page.getByRole('dialog', { name: `Stop ${pipeline}` });
        await dialog.getByText(/Data, offsets, checkpoints and ports stay as they are/).waitFor();
        expect(await shown.look('story-14-stop')).toEqual([]);
        await dialog.getByRole('button', { name: 'Stop', exact: true }).click();
        await followToItsEnd(page);
        await shown.go(`/pipelines/${pipeline}`);
        await stateIs(page, 'stopped');
        await page.getByText('All its tasks were stopped on request.').first().waitFor();
        await page.getByRole('button', { name: /^store-flights flow down/ }).waitFor();
        expect(await shown.look('story-15-stopped')).toEqual([]);
        await shown.go('/services');
        await page
          .getByRole('row', { name: /^ingress / })
          .getByText('0 of 1')
          .waitFor();
        const stoppedMs = await page.evaluate(() => Date.now());
        await shown.go(`/pipelines/${pipeline}`);
        await page.getByRole('button', { name: 'Start', exact: true }).click();
        await followToItsEnd(page);
        await shown.go(`/pipelines/${pipeline}`);
        await stateIs(page, 'flowing');
        await page.getByRole('button', { name: /^store-flights flow ok/ }).waitFor({ timeout: minutes });
        // Its steps are seconds.
        await page.getByRole('radio', { name: '15 min' }).check();
        await goBackTo(page, stoppedMs);
        await stateIs(page, 'stopped');
        await page.getByRole('button', { name: /^store-flights flow down/ }).waitFor();
        expect(await shown.look('story-16-past')).toEqual([]);
        await page.getByRole('button', { name: 'Live' }).click();
        await stateIs(page, 'flowing');
      },
      8 * minutes,
    );
  });
}

/** The last one: nothing of the pipeline is left. */
export function describeEnd({ scene }: Scenes): void {
  describe('the end', () => {
    scene(
      'it is destroyed, after what goes with it was told, and a ledger says that nothing is left',
      async (shown) => {
        const { page } = shown;
        await shown.go(`/pipelines/${pipeline}`);
        await page.getByRole('button', { name: 'Destroy' }).click();
        const dialog = page.getByRole('dialog');
        await dialog.getByText(/^Topics flights, .* with their dead letters: deleted\.$/).waitFor();
        const destroy = dialog.getByRole('button', { name: 'Destroy' });
        expect(await destroy.isDisabled()).toBe(true);
        expect(await shown.look('story-18-destroy')).toEqual([]);
        await dialog.getByRole('textbox').fill(pipeline);
        await destroy.click();
        await followToItsEnd(page);
        await page.getByText('nothing left behind').waitFor();
        await page
          .getByRole('row', { name: new RegExp(`removed topic ${physical.topic(pipeline, 'flights')} `) })
          .waitFor();
        expect(await shown.look('story-19-ledger')).toEqual([]);
        await shown.go('/pipelines');
        await page.getByText('No pipeline yet').waitFor();
      },
      4 * minutes,
    );
  });
}
