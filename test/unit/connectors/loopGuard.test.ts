/** In a process of its own: what is tested ends it. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { expect, jest, test } from '@jest/globals';

jest.setTimeout(60_000);

async function run(mode: 'spin' | 'busy'): Promise<{ readonly end: unknown[]; readonly said: string }> {
  const { NODE_OPTIONS: _ofJest, ...env } = process.env;
  const child = fork(new URL('../../fixtures/guardedHost.ts', import.meta.url), [mode], {
    ...{ env, silent: true, execArgv: ['--disable-warning=ExperimentalWarning'] },
    timeout: 50_000,
    killSignal: 'SIGQUIT',
  });
  let said = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (said += text));
  const end = await once(child, 'close');
  return { end, said };
}

test('a process that spins without a turn for timers is ended, and says why', async () => {
  const { end, said } = await run('spin');
  expect(end).toEqual([null, 'SIGKILL']);
  expect(said).toMatch(/^\S+Z the event loop has not turned for 2 s: .*\n$/);
});

test('a process whose loop turns, be it seldom, is left alone, and is not kept alive', async () => {
  const { end, said } = await run('busy');
  expect([end, said]).toEqual([[0, null], '']);
});
