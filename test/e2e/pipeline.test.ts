/** The life of a pipeline on the real servers: deployed, used, verified, traced, wounded in every part, destroyed. */
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Status } from '../../platform/cli/commands/status.ts';
import { listeners } from '../../platform/cluster/process/ports.ts';
import type { Ledger } from '../../platform/model/ledger.ts';
import type { DeployResult, DestroyResult } from '../../platform/model/operations.ts';
import type { VerifyResult } from '../../platform/verify/verify.ts';
import { differences, documentedShapes } from '../unit/cli/documented.ts';
import { createTestHome } from './cli.ts';
import { inventoryOf } from './inventory.ts';
import { allPids, kill9, killAgent, type Pids, pidsOf, untilBack } from './kills.ts';
import { eventReachesEveryPath, untilAnswered } from './paths.ts';
import { roundEvents, sendRounds } from './rounds.ts';
import {
  inFiles,
  inProcesses,
  isExecutor,
  printed,
  processesOf,
  publicPlaces,
  secretPlaces,
  secretsOf,
  sightsAmong,
} from './secretSearch.ts';
import { expectWholeTrace } from './wholeTrace.ts';

const portBase = 16_000;
const minutes = 60_000;
const home = createTestHome(portBase);
let deployed: DeployResult;
let progress: string;

beforeAll(async () => {
  const { stdout, stderr } = await home.run('deploy', 'flight-delays', '--yes', '--json');
  progress = stderr;
  deployed = JSON.parse(stdout) as DeployResult;
}, 8 * minutes);

afterAll(async () => {
  await home.purge();
}, 2 * minutes);

test('deploy ends when an event has been seen, and says where to go', () => {
  expect(deployed).toMatchObject({ pipeline: 'flight-delays', revision: 1, state: 'flowing' });
  expect(deployed.firstEventMs).toBeGreaterThan(0);
  expect(Object.keys(deployed.endpoints)).toEqual(expect.arrayContaining(['ingress', 'api']));
});

test('what deploy and status print is what is documented', async () => {
  expect(differences(documentedShapes('deploy')[0]!, deployed)).toEqual([]);
  const status = await home.json<Status>('status');
  expect(differences(documentedShapes('status')[0]!, status)).toEqual([]);
  expect(status.tasks.length).toBeGreaterThan(10);
});

test('status says that it flows, because events reach every end', async () => {
  let status = await home.json<Status>('status');
  while (status.pipelines[0]?.state !== 'flowing') status = await home.json<Status>('status');
  const { pipelines, frameworks } = status;
  const reason = expect.stringMatching(/events\/s come in and reach all 5 ends/);
  expect(pipelines).toMatchObject([{ pipeline: 'flight-delays', state: 'flowing', reason, next: null, waitsFor: [] }]);
  expect(frameworks.map(({ state, waitsFor }) => [state, waitsFor])).toEqual(frameworks.map(() => ['running', []]));
});

test('a clean deploy tries nothing twice, and no warning stands in its progress', () => {
  expect(progress).toContain('first event seen from end to end');
  expect(progress).not.toMatch(/↻|✗|warning/i);
});

test('every path of the query API answers, and an event is found behind each that shows events', async () => {
  await eventReachesEveryPath(deployed.endpoints, 'e2e-1');
}, 60_000);

test('the OpenAPI document names the paths that the reference documents, and no others', async () => {
  const document = await untilAnswered(`${deployed.endpoints.api}/openapi.json`, () => true);
  const page = readFileSync(new URL('../../docs/reference/api-flight-delays.md', import.meta.url), 'utf8');
  const told = [...page.matchAll(/^\| `(\/[^`?]*)/gm)].map(([, path]) => path!.replaceAll(/:(\w+)/g, '{$1}'));
  expect(document).toMatchObject({ openapi: '3.1.0' });
  expect([...Object.keys(document.paths as object), '/openapi.json'].sort()).toEqual(told.sort());
});

test(
  '2000 marked events: nothing lost, nothing doubled; one of them is a trace through every stage',
  async () => {
    const result = await home.json<VerifyResult>('verify', 'flight-delays', '--events', '2000');
    expect(result).toMatchObject({ sent: 2000, read: 2000, lost: 0, duplicated: 0 });
    expect(result.latencyMs).toMatchObject({
      p50: expect.any(Number),
      p95: expect.any(Number),
      p99: expect.any(Number),
    });
    await expectWholeTrace(home, 'flight-delays', result.tracedEventId);
  },
  5 * minutes,
);

/** One line after the other; what stands in one line dies together. */
const killed: readonly (readonly string[])[] = [
  ['flight-delays.sinks.0'],
  ['flight-delays.ingress.0'],
  ['flight-delays.api.1'],
  ['kafka.broker.0'],
  ['cassandra.node.0'],
  ['redis.server.0'],
  ['spark.master.0'],
  ['spark.worker.0'],
  ['flight-delays.spark-driver.0'],
  ['millrace.worker.0'],
  ['millrace.temporal.0'],
  ['flight-delays.alerts.0', 'millrace.api.0', 'millrace.redis.0'],
];

test(
  'kill -9 of every part, and of the agent, while events are sent loses and doubles nothing',
  async () => {
    const rounds = sendRounds(home, 'flight-delays');
    const wound = async (pids: Pids, kill: () => Promise<void> | void, mend?: () => Promise<unknown>) => {
      await rounds.sending();
      const startMs = performance.now();
      await kill();
      expect(await rounds.acknowledged()).toBeLessThan(roundEvents);
      await mend?.();
      await untilBack(home, pids);
      const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
      process.stderr.write(`kill -9 of ${Object.keys(pids).join(', ')}: all as before ${seconds} s later\n`);
    };
    const [before, feed] = [await allPids(home), await pidsOf(home, ['flight-delays.feed.0'])];
    const killBoth = async () => {
      await killAgent(home);
      kill9(feed);
    };
    await wound(feed, killBoth, () => home.json('up'));
    // The new agent has taken over all that ran on, and started what died while there was none.
    expect({ ...(await allPids(home)), ...feed }).toEqual(before);
    for (const parts of killed) {
      const pids = await pidsOf(home, parts);
      await wound(pids, () => kill9(pids));
    }
    const results = await rounds.end();
    const whole = { sent: roundEvents, acknowledged: roundEvents, unacknowledged: 0, read: roundEvents };
    for (const result of results) expect(result).toMatchObject({ ...whole, lost: 0, duplicated: 0, countMissing: 0 });
    const again = results.map(({ retries }) => retries).join(', ');
    process.stderr.write(`${results.length} rounds of ${roundEvents} events; batches sent again: ${again}\n`);
    await eventReachesEveryPath(deployed.endpoints, 'e2e-after-kills');
  },
  15 * minutes,
);

test(
  'a second deploy changes nothing and restarts nothing',
  async () => {
    await home.run('up');
    const before = await allPids(home);
    const again = await home.json<DeployResult>('deploy', 'flight-delays', '--yes');
    expect(again.state).toBe('flowing');
    expect(await allPids(home)).toEqual(before);
  },
  5 * minutes,
);

test(
  'no secret is in what is stored, logged, printed, or seen of a process',
  async () => {
    // Whatever is made on its first use is made by then.
    const texts = { deploy: progress + JSON.stringify(deployed), ...(await printed(home)) };
    const secrets = secretsOf(home.path);
    expect(sightsAmong(secrets, texts)).toEqual([]);
    expect(inFiles(home.path, secrets, publicPlaces(home.path))).toEqual([]);
    const { tasks } = await home.json<Status>('status');
    const processes = processesOf(home.path, tasks);
    expect(processes.map(({ pid }) => pid)).toEqual(expect.arrayContaining(tasks.map(({ pid }) => pid)));
    const [executors, others] = [processes.filter(isExecutor), processes.filter((each) => !isExecutor(each))];
    expect(inProcesses(others, secrets)).toEqual([]);
    // The search finds what is there: each secret in its file, and Spark's own where decision 0011 leaves it.
    const kept = inFiles(home.path, secrets, secretPlaces).map(({ secret }) => secret);
    expect(new Set(kept)).toEqual(new Set(Object.keys(secrets)));
    const known = inProcesses(executors, secrets).map(({ place, secret }) => `${place.split(' ')[0]}: ${secret}`);
    expect(new Set(known)).toEqual(new Set(['environment: spark/spark']));
  },
  2 * minutes,
);

test(
  'destroy and down end with a ledger, and leave no process, port, directory, topic, table, user or key',
  async () => {
    const { tasks } = await home.json<Status>('status');
    const held = () => inventoryOf(home.path, tasks, /flight.delays/);
    // Each kind is there before, so that each can be missed after.
    for (const names of Object.values(await held())) expect(names).not.toEqual([]);
    const destroyed = await home.json<DestroyResult>('destroy', 'flight-delays', '--yes');
    for (const names of Object.values(await held())) expect(names).toEqual([]);
    expect(differences(documentedShapes('destroy')[0]!, destroyed)).toEqual([]);
    const { ledger } = destroyed;
    expect(ledger.left).toEqual([]);
    expect(ledger.removed.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['process', 'topic', 'keyspace', 'user']),
    );
    const down = await home.json<{ ledger: Ledger }>('down', '--purge', '--yes');
    expect(down.ledger.left).toEqual([]);
    expect(existsSync(home.path)).toBe(false);
    const ours = listeners(() => false).filter(({ port }) => port >= portBase - 100 && port < portBase + 100);
    expect(ours).toEqual([]);
  },
  2 * minutes,
);
