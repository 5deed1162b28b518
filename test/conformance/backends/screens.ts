/** The back ends' own pages in a real browser: what a person sees there of a pipeline. A picture of each is kept. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { launchChromium } from '../../browser/chromium.ts';
import { screenshotsOf } from '../../screenshots.ts';

const waitMs = 60_000;

/** Zipkin's page of a trace, when all of these texts stand on it. Gives what stands there. Throws with it where one is missing. */
export async function zipkinTrace(zipkin: string, traceId: string, texts: readonly string[]): Promise<string> {
  return await onPage(`${zipkin}/zipkin/traces/${traceId}`, 'zipkin-trace', async (page) => {
    const root = page.locator('#root');
    for (const text of texts) {
      await root
        .filter({ hasText: text })
        .waitFor({ timeout: waitMs })
        .catch(async () => {
          throw new Error(`Zipkin does not show ${text}, but: ${(await root.textContent())?.slice(0, 2000)}`);
        });
    }
    return (await root.textContent()) ?? '';
  });
}

export interface Panel {
  readonly title: string;
  /** Names of the lines that are drawn. */
  readonly lines: readonly string[];
}

/** Each panel of the dashboard in vmui, of all rows, once it draws a line; one that draws none within a minute has none. */
export async function vmuiPanels(victoriaMetrics: string): Promise<readonly Panel[]> {
  return await onPage(`${victoriaMetrics}/vmui/#/dashboards`, 'vmui-dashboard', async (page) => {
    await page.locator('.vm-predefined-panel').first().waitFor({ timeout: waitMs });
    // All rows but the first are closed.
    const closed = page.locator('.vm-accordion-header:not(.vm-accordion-header_open)');
    while ((await closed.count()) > 0) await closed.first().click();
    const panels: Panel[] = [];
    for (const panel of await page.locator('.vm-predefined-panel').all()) {
      // It asks for its data when it is seen.
      await panel.scrollIntoViewIfNeeded();
      const line = panel.locator('.vm-predefined-panel-body').filter({ has: page.locator('canvas') });
      await line
        .locator('.vm-legend-item')
        .first()
        .waitFor({ timeout: waitMs })
        .catch(() => undefined);
      const title = ((await panel.locator('h3').textContent()) ?? '').trim();
      panels.push({ title, lines: await line.locator('.vm-legend-item-info__label').allInnerTexts() });
    }
    return panels;
  });
}

async function onPage<T>(address: string, name: string, look: (page: Page) => Promise<T>): Promise<T> {
  const screenshots = screenshotsOf(process.env);
  const browser = await launchChromium();
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await page.goto(address);
    try {
      return await look(page);
    } finally {
      mkdirSync(screenshots, { recursive: true });
      await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });
    }
  } finally {
    await browser.close();
  }
}
