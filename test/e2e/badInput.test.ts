/** Bad input on the command line and at the ingress: a clear error with its exit code, and nothing started, nothing half made. */
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
import { cases } from './badArguments.ts';
import { batchOf, idsInTopic, post, refusals, stored, tooFast } from './badEvents.ts';
import { createTestHome, type Run } from './cli.ts';
import { until } from './until.ts';

const portBase = 16_400;
const minutes = 60_000;
const home = createTestHome(portBase);
const withServers = createTestHome(portBase + 100);
/** Of the ingress: the feed stays below it, a test gets above it at once. */
const limited = ['--set', 'maxEventsPerSecond=200'] as const;
let endpoints: Readonly<Record<string, string>>;

afterAll(async () => {
  await home.purge();
  await withServers.purge();
}, 2 * minutes);

const errorOf = ({ stdout }: Run) =>
  JSON.parse(stdout).error as { code: string; message: string; meaning: string; next: string };

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
    await withServers.json('deploy', 'flight-delays', ...limited, '--yes');
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
    const again = await withServers.json<DeployResult>('deploy', 'flight-delays', ...limited, '--yes');
    expect(again).toMatchObject({ state: 'flowing', revision: 2 });
    ({ endpoints } = again);
  },
  5 * minutes,
);

test(
  'an ingress refuses what is wrong, too large or too fast, and nothing of it is in the topic or a table',
  async () => {
    const { ingress, api } = endpoints as { ingress: string; api: string };
    for (const [name, refused] of Object.entries(refusals)) {
      const { body: _body, ids: _ids, type: _type, ...told } = refused;
      expect({ name, ...(await post(ingress, refused)) }).toMatchObject({ name, ...told });
    }
    // More than a second's worth is taken when nobody is owed any, and is owed then: for nine seconds all is too fast.
    const accepted = batchOf('taken', 2000);
    await until(async () => ((await post(ingress, accepted)).status === 202 ? true : undefined));
    const answer = await post(ingress, tooFast);
    expect(answer).toMatchObject({ status: tooFast.status, code: tooFast.code, retryAfter: expect.any(String) });
    expect(Number(answer.retryAfter)).toBeGreaterThan(0);

    const bad = [...Object.values(refusals), tooFast].flatMap(({ ids }) => ids);
    await until(async () => ((await stored(api, accepted.ids)).length === accepted.ids.length ? true : undefined));
    const inTopic = await idsInTopic(withServers.path, 'flight-delays', 'flights');
    expect(accepted.ids.filter((id) => !inTopic.has(id))).toEqual([]);
    expect(bad.filter((id) => inTopic.has(id))).toEqual([]);
    expect(await stored(api, bad)).toEqual([]);
  },
  3 * minutes,
);
