import { existsSync } from 'node:fs';
import type { Browser } from 'playwright-core';

/** Where Debian and others put it. */
const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** `MILLRACE_CHROMIUM`, else the first one that is there. */
export function findChromium(): string | undefined {
  return process.env.MILLRACE_CHROMIUM ?? places.find((path) => existsSync(path));
}

/** Throws where there is none. */
export async function launchChromium(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error('There is no chromium: apt-get install chromium');
  const { chromium } = await import('playwright-core');
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--force-color-profile=srgb'] });
}
