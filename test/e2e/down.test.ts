/** What `down` ends and deletes: everything of its home, whoever died before, and nothing else. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { remainsOf } from '../../platform/cluster/process/remains.ts';
import { exitCodes } from '../../platform/errors.ts';
import { homeAt } from '../../platform/home.ts';
import type { Ledger } from '../../platform/model/ledger.ts';
import type { DestroyResult } from '../../platform/model/operations.ts';
import { createTestHome } from './cli.ts';
import { killAgent } from './kills.ts';

const minutes = 60_000;
const home = createTestHome(17_000);
const foreign = createTestHome(17_100);

afterAll(async () => {
  await home.purge();
  await foreign.purge();
}, 2 * minutes);

const down = async (...options: string[]) => (await home.json<{ ledger: Ledger }>('down', ...options, '--yes')).ledger;
const processes = ({ removed }: Ledger) => removed.filter(({ kind }) => kind === 'process').map(({ owner }) => owner);

test(
  'down ends what outlived a killed agent, and keeps the home',
  async () => {
    await home.json('up');
    await killAgent(home);
    expect(remainsOf(homeAt(home.path)).map(({ kind }) => kind)).toEqual(expect.arrayContaining(['process', 'port']));
    const ledger = await down();
    expect(processes(ledger).length).toBeGreaterThanOrEqual(2);
    expect(new Set(processes(ledger))).toEqual(new Set(['platform millrace']));
    expect(ledger.left).toEqual([]);
    expect(ledger.kept).toMatchObject([{ kind: 'directory', name: home.path }]);
    expect(remainsOf(homeAt(home.path))).toEqual([]);
    expect(await down()).toMatchObject({ removed: [], left: [] });
  },
  4 * minutes,
);

test(
  'down --purge deletes nothing while something still runs that it could not end',
  async () => {
    await home.json('up');
    await killAgent(home);
    const file = join(home.path, 'tasks', 'millrace.worker.0', 'task.json');
    const whole = readFileSync(file, 'utf8');
    writeFileSync(file, '');
    const run = await home.run('down', '--purge', '--yes', '--json');
    const { ledger } = JSON.parse(run.stdout) as { ledger: Ledger };
    expect(ledger.left).toEqual([expect.objectContaining({ kind: 'process', owner: 'task millrace.worker.0' })]);
    expect(ledger.kept).toMatchObject([{ why: 'processes of it still run; end them, then run the command again' }]);
    expect(run.code).toBe(exitCodes.runtime);
    writeFileSync(file, whole);
    const again = await down('--purge');
    expect(again).toMatchObject({ kept: [], left: [] });
    expect(again.removed).toContainEqual({ kind: 'directory', name: home.path, owner: 'millrace' });
    expect(existsSync(home.path)).toBe(false);
  },
  4 * minutes,
);

test(
  'a pipeline is destroyed after down, with no agent there, as if all ran',
  async () => {
    await home.json('deploy', 'flight-delays', '--yes');
    await home.json('down');
    const { ledger } = await home.json<DestroyResult>('destroy', 'flight-delays', '--yes');
    expect(ledger.left).toEqual([]);
    const removed = ledger.removed.map(({ kind }) => kind);
    expect(removed).toEqual(expect.arrayContaining(['directory', 'topic', 'keyspace', 'user']));
    expect(await home.json('status')).toMatchObject({ agent: 'running', pipelines: [] });
  },
  6 * minutes,
);

test('a directory that is not a home is neither deleted nor used', async () => {
  const file = join(foreign.path, 'data', 'results.csv');
  mkdirSync(join(file, '..'));
  writeFileSync(file, '1');
  for (const args of [['down', '--purge', '--yes'], ['up']]) {
    const run = await foreign.run(...args, '--json');
    expect(JSON.parse(run.stdout).error).toMatchObject({
      code: 'HOME_FOREIGN',
      message: `The directory ${foreign.path} is not a home of Millrace: it holds data.`,
    });
    expect(run.code).toBe(exitCodes.environment);
  }
  expect(await foreign.json('down')).toMatchObject({ ledger: { removed: [], kept: [], left: [] } });
  expect(readFileSync(file, 'utf8')).toBe('1');
});
