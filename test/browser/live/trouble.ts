/** Scenes of a story: something goes wrong for real, and the pages tell of it. */
import { describe, expect } from '@jest/globals';
import { minutes, pipeline } from './home.ts';
import type { Scenes } from './scenes.ts';

export function describeTrouble({ scene }: Scenes): void {
  describe('trouble', () => {
    scene(
      'sinks that hang make an alert fire, which every page tells that should',
      async (shown) => {
        const { page } = shown;
        const goOn = await shown.hang(`${pipeline}.sinks.0`);
        try {
          await shown.go('/alerts');
          const row = page.getByRole('row').filter({ hasText: 'alerts-fresh' }).filter({ hasText: 'firing' });
          await row.first().waitFor({ timeout: 5 * minutes });
          expect(await row.first().innerText()).toMatch(/page/);
          expect(await shown.look('live-alerts-firing')).toEqual([]);
          await row.first().getByRole('link', { name: pipeline }).click();
          const told = page.getByRole('region', { name: 'Objectives and alerts' });
          await told.getByText('firing', { exact: true }).first().waitFor();
          await page
            .getByRole('region', { name: 'Overview' })
            .getByText(/^\d+ firing$/)
            .waitFor();
          await page
            .locator('.page-title')
            .getByText(/^(stalled|degraded)$/)
            .waitFor({ timeout: minutes });
          expect(await shown.look('live-pipeline-alert')).toEqual([]);
          await shown.go('/pipelines');
          await page
            .getByRole('row', { name: new RegExp(`^${pipeline}`) })
            .getByText(/^\d+ firing$/)
            .waitFor();
          expect(await shown.look('live-pipelines-alert')).toEqual([]);
        } finally {
          goOn();
        }
        await shown.go(`/pipelines/${pipeline}`);
        await page
          .locator('.page-title')
          .getByText('flowing', { exact: true })
          .waitFor({ timeout: 3 * minutes });
      },
      8 * minutes,
    );
  });
}
