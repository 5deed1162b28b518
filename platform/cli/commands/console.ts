import { spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { createCredentials, loginLifeMs } from '../../api/credentials.ts';
import { runningConsole } from '../api.ts';
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
