import { existsSync } from 'node:fs';

/** Where Debian and others put it. */
const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** `MILLRACE_CHROMIUM`, else the first one that is there. */
export function findChromium(): string | undefined {
  return process.env.MILLRACE_CHROMIUM ?? places.find((path) => existsSync(path));
}
