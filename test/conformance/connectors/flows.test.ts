/**
 * The process that runs a group of flows (`host.ts`), on real servers, killed and deprived of them. What counts is the end:
 * every good record in every store once, every bad one in the dead-letter topic.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { Queue } from 'bullmq';
import { Client } from 'cassandra-driver';
import type { NodeTaskConfig } from '../../../platform/connectors/config.ts';
import type { FlowCounters, PoisonReason } from '../../../platform/connectors/contract.ts';
import { openProjection } from '../../../platform/connectors/redis/projection.ts';
import { type BlueprintInput, blueprintSpec } from '../../../platform/model/blueprint.ts';
import {
  type CassandraServer,
  type KafkaServer,
  type RedisServer,
  startCassandra,
  startKafka,
  startRedis,
} from '../../fixtures/servers.ts';
import { flightFields, flightSchema } from '../../unit/connectors/records.ts';
import { produce, readTopic } from './readTopic.ts';

jest.setTimeout(240_000);
const [firstPort, healthPort] = [12_460, 12_479];
const pipeline = 'shop';
const traceparent = (flag: '00' | '01') => `00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-${flag}`;

let kafka: KafkaServer;
let cassandra: CassandraServer;
let redis: RedisServer;
let directory: string;
let host: ChildProcess;

const input: BlueprintInput = {
  name: pipeline,
  title: 'Shop',
  description: 'Flows under test',
  topics: { flights: { schema: flightSchema, partitions: 2, key: 'origin' } },
  tables: {
    flights: {
      columns: {
        event_id: { type: 'string' },
        origin: { type: 'string' },
        delay_minutes: { type: 'int' },
        traceparent: { type: 'string' },
      },
      partitionKey: ['event_id'],
    },
  },
  flows: {
    'store-flights': { from: { kind: 'kafka', topic: 'flights' }, to: { kind: 'cassandra', table: 'flights' } },
    board: {
      from: { kind: 'kafka', topic: 'flights' },
      to: { kind: 'redis', projection: 'board', member: 'origin', score: 'delay_minutes', version: 'departed_at' },
    },
    alerts: { from: { kind: 'kafka', topic: 'flights' }, to: { kind: 'bullmq', queue: 'alerts', where: 'diverted' } },
  },
  services: {
    ingress: {
      runs: { kind: 'ingress', topic: 'flights', maxEventBytes: 4000, maxEventsPerSecond: 100 },
      endpoint: 'ingress',
      resources: { cpus: 0.1, memoryMiB: 100 },
    },
  },
  verify: {
    ingressService: 'ingress',
    apiService: 'ingress',
    eventType: 'flight',
    event: {},
    readBackPath: '/',
    countPath: '/',
  },
};

const spec = blueprintSpec.parse(input);

function configOf(): NodeTaskConfig {
  return {
    task: `${pipeline}.sinks.0`,
    pipeline,
    revision: 1,
    instance: 0,
    role: { kind: 'flows', group: 'sinks' },
    listen: { address: '127.0.0.1', health: healthPort },
    spec,
    parameters: {},
    kafka: kafka.access,
    cassandra: cassandra.access,
    redis: redis.access,
    services: {},
    spansDir: join(directory, 'spans'),
    dataDir: directory,
  };
}

function startHost(): void {
  const file = join(directory, 'config.json');
  writeFileSync(file, JSON.stringify(configOf()), { mode: 0o600 });
  const entry = new URL('../../../platform/connectors/host.ts', import.meta.url).pathname;
  host = spawn(process.execPath, ['--no-warnings', entry, '--config', file], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { PATH: process.env.PATH },
  });
}

async function endHost(signal: 'SIGTERM' | 'SIGKILL'): Promise<[number | null, string | null]> {
  const ended = once(host, 'exit') as Promise<[number | null, string | null]>;
  host.kill(signal);
  return ended;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function health(): Promise<{ ready?: boolean; waitingFor?: string }> {
  return fetch(`http://127.0.0.1:${healthPort}/healthz`).then(
    (response) => response.json() as object,
    () => ({}),
  );
}
type Flows = Record<string, FlowCounters & { state: { phase: string; waitingFor: string } }>;
async function flows(): Promise<Flows> {
  const response = await fetch(`http://127.0.0.1:${healthPort}/metrics.json`);
  return ((await response.json()) as { flows: Flows }).flows;
}
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo().catch(() => false))) await pause(100);
}
const untilReady = () => until(async () => (await health()).ready === true);
/** Each flow has committed everything that is in the topic now. */
const untilDrained = () =>
  until(async () => {
    const lags = await kafka.asAdmin((admin) =>
      Promise.all(Object.keys(spec.flows).map((flow) => admin.lag(`${pipeline}.${flow}`, 'shop.flights'))),
    );
    return lags.flat().every(({ lagRecords }) => lagRecords === 0);
  });

const headersOf = (id: string) => ({
  ce_id: id,
  ce_time: '2026-11-23T09:31:00.000Z',
  ce_type: 'flight',
  ce_source: '/test',
});
let sent = 0;
const ids: string[] = [];

/** Good records; each tenth is a diverted flight. */
async function sendFlights(count: number): Promise<void> {
  const first = sent;
  sent += count;
  const messages = Array.from({ length: count }, (_, i) => {
    const n = first + i;
    const id = `flight-${n}`;
    ids.push(id);
    const departed_at = new Date(1_795_426_200_000 + n).toISOString();
    const value = { ...flightFields, origin: `A${n % 7}`, delay_minutes: n, diverted: n % 10 === 0, departed_at };
    const trace = n % 100 === 0 ? { traceparent: traceparent('01') } : { traceparent: traceparent('00') };
    return { key: value.origin, value: JSON.stringify(value), headers: { ...headersOf(id), ...trace } };
  });
  await produce(kafka.access, 'shop.flights', messages);
}

async function storedIds(): Promise<string[]> {
  const { contactPoints, localDataCenter, keyspace, username, password } = cassandra.access;
  const credentials = { username, password };
  const client = new Client({ contactPoints: [...contactPoints], localDataCenter, keyspace, credentials });
  try {
    const { rows } = await client.execute('SELECT event_id FROM flights', [], { fetchSize: 100_000 });
    return rows.map((row) => row.event_id).sort();
  } finally {
    await client.shutdown();
  }
}
async function alertIds(): Promise<string[]> {
  const queue = new Queue('shop-alerts', { connection: { ...redis.access } });
  const jobs = await queue.getJobs(['waiting']);
  await queue.close();
  return jobs.map(({ data }) => data.id).sort();
}
async function highestOnBoard(): Promise<number | undefined> {
  const board = await openProjection(redis.access, pipeline, 'board');
  const [first] = await board.top(1).finally(() => board.close());
  return first?.score;
}
/** Every good record is in every store, once. */
async function expectAllThere(): Promise<void> {
  expect(await storedIds()).toEqual(ids.toSorted());
  expect(await alertIds()).toEqual(ids.filter((_, n) => n % 10 === 0).sort());
  expect(await highestOnBoard()).toBe(sent - 1);
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'conn-flows-'));
  [kafka, cassandra, redis] = await Promise.all([
    startKafka(firstPort, pipeline),
    startCassandra(firstPort + 5, pipeline),
    startRedis(firstPort + 10),
  ]);
  await kafka.makeTopics(['flights'], 2);
}, 300_000);
afterAll(async () => {
  if (host?.exitCode === null && host.signalCode === null) await endHost('SIGKILL');
  await Promise.all([kafka, cassandra, redis].map((each) => each?.server.remove()));
  rmSync(directory, { recursive: true, force: true });
}, 60_000);

test('starts before its table is there, and says so', async () => {
  await sendFlights(500);
  startHost();
  await until(async () => /table shop.flights is not there yet/.test((await health()).waitingFor ?? ''));
  expect((await health()).ready).toBe(false);
  await until(async () => (await flows()).board?.written === 500);
  await cassandra.makeTable('flights', spec.tables.flights!);
  await untilReady();
  await untilDrained();
  await expectAllThere();
  const counters = await flows();
  expect(counters['store-flights']).toMatchObject({ received: 500, written: 500, passedOver: 0, lagRecords: 0 });
  expect(counters.alerts).toMatchObject({ received: 500, written: 50, passedOver: 450 });
});

test('each bad record is dead-lettered as it was, with its reason, by each flow, and the others go on', async () => {
  const good = { key: 'A1', value: JSON.stringify(flightFields), headers: headersOf('bad') };
  const { ce_id: _id, ...withoutId } = headersOf('bad');
  const bad: Record<PoisonReason, Parameters<typeof produce>[2][number]> = {
    'null-value': { ...good, value: null },
    'empty-value': { ...good, value: '' },
    'bad-json': { ...good, value: '{"origin"' },
    'not-an-object': { ...good, value: '[]' },
    'wrong-type': { ...good, value: JSON.stringify({ ...flightFields, delay_minutes: 'late' }) },
    'missing-field': { ...good, value: JSON.stringify({ ...flightFields, origin: undefined }) },
    'missing-key': { ...good, key: null },
    'missing-id': { ...good, headers: withoutId as never },
    'bad-time': { ...good, headers: { ...good.headers, ce_time: 'now' } },
    'too-large': { ...good, value: JSON.stringify({ ...flightFields, note: 'x'.repeat(900_000) }) },
    'refused-by-store': {
      ...good,
      headers: headersOf('x'.repeat(70_000)),
      value: JSON.stringify({ ...flightFields, origin: '' }),
    },
  };
  for (const record of Object.values(bad)) await produce(kafka.access, 'shop.flights', [record]);
  await sendFlights(50);
  await untilDrained();
  const letters = await readTopic(kafka.access, 'shop.flights.dead');
  const ofFlow = letters.filter(({ headers }) => `${headers?.['millrace-flow']}` === 'store-flights');
  expect(ofFlow.map(({ headers }) => `${headers?.['millrace-reason']}`).sort()).toEqual(Object.keys(bad).sort());
  for (const { key, value, headers } of ofFlow) {
    const reason = `${headers?.['millrace-reason']}` as PoisonReason;
    expect(`${headers?.['millrace-origin-topic']}`).toBe('shop.flights');
    expect(headers?.['millrace-detail']?.length).toBeGreaterThan(0);
    expect(key?.toString() ?? null).toBe(bad[reason].key);
    expect(value?.toString() ?? null).toBe(bad[reason].value);
    expect(headers?.ce_id?.toString()).toBe(bad[reason].headers?.ce_id);
  }
  const { deadLettered } = (await flows())['store-flights']!;
  expect(Object.values(deadLettered)).toEqual(Object.keys(bad).map(() => 1));
  await expectAllThere();
});

test('sampled events leave spans of each stage, unsampled ones none', async () => {
  await until(async () => readdirSync(join(directory, 'spans')).length > 0);
  await pause(1000);
  const lines = readdirSync(join(directory, 'spans')).flatMap((file) =>
    readFileSync(join(directory, 'spans', file), 'utf8')
      .trim()
      .split('\n'),
  );
  interface Line {
    resourceSpans: { scopeSpans: { spans: { name: string }[] }[] }[];
  }
  const names = lines.flatMap((line) =>
    (JSON.parse(line) as Line).resourceSpans.flatMap((each) =>
      each.scopeSpans.flatMap(({ spans }) => spans.map(({ name }) => name)),
    ),
  );
  const counts = Object.fromEntries([...Map.groupBy(names, (name) => name)].map(([name, all]) => [name, all.length]));
  // Of 550 flights each 100th is sampled: 6, all of which are diverted, too.
  expect(counts).toEqual({
    'kafka receive shop.flights': 18,
    'sink store-flights': 6,
    'sink board': 6,
    'sink alerts': 6,
    'cassandra write flights': 6,
    'redis write board': 6,
    'bullmq write shop-alerts': 6,
  });
});

test('kill -9 of the process in the middle: nothing is lost, nothing doubled', async () => {
  await sendFlights(4000);
  await until(async () => (await flows())['store-flights']!.written > 800);
  await endHost('SIGKILL');
  startHost();
  await sendFlights(1000);
  await untilReady();
  await untilDrained();
  await expectAllThere();
});

test('kill -9 of Cassandra: its flow waits and says so, the others go on', async () => {
  await cassandra.server.kill();
  await sendFlights(500);
  await until(async () => (await flows())['store-flights']!.state.phase === 'retrying');
  await until(async () => (await highestOnBoard()) === sent - 1);
  expect((await health()).waitingFor).toMatch(/^store-flights: writing: /);
  await cassandra.server.start();
  await untilReady();
  await untilDrained();
  await expectAllThere();
  expect((await flows())['store-flights']!.retries).toBeGreaterThan(0);
});

test('kill -9 of the broker and of Redis: everything goes on when they are back', async () => {
  await sendFlights(1000);
  await Promise.all([kafka.server.kill(), redis.server.kill()]);
  await until(async () => (await health()).ready === false);
  await Promise.all([kafka.server.start(), redis.server.start()]);
  await sendFlights(500);
  await untilReady();
  await until(async () => (await storedIds()).length === ids.length);
  await untilDrained();
  await expectAllThere();
});

test('ends in order on SIGTERM: what is in hand is stored and committed, so that nothing comes again', async () => {
  await sendFlights(3000);
  expect(await endHost('SIGTERM')).toEqual([0, null]);
  startHost();
  await untilReady();
  await untilDrained();
  await expectAllThere();
  expect(await endHost('SIGTERM')).toEqual([0, null]);
  startHost();
  await untilReady();
  await untilDrained();
  expect((await flows())['store-flights']!.received).toBe(0);
  expect(await endHost('SIGTERM')).toEqual([0, null]);
});
