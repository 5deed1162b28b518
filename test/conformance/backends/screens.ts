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
