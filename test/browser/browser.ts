/**
 * The console in a real browser. `look` is what every page has to stand: it takes screenshots in both themes and runs axe;
 * `close` fails on any console error, page error, or request that left the origin.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { buildConsole } from '../../platform/console/build.ts';
import { cacheOf } from '../../platform/home.ts';
import { type ConsoleServer, type Handlers, serveConsole } from '../fixtures/console/server.ts';
import { screenshotsOf } from '../screenshots.ts';
import { launchChromium } from './chromium.ts';

const root = new URL('../..', import.meta.url).pathname;
export const screenshots = screenshotsOf(process.env);

export interface OpenPage {
  readonly page: Page;
  /** Goes to a place of the console, `/pipelines`, and waits until it stands. */
  go(place: string): Promise<void>;
  /** Screenshots `NAME-light.png` and `NAME-dark.png`, and axe in both themes. Gives the violations. */
  look(name: string): Promise<readonly string[]>;
  /** What went wrong so far: errors of the console and of the page, `404 GET /api/…`, requests to elsewhere. */
  readonly faults: readonly string[];
  close(): Promise<void>;
}

export interface OpenConsole extends OpenPage {
  readonly server: ConsoleServer;
}

let browser: Browser | undefined;

export async function openConsole(handlers: Handlers): Promise<OpenConsole> {
  const directory = await buildConsole(cacheOf(process.env), root);
  const server = await serveConsole(directory, handlers);
  const shown = await openPage(server.url);
  return {
    ...shown,
    server,
    async close() {
      await shown.close();
      await server.close();
    },
  };
}

/** The console at an address of its own, a login link for one; `faults` tells requests that leave its origin. */
export async function openPage(address: string): Promise<OpenPage> {
  const { origin } = new URL(address);
  browser ??= await launchChromium();
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: 'light' });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('console', (message) => {
    // What the browser says of an answer with an error does not name its address: that is told below.
    if (message.type() === 'error' && !/^Failed to load resource: the server responded/.test(message.text()))
      faults.push(`console: ${message.text()}`);
  });
  page.on('response', (answer) => {
    const { pathname } = new URL(answer.url());
    if (answer.status() >= 400) faults.push(`${answer.status()} ${answer.request().method()} ${pathname}`);
  });
  page.on('pageerror', (error) => faults.push(`page: ${error.message}`));
  page.on('request', (request) => request.url().startsWith(`${origin}/`) || faults.push(`request to ${request.url()}`));
  await page.goto(address);
  return {
    page,
    faults,
    async go(place) {
      await page.goto(`${origin}/#${place}`);
      await page.waitForFunction(
        () => document.querySelector('.loading') === null && document.querySelector('h1') !== null,
      );
    },
    look: (name) => look(page, name),
    close: () => context.close(),
  };
}

export async function closeBrowser(): Promise<void> {
  await browser?.close();
  browser = undefined;
}

async function look(page: Page, name: string): Promise<readonly string[]> {
  mkdirSync(screenshots, { recursive: true });
  const found: string[] = [];
  for (const theme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: theme });
    // Colours fade into each other for a moment.
    await page.waitForTimeout(250);
    await page.screenshot({ path: join(screenshots, `${name}-${theme}.png`) });
    found.push(...(await violations(page)).map((line) => `${theme}: ${line}`));
  }
  await page.emulateMedia({ colorScheme: 'light' });
  return found;
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly help: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
  }[];
}

/** WCAG 2.0 to 2.2, A and AA. Evaluated through the debugger, which the page's policy does not bind. */
async function violations(page: Page): Promise<readonly string[]> {
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
  const script = `(async () => { ${axeSource}; return await axe.run(document, { runOnly: { type: 'tag', values: ${JSON.stringify(tags)} } }); })()`;
  const result = (await page.evaluate(script)) as AxeResult;
  return result.violations.flatMap(({ id, help, nodes }) =>
    nodes
      .slice(0, 5)
      .map(({ html, failureSummary }) => `${id}: ${help}: ${html.slice(0, 160)} ${failureSummary ?? ''}`),
  );
}
