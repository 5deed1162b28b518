/** The state of a real pipeline by its data: flowing, idle without its feed, stalled with the hop named while a sink hangs, flowing again. */
import { existsSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pipelineAccess } from '../../platform/activities/access.ts';
import type { PipelineState } from '../../platform/api/contract/pipelines.ts';
import type { TaskStatus } from '../../platform/cluster/driver.ts';
import { createProcessDriver } from '../../platform/cluster/process/driver.ts';
import { createKafkaClient } from '../../platform/connectors/kafka/client.ts';
import { homeAt } from '../../platform/home.ts';
import { apiTask } from '../../platform/model/controlPlane.ts';
import type { DeployResult } from '../../platform/model/operations.ts';
import type { LagReport } from '../../platform/observe/lag.ts';
import { createWatcher } from '../../platform/observe/watch/createWatcher.ts';
import type { WatchEvent, Watcher } from '../../platform/observe/watcher.ts';
import { newestDeadLetter } from '../../platform/operate/newestDeadLetter.ts';
import { createRecords } from '../../platform/records/records.ts';
import { createSecrets } from '../../platform/secrets/secrets.ts';
import { createTestHome } from './cli.ts';
import { until as untilThere } from './until.ts';

const minutes = 60_000;
const pipeline = 'flight-delays';
const [feed, sinks] = [`${pipeline}.feed.0`, `${pipeline}.sinks.0`];
const testHome = createTestHome(18_800);
const home = homeAt(testHome.path);
const driver = createProcessDriver(home);
const events: WatchEvent[] = [];
const said: string[] = [];
let watcher: Watcher;

function watch(): Watcher {
  const [records, secrets] = [createRecords(home), createSecrets(home.secretsDir)];
  const made = createWatcher({
    ...{ home, records, secrets, driver, log: (message) => void said.push(message) },
    newestDeadLetter: (name, topics) => newestDeadLetter({ records, secrets }, name, topics),
  });
  made.on((event) => void (event.kind !== 'seen' && events.push(event)));
  made.start();
  return made;
}

interface Status {
  readonly pipelines: readonly { readonly state: string; readonly reason: string; readonly next: string | null }[];
  readonly tasks: readonly TaskStatus[];
}
const status = () => testHome.json<Status>('status', pipeline);

/** Looks until the observer and, on its own, `millrace status` both say so. */
async function until(state: PipelineState): Promise<void> {
  for (;;) {
    if (watcher.summary(pipeline)?.state === state && (await status()).pipelines[0]?.state === state) return;
    await sleep(500);
  }
}

beforeAll(async () => {
  await testHome.json<DeployResult>('deploy', pipeline, '--yes');
  // The API's process watches, too, and two observers of one home write the same history.
  await driver.stop(apiTask);
  watcher = watch();
}, 8 * minutes);
afterAll(async () => {
  await watcher?.stop();
  await testHome.purge();
}, 2 * minutes);

test(
  'while events reach every end it flows, and its graph has rates and latencies',
  async () => {
    await until('flowing');
    const seen = watcher.summary(pipeline)!;
    expect(seen.ratePerSecond).toBeGreaterThan(0);
    expect(seen.endToEnd?.p99Ms).toBeGreaterThan(0);
    const { nodes, edges } = watcher.graph(pipeline)!;
    expect(nodes.find(({ id }) => id === 'flow:store-flights')).toMatchObject({ state: 'ok', tasks: [sinks] });
    const edge = edges.find(({ id }) => id === 'topic:flights>flow:store-flights');
    expect(edge).toMatchObject({ stage: 'store-flights', lagRecords: expect.any(Number) });
    expect(edge?.ratePerSecond).toBeGreaterThan(0);
  },
  3 * minutes,
);

test(
  'without its feed it is idle once all is done; its ledger balances',
  async () => {
    await driver.stop(feed);
    await until('idle');
    expect(watcher.summary(pipeline)?.reason).toContain(`${feed} is stopped`);
    while (watcher.summary(pipeline)!.ledger.inFlight + watcher.summary(pipeline)!.ledger.unknown > 0) await sleep(500);
    expect(watcher.summary(pipeline)?.ledger).toMatchObject({ unbalanced: 0, lost: 0, duplicated: 0 });
    expect(watcher.summary(pipeline)?.ledger.balanced).toBeGreaterThan(0);
    expect(watcher.lag(pipeline)).toMatchObject({ guilty: null });
    const { hops, guilty } = await testHome.json<LagReport>('lag', pipeline);
    const done = { lagRecords: 0, lagSeconds: 0, inRate: 0, outRate: 0, drainSeconds: 0 };
    // Jobs of a queue are counted, not their comings and goings.
    const expected = hops.map(({ hop }) =>
      hop.startsWith('queue:') ? { ...done, inRate: null, outRate: null } : done,
    );
    expect({ hops, guilty }).toMatchObject({ hops: expected, guilty: null });
    expect(hops.map(({ hop }) => hop)).toContain('queue:alerts');
    expect(hops.length).toBeGreaterThan(5);
    await driver.resume(feed);
    await until('flowing');
  },
  4 * minutes,
);

const sinkHops = ['store-flights', 'store-severe', 'store-windows', 'board', 'alerts'];

/** What `millrace lag` says while the sinks hang: the longer, the older is what they have not done; Spark's jobs go on. */
async function expectLag(): Promise<void> {
  const { hops, guilty } = await untilThere(async () => {
    const seen = await testHome.json<LagReport>('lag', pipeline);
    return sinkHops.includes(seen.guilty ?? '') ? seen : undefined;
  });
  const behind = hops.find(({ hop }) => hop === guilty)!;
  for (const { hop, lagSeconds } of hops) {
    if (!sinkHops.includes(hop)) expect(lagSeconds).toBeLessThanOrEqual(behind.lagSeconds!);
  }
  const store = hops.find(({ hop }) => hop === 'store-flights')!;
  expect(store).toMatchObject({ outRate: 0, drainSeconds: null });
  expect(store.lagRecords).toBeGreaterThan(0);
  expect(store.lagSeconds).toBeGreaterThan(0);
  expect(store.inRate).toBeGreaterThan(0);
  const { stdout } = await testHome.run('lag', pipeline);
  expect(stdout).toMatch(/^store-flights +flight-delays\.flights .* never at these rates$/m);
  expect(stdout).toMatch(/^(store-[a-z]+|board|alerts) holds flight-delays up: its oldest record is the oldest\./m);
}

test(
  'a sink that hangs stalls it, is named, and holds nobody up but those that need it; then it flows again',
  async () => {
    const { pid } = (await status()).tasks.find(({ id }) => id === sinks)!;
    process.kill(pid!, 'SIGSTOP');
    try {
      await until('stalled');
      const { reason, next } = (await status()).pipelines[0]!;
      expect(reason).toMatch(/^(store-|board|alerts).* does not go on: \d+ records? wait/);
      expect(reason).toContain(`${sinks} does not answer`);
      expect(next).toBe(`millrace logs ${sinks}`);
      expect(watcher.summary(pipeline)?.reason).toContain(`${sinks} does not answer`);
      expect(watcher.summary(pipeline)?.ratePerSecond).toBeGreaterThan(0);
      expect(watcher.graph(pipeline)?.nodes.find(({ id }) => id === 'flow:store-flights')?.state).not.toBe('ok');
      await expectLag();
    } finally {
      process.kill(pid!, 'SIGCONT');
    }
    await until('flowing');
    expect(events.filter((event) => event.kind === 'fault')).toEqual([]);
  },
  5 * minutes,
);

test(
  'what was seen stays: after a new start of the observer the graph of the time when it stalled is there',
  async () => {
    const stalledMs = watcher
      .history(pipeline, { fromMs: Date.now() - 10 * minutes, toMs: Date.now(), points: 2000 })
      .points.find(({ state }) => state === 'stalled')!.atMs;
    await watcher.stop();
    watcher = watch();
    while (watcher.summary(pipeline) === undefined) await sleep(200);
    const then = watcher.graph(pipeline, stalledMs + 100)!;
    expect(then).toMatchObject({ atMs: stalledMs, state: 'stalled' });
    expect(then.nodes.find(({ id }) => id === 'flow:store-flights')?.state).not.toBe('ok');
    const { points } = watcher.history(pipeline, { fromMs: stalledMs - 5000, toMs: Date.now(), points: 10 });
    expect(points.length).toBeGreaterThan(1);
    expect(points.some(({ state }) => state === 'stalled')).toBe(true);
    expect(said).toEqual([]);
  },
  2 * minutes,
);

test(
  'events that nobody can read are told with their topic and the reason, by whoever looks and whenever it began to',
  async () => {
    const deps = { records: createRecords(home), secrets: createSecrets(home.secretsDir) };
    const { kafka } = await pipelineAccess(deps, pipeline, ['kafka']);
    const producer = createKafkaClient({ access: kafka!, clientId: 'test', retries: 2 }).producer();
    await producer.connect();
    await producer.send({ topic: `${pipeline}.flights`, messages: [{ key: 'x', value: '{"half":' }] });
    await producer.disconnect();
    const told =
      /\d+ events? went to flight-delays\.flights\.dead in the last 10 min; the newest, .* ago by [a-z-]+: [a-z-]+/;
    while (!told.test(watcher.summary(pipeline)?.reason ?? '')) await sleep(200);
    await watcher.stop();
    watcher = watch();
    while (!told.test(watcher.summary(pipeline)?.reason ?? '')) await sleep(200);
    while (!told.test((await status()).pipelines[0]!.reason)) await sleep(200);
    expect((await status()).pipelines[0]).toMatchObject({
      state: 'degraded',
      next: expect.stringContaining('console'),
    });
  },
  2 * minutes,
);

test(
  'after a destroy nothing of it is left in the history',
  async () => {
    await testHome.json('destroy', pipeline, '--yes');
    while (existsSync(home.historyDir) && readdirSync(home.historyDir).length > 0) await sleep(200);
    while (watcher.summaries().length > 0) await sleep(200);
    const told = events.filter((event) => event.kind === 'state').map(({ to }) => to);
    for (const state of ['flowing', 'idle', 'stalled', 'destroying']) expect(told).toContain(state);
  },
  3 * minutes,
);
