import { spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { createCredentials, loginLifeMs } from '../../api/credentials.ts';
import { createProcessDriver } from '../../cluster/process/driver.ts';
import { consoleUrl } from '../../control/consoleUrl.ts';
import { fail } from '../../errors.ts';
import { apiTask } from '../../model/controlPlane.ts';
import { answer, createSession, type Session } from '../session.ts';

export function addConsole(program: Command): void {
  program
    .command('console')
    .description('a link that logs a browser in to the console, good once and for five minutes')
    .option('--open', 'open it in this machine’s browser')
    .option('--token', 'print the token that scripts send to the API instead')
    .option('--json', 'print JSON')
    .action(async (options) => {
      const session = createSession(options);
      const url = await runningConsole(session);
      const credentials = createCredentials(session.home.apiDir);
      if (options.token === true) {
        answer(session, { url, token: credentials.bearer() }, ({ token }) => token);
        return;
      }
      const nowMs = Date.now();
      const login = `${url}login?token=${credentials.makeLogin(nowMs)}`;
      if (options.open === true) openInBrowser(session, login);
      const value = { url, login, expiresAt: new Date(nowMs + loginLifeMs).toISOString() };
      answer(session, value, () => `${login}\nGood for one login within five minutes. The console: ${url}`);
    });
}

const patienceMs = 20_000;

/** Waits for it to answer, where its process runs: the link is for our API only. Throws CONTROL_PLANE_DOWN. */
async function runningConsole({ home }: Session): Promise<string> {
  const url = consoleUrl(home) ?? fail('CONTROL_PLANE_DOWN', { reason: 'it was never started in this home' });
  const driver = createProcessDriver(home);
  const endMs = Date.now() + patienceMs;
  for (;;) {
    const status = await driver.status(apiTask);
    const answers = status?.phase === 'running' && (await isThere(url));
    if (answers) return url;
    const isComing = status?.phase === 'running' || status?.phase === 'backoff';
    if (!isComing || Date.now() > endMs) {
      fail('CONTROL_PLANE_DOWN', {
        reason: `${apiTask} is ${status?.phase ?? 'not there'} ${status?.reason ?? ''}`.trim(),
      });
    }
    await sleep(100);
  }
}

async function isThere(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}healthz`, { signal: AbortSignal.timeout(2000) })).ok;
  } catch {
    return false;
  }
}

/** By way of a page that only this user can read: a command line can be read by every user of the machine. */
function openInBrowser({ home, progress }: Session, login: string): void {
  const page = join(home.apiDir, 'login.html');
  rmSync(page, { force: true });
  writeFileSync(page, `<!doctype html><meta http-equiv="refresh" content="0;url=${login}">`, {
    mode: 0o600,
    flag: 'wx',
  });
  const program = process.platform === 'darwin' ? 'open' : 'xdg-open';
  const child = spawn(program, [page], { detached: true, stdio: 'ignore' });
  child.once('error', () => progress(`No browser could be opened (${program}): open the link by hand.`));
  child.unref();
}
