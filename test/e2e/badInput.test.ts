/** Bad input on the command line: a clear error with its exit code, and nothing started, nothing half made. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { exitCodes } from '../../platform/errors.ts';
import { createTestHome, type Run } from './cli.ts';

const portBase = 16_400;
const home = createTestHome(portBase);

afterAll(async () => {
  await home.purge();
}, 60_000);

const errorOf = ({ stdout }: Run) =>
  JSON.parse(stdout).error as { code: string; message: string; meaning: string; next: string };

const cases: Readonly<Record<string, { args: string[]; code: string; exit: number; says: RegExp }>> = {
  'an unknown blueprint is refused, with the nearest names': {
    args: ['deploy', 'flight-delay', '--yes'],
    code: 'UNKNOWN_BLUEPRINT',
    exit: exitCodes.input,
    says: /flight-delays/,
  },
  'an unknown parameter is refused, with the nearest names': {
    args: ['deploy', 'flight-delays', '--yes', '--set', 'ratePerSecnd=5'],
    code: 'UNKNOWN_PARAMETER',
    exit: exitCodes.input,
    says: /ratePerSecond/,
  },
  'a parameter out of its range is refused, with the range': {
    args: ['deploy', 'flight-delays', '--yes', '--set', 'ratePerSecond=0'],
    code: 'INVALID_PARAMETER',
    exit: exitCodes.input,
    says: /1.*5000/,
  },
  'too many nodes for the machine are refused, with the reasons of each': {
    args: ['deploy', 'flight-delays', '--yes', '--nodes', '60'],
    code: 'PLAN_REFUSED',
    exit: exitCodes.refused,
    says: /memory|CPU/i,
  },
  'a setting without a value is refused': {
    args: ['deploy', 'flight-delays', '--yes', '--set', 'ratePerSecond'],
    code: 'INVALID_ARGUMENT',
    exit: exitCodes.input,
    says: /name=value/,
  },
  'destroying what is not there is refused': {
    args: ['destroy', 'nothing', '--yes'],
    code: 'UNKNOWN_PIPELINE',
    exit: exitCodes.input,
    says: /nothing/,
  },
};

test.each(Object.entries(cases))('%s', async (_, { args, code, exit, says }) => {
  const run = await home.run(...args, '--json');
  const error = errorOf(run);
  expect(error.code).toBe(code);
  expect(run.code).toBe(exit);
  expect(`${error.message} ${error.meaning} ${error.next}`).toMatch(says);
  expect(existsSync(join(home.path, 'tasks'))).toBe(false);
});

test('a corrupt state file is refused by name and left as it is', async () => {
  const file = join(home.path, 'pipelines', 'flight-delays', 'pipeline.json');
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, '{"format":"millrace/pipel');
  const run = await home.run('plan', 'flight-delays', '--json');
  expect(errorOf(run)).toMatchObject({ code: 'CORRUPT_STATE', message: expect.stringContaining(file) });
  expect(run.code).toBe(exitCodes.environment);
  writeFileSync(file, '{"format":"millrace/pipeline/99"}');
  expect(errorOf(await home.run('status', '--json')).code).toBe('FOREIGN_STATE');
});

test('ports that others listen on are passed over by the plan', async () => {
  const other = createTestHome(portBase + 300);
  const server = createServer().listen(portBase + 300, '127.0.0.1');
  try {
    const plan = await other.json<{
      placements: { ports: Record<string, number> }[];
      frameworks: { placements: { ports: Record<string, number> }[] }[];
    }>('plan', 'flight-delays');
    const placed = [...plan.placements, ...plan.frameworks.flatMap(({ placements }) => placements)];
    expect(placed.flatMap(({ ports }) => Object.values(ports))).not.toContain(portBase + 300);
  } finally {
    server.close();
    await other.purge();
  }
});
