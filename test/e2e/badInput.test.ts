/** Bad input on the command line: a clear error with its exit code, and nothing started, nothing half made. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from '@jest/globals';
import { ownerOfPort } from '../../platform/cluster/process/ports.ts';
import { exitCodes } from '../../platform/errors.ts';
import type { DeployResult } from '../../platform/model/operations.ts';
import type { Plan } from '../../platform/model/plan.ts';
import { createTestHome, type Run } from './cli.ts';

const portBase = 16_400;
const minutes = 60_000;
const home = createTestHome(portBase);
const withServers = createTestHome(portBase + 100);

afterAll(async () => {
  await home.purge();
  await withServers.purge();
}, 2 * minutes);

const errorOf = ({ stdout }: Run) =>
  JSON.parse(stdout).error as { code: string; message: string; meaning: string; next: string };

interface Case {
  readonly args: readonly string[];
  readonly code: string;
  readonly exit: number;
  readonly message: string;
  readonly meaning?: string;
  readonly next: string;
}
const help = 'Run `millrace deploy --help` for what it takes.';
/** All of the case but what was asked. */
const badName = (name: string) => ({
  code: 'INVALID_NAME',
  exit: exitCodes.input,
  message: `"${name}" can not be the name of a pipeline.`,
  meaning:
    'A name has 2 to 40 lower-case letters, digits and single dashes, and begins with a letter: folders, tasks, topics and keyspaces are named after it. Nothing was changed.',
  next: 'Give such a name (`--name my-pipeline`), or run `millrace status` for the pipelines there are.',
});
const cases: Readonly<Record<string, Case>> = {
  'an unknown blueprint is refused, with the nearest names': {
    args: ['deploy', 'flight-delay', '--yes'],
    code: 'UNKNOWN_BLUEPRINT',
    exit: exitCodes.input,
    message: 'There is no blueprint "flight-delay".',
    meaning: 'Blueprints are the folders under blueprints/ that hold a blueprint.ts. Nearest: flight-delays.',
    next: 'Run `millrace catalog` for the list.',
  },
  'an unknown parameter is refused, with the nearest names': {
    args: ['deploy', 'flight-delays', '--yes', '--set', 'ratePerSecnd=5'],
    code: 'UNKNOWN_PARAMETER',
    exit: exitCodes.input,
    message: 'Blueprint "flight-delays" has no parameter "ratePerSecnd".',
    meaning: expect.stringMatching(/^Its parameters are: ratePerSecond, .*\. Nearest: ratePerSecond, .*\.$/) as never,
    next: 'Run `millrace catalog flight-delays` for what each parameter does.',
  },
  'the beginning of a parameter is refused, with its whole name': {
    args: ['plan', 'flight-delays', '--set', 'rate=3'],
    code: 'UNKNOWN_PARAMETER',
    exit: exitCodes.input,
    message: 'Blueprint "flight-delays" has no parameter "rate".',
    meaning: expect.stringMatching(/Nearest: .*ratePerSecond/) as never,
    next: 'Run `millrace catalog flight-delays` for what each parameter does.',
  },
  'a parameter out of its range is refused, with the range': {
    args: ['deploy', 'flight-delays', '--yes', '--set', 'ratePerSecond=0'],
    code: 'INVALID_PARAMETER',
    exit: exitCodes.input,
    message:
      'Parameter "ratePerSecond" of blueprint "flight-delays" does not accept "0": it must be a whole number from 1 to 5000 (events/s).',
    next: 'Run `millrace catalog flight-delays` for the range, then give the parameter again as --set ratePerSecond=VALUE.',
  },
  'a parameter that is no number is refused, with the range': {
    args: ['deploy', 'flight-delays', '--yes', '--set', 'ratePerSecond=fast'],
    code: 'INVALID_PARAMETER',
    exit: exitCodes.input,
    message:
      'Parameter "ratePerSecond" of blueprint "flight-delays" does not accept "fast": it must be a whole number from 1 to 5000 (events/s).',
    next: 'Run `millrace catalog flight-delays` for the range, then give the parameter again as --set ratePerSecond=VALUE.',
  },
  'a setting without a value is refused': {
    args: ['deploy', 'flight-delays', '--yes', '--set', 'ratePerSecond'],
    code: 'INVALID_ARGUMENT',
    exit: exitCodes.input,
    message: '--set takes name=value, not "ratePerSecond".',
    next: help,
  },
  'a number of nodes that can not be is refused': {
    args: ['deploy', 'flight-delays', '--yes', '--nodes', '251'],
    code: 'INVALID_ARGUMENT',
    exit: exitCodes.input,
    message: '--nodes takes a whole number from 1 to 250, not "251".',
    next: help,
  },
  'a name that leads out of the home is refused, before anything is named after it': {
    args: ['deploy', 'flight-delays', '--name', '../Bad name', '--yes'],
    ...badName('../Bad name'),
  },
  'an empty name is refused by plan': { args: ['plan', 'flight-delays', '--name', ''], ...badName('') },
  'a name that can not be is refused by destroy': { args: ['destroy', '../..', '--yes'], ...badName('../..') },
  'a name that can not be is refused by status': { args: ['status', 'é'], ...badName('é') },
  'a name that can not be is refused by verify': { args: ['verify', '../..'], ...badName('../..') },
  'a name that can not be is refused by trace': { args: ['trace', '../..'], ...badName('../..') },
  'a blueprint outside of the blueprints is unknown': {
    args: ['deploy', '../platform', '--yes'],
    code: 'UNKNOWN_BLUEPRINT',
    exit: exitCodes.input,
    message: 'There is no blueprint "../platform".',
    meaning: expect.stringMatching(/^Blueprints are the folders under blueprints/) as never,
    next: 'Run `millrace catalog` for the list.',
  },
  'destroying what is not there is refused': {
    args: ['destroy', 'nothing', '--yes'],
    code: 'UNKNOWN_PIPELINE',
    exit: exitCodes.input,
    message: 'There is no pipeline "nothing" here.',
    meaning: 'Pipelines of this home: none.',
    next: 'Run `millrace deploy BLUEPRINT --name nothing` to make it (`millrace catalog` has the blueprints), or `millrace status` for those there are.',
  },
};

test.each(Object.entries(cases))('%s', async (_, { args, code, exit, message, meaning, next }) => {
  const run = await home.run(...args, '--json');
  expect(errorOf(run)).toMatchObject({ code, message, meaning: meaning ?? 'Nothing was changed.', next });
  expect(run.code).toBe(exit);
  expect(existsSync(join(home.path, 'tasks'))).toBe(false);
});

test('a cluster that is too small is refused, with what each task asks and each node has', async () => {
  const small = createTestHome(portBase + 200);
  const resources = { cpus: 8, memoryMiB: 3440, diskMiB: 100_000, gpus: 0 };
  const ports = { first: portBase + 200, last: portBase + 299 };
  const node = { id: 'node-1', address: '127.0.0.1', resources, attributes: {}, ports };
  const cluster = { format: 'millrace/cluster/1', id: 'test', driver: 'process', nodes: [node] };
  writeFileSync(join(small.path, 'cluster.json'), JSON.stringify(cluster));
  const run = await small.run('deploy', 'flight-delays', '--yes', '--json');
  expect(errorOf(run)).toMatchObject({
    code: 'PLAN_REFUSED',
    message: 'The plan for "flight-delays" was refused: 4 of 12 tasks can\'t be placed',
    meaning: `Nothing was started and nothing was changed.
4 of 12 tasks can't be placed
├─ flight-delays.api.1: 1 node: 1 lacks memory (ask 160 MiB, best 80 MiB free)
│  └─ node node-1: memory: ask 160 MiB, 80 MiB free
├─ flight-delays.alerts.0: 1 node: 1 lacks memory (ask 160 MiB, best 80 MiB free)
│  └─ node node-1: memory: ask 160 MiB, 80 MiB free
├─ flight-delays.sinks.0: 1 node: 1 lacks memory (ask 160 MiB, best 80 MiB free)
│  └─ node node-1: memory: ask 160 MiB, 80 MiB free
└─ flight-delays.feed.0: 1 node: 1 lacks memory (ask 160 MiB, best 80 MiB free)
   └─ node node-1: memory: ask 160 MiB, 80 MiB free`,
    next: 'Together these tasks ask 0.65 CPU, 640 MiB memory, 32 MiB disk. Each alone would fit if one node had 80 MiB more memory. Ask for less, add a node to cluster.json, or end what is not needed.',
  });
  expect(run.code).toBe(exitCodes.refused);
  expect(existsSync(join(small.path, 'tasks'))).toBe(false);
  await small.purge();
});

test('a corrupt state file, and one of another version, are refused by name and left as they are', async () => {
  const file = join(home.path, 'pipelines', 'flight-delays', 'pipeline.json');
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, '{"format":"millrace/pipel');
  for (const command of ['plan', 'deploy']) {
    const run = await home.run(command, 'flight-delays', '--json');
    expect(errorOf(run)).toMatchObject({
      code: 'CORRUPT_STATE',
      message: expect.stringMatching(new RegExp(`^The state file ${file} can not be read: .*JSON.*\\.$`)),
      meaning: 'It was cut short or changed by hand, or another program wrote it. It was left as it is.',
      next: `Put back a good copy, or move it away (mv ${file} ${file}.broken) and run the command again.`,
    });
    expect(run.code).toBe(exitCodes.environment);
  }
  expect(readFileSync(file, 'utf8')).toBe('{"format":"millrace/pipel');
  writeFileSync(file, '{"format":"millrace/pipeline/99"}');
  const foreign = await home.run('deploy', 'flight-delays', '--json');
  expect(errorOf(foreign)).toMatchObject({
    code: 'FOREIGN_STATE',
    message: `The state file ${file} was written by another version: it says millrace/pipeline/99, this Millrace reads millrace/pipeline/1.`,
    meaning: 'Reading it as ours could lose data, so nothing was changed.',
    next: 'Use the Millrace that wrote it, or point MILLRACE_HOME to another directory.',
  });
  expect(foreign.code).toBe(exitCodes.environment);
  expect(readFileSync(file, 'utf8')).toBe('{"format":"millrace/pipeline/99"}');
});

test('ports that others listen on are passed over by the plan', async () => {
  const other = createTestHome(portBase + 300);
  const server = createServer().listen(portBase + 300, '127.0.0.1');
  try {
    const plan = await other.json<Plan>('plan', 'flight-delays');
    const placed = [...plan.placements, ...plan.frameworks.flatMap(({ placements }) => placements)];
    expect(placed.flatMap(({ ports }) => Object.values(ports))).not.toContain(portBase + 300);
  } finally {
    server.close();
    await other.purge();
  }
});

/** Another program that listens; `end` when it is gone. */
async function listenOn(port: number): Promise<{ readonly pid: number; readonly owner: string; end(): Promise<void> }> {
  const child = spawn('python3', ['-m', 'http.server', String(port), '--bind', '127.0.0.1'], { stdio: 'ignore' });
  const gone = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  let owner = ownerOfPort('127.0.0.1', port);
  for (; owner?.pid !== child.pid; owner = ownerOfPort('127.0.0.1', port)) await sleep(50);
  const end = () => {
    child.kill();
    return gone;
  };
  return { pid: child.pid!, owner: owner!.description, end };
}

const taken = (port: number, owner: string, task: string) => ({
  code: 'PORT_TAKEN',
  message: `Port ${port} on 127.0.0.1 is taken by ${owner}.`,
  meaning: `Task "${task}" needs it, and a port of a running pipeline does not move by itself.`,
  next: 'End that process, or choose another port range with MILLRACE_PORT_BASE before the first deploy.',
});

test(
  'a port that is taken while a deploy runs is told with its owner, and the deploy goes back',
  async () => {
    const { placements } = await withServers.json<Plan>('plan', 'flight-delays');
    const port = placements.find(({ task }) => task === 'flight-delays.feed.0')!.ports.health!;
    const deploying = withServers.run('deploy', 'flight-delays', '--yes', '--json');
    while (!existsSync(join(withServers.path, 'pipelines', 'flight-delays', 'pipeline.json'))) await sleep(20);
    const other = await listenOn(port);
    const run = await deploying;
    expect(errorOf(run)).toMatchObject(taken(port, other.owner, 'flight-delays.feed.0'));
    expect(other.owner).toMatch(new RegExp(`^python.* \\(pid ${other.pid}\\)$`));
    expect(run.code).toBe(exitCodes.environment);
    expect(await withServers.json('status')).toMatchObject({ pipelines: [], frameworks: [] });
    await other.end();
  },
  5 * minutes,
);

test(
  'a port that a deployed pipeline needs again is told with its owner, before anything is started',
  async () => {
    await withServers.json('deploy', 'flight-delays', '--yes');
    await withServers.json('down');
    const stopped = { state: 'stopped', waitsFor: ['millrace up'] };
    expect(await withServers.json('status')).toMatchObject({
      ...{
        pipelines: [{ state: 'stopped', next: 'millrace up', waitsFor: [] }],
        frameworks: [stopped, stopped, stopped, stopped],
      },
    });
    const { frameworks } = await withServers.json<Plan>('plan', 'flight-delays');
    const port = frameworks.find(({ framework }) => framework === 'kafka')!.placements[0]!.ports.client!;
    const other = await listenOn(port);
    const run = await withServers.run('deploy', 'flight-delays', '--yes', '--json');
    expect(errorOf(run)).toMatchObject(taken(port, other.owner, 'kafka.broker.0'));
    expect(run.code).toBe(exitCodes.environment);
    expect(await withServers.json('status')).toMatchObject({ agent: 'not running' });
    await other.end();
    const again = await withServers.json<DeployResult>('deploy', 'flight-delays', '--yes');
    expect(again).toMatchObject({ state: 'flowing', revision: 2 });
  },
  5 * minutes,
);
