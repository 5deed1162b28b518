import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Queue } from 'bullmq';
import { Client } from 'cassandra-driver';
import { Redis } from 'ioredis';
import { createQueueSink, jobIdOf } from '../../../platform/connectors/bullmq/queue.ts';
import { createQueueWorker } from '../../../platform/connectors/bullmq/worker.ts';
import { createCassandraConnection } from '../../../platform/connectors/cassandra/connection.ts';
import { createCassandraSink } from '../../../platform/connectors/cassandra/sink.ts';
import type { CassandraAccess, KafkaAccess, RedisAccess } from '../../../platform/connectors/config.ts';
import { createKafkaSink } from '../../../platform/connectors/kafka/producer.ts';
import { openProjection } from '../../../platform/connectors/redis/projection.ts';
import { createRedisSink } from '../../../platform/connectors/redis/sink.ts';
import { flowSpec, tableSpec } from '../../../platform/model/blueprint.ts';
import {
  type CassandraServer,
  type KafkaServer,
  type RedisServer,
  startCassandra,
  startKafka,
  startRedis,
} from '../../fixtures/servers.ts';
import { decodeAnySize, flightEvent, flightSchema } from '../../unit/connectors/records.ts';
import { readTopic } from './readTopic.ts';
import { eventOf, sinkSuite } from './sinkSuite.ts';

const pipeline = 'shop';
const firstPort = 12_430;
const nobody = 12_449;
const log = () => {};
let kafka: KafkaServer;
let cassandra: CassandraServer;
let redis: RedisServer;

const flights = tableSpec.parse({
  columns: {
    origin: { type: 'string' },
    event_id: { type: 'string' },
    event_time: { type: 'timestamp' },
    delay_minutes: { type: 'int' },
    departed_at: { type: 'timestamp' },
  },
  partitionKey: ['origin'],
  clusteringKey: [{ column: 'event_id', order: 'asc' }],
});
const delays = tableSpec.parse({
  columns: { origin: { type: 'string' }, delay_minutes: { type: 'int' } },
  partitionKey: ['origin'],
});

beforeAll(async () => {
  [kafka, cassandra, redis] = await Promise.all([
    startKafka(firstPort, pipeline),
    startCassandra(firstPort + 5, pipeline),
    startRedis(firstPort + 10),
  ]);
  await kafka.makeTopics(['flights'], 2, { 'max.message.bytes': '20000' });
  await cassandra.makeTable('flights', flights);
  await cassandra.makeTable('delays', delays);
}, 300_000);
afterAll(() => Promise.all([kafka, cassandra, redis].map((each) => each?.server.remove())), 60_000);

/** The access is there only when the tests run; the suite makes its sinks before. */
const lazily = <T extends object>(get: () => T): T =>
  new Proxy({} as T, { get: (_, name) => Reflect.get(get(), name) });
const kafkaAccess = lazily<KafkaAccess>(() => kafka.access);
const redisAccess = lazily<RedisAccess>(() => redis.access);

const cassandraSink = (given: Partial<CassandraAccess> = {}, table = 'flights', spec = flights) => {
  const access = lazily(() => ({ ...cassandra.access, ...given }));
  return createCassandraSink({ connection: createCassandraConnection(access, log), table, spec, schema: flightSchema });
};
const cassandraClient = () => {
  const { contactPoints, localDataCenter, keyspace, username, password } = cassandra.access;
  return new Client({
    contactPoints: [...contactPoints],
    localDataCenter,
    keyspace,
    credentials: { username, password },
  });
};
async function select(query: string) {
  const client = cassandraClient();
  try {
    return (await client.execute(query, [], { fetchSize: 100_000 })).rows;
  } finally {
    await client.shutdown();
  }
}

sinkSuite({
  name: 'cassandra',
  sink: () => cassandraSink(),
  sinkOfNobody: () => cassandraSink({ contactPoints: [`127.0.0.1:${nobody}`] }),
  sinkOfAnother: () => cassandraSink({ clusterName: 'another' }),
  stored: async () => new Map((await select('SELECT event_id FROM flights')).map((row) => [row.event_id, 1])),
  kill: () => cassandra.server.kill(),
  start: () => cassandra.server.start(),
  repeats: 'one effect',
  // Longer than Cassandra takes in a key (65,535 bytes): only the server knows that.
  refused: () => eventOf('x'.repeat(70_000), 0),
});

const target = flowSpec.shape.to.parse({
  kind: 'redis',
  projection: 'board',
  member: 'event_id',
  score: 'delay_minutes',
  version: 'departed_at',
  maxMembers: 100_000,
});
const boardSchema = {
  ...flightSchema,
  fields: { ...flightSchema.fields, event_id: { type: 'string', nullable: false, doc: '' } },
} as const;
const redisSink = (given: Partial<RedisAccess> = {}, to: object = target) => {
  const access = lazily(() => ({ ...redis.access, ...given }));
  const sink = createRedisSink({ access, pipeline, target: to as never, schema: boardSchema });
  // The board's member is the event's id here, so that the suite can count effects.
  const withId = (events: Parameters<typeof sink.write>[0]) =>
    events.map((event) => ({ ...event, fields: { ...event.fields, event_id: event.id } }));
  return {
    open: () => sink.open(),
    close: () => sink.close(),
    write: (events: Parameters<typeof sink.write>[0]) => sink.write(withId(events)),
  };
};

sinkSuite({
  name: 'redis',
  sink: () => redisSink(),
  sinkOfNobody: () => redisSink({ port: nobody }),
  sinkOfAnother: () => redisSink({ password: 'another' }),
  stored: async () => {
    const board = await openProjection(redis.access, pipeline, 'board');
    const entries = await board.top(200_000);
    await board.close();
    return new Map(entries.map(({ member }) => [member, 1]));
  },
  kill: () => redis.server.kill(),
  start: () => redis.server.start(),
  repeats: 'one effect',
  refused: () => flightEvent({ delay_minutes: null }, { id: 'no-score' }),
});

const queueSink = (given: Partial<RedisAccess> = {}) => {
  const access = lazily(() => ({ ...redis.access, ...given }));
  const sink = createQueueSink({ access, queue: 'shop-alerts', attempts: 3, retentionMs: 3_600_000 });
  return sink;
};

sinkSuite({
  name: 'bullmq',
  sink: () => queueSink(),
  sinkOfNobody: () => queueSink({ port: nobody }),
  sinkOfAnother: () => queueSink({ password: 'another' }),
  stored: async () => {
    const queue = new Queue('shop-alerts', { connection: { ...redis.access } });
    const jobs = await queue.getJobs(['waiting', 'completed']);
    await queue.close();
    const counts = new Map<string, number>();
    for (const { data } of jobs) counts.set(data.id, (counts.get(data.id) ?? 0) + 1);
    return counts;
  },
  kill: () => redis.server.kill(),
  start: () => redis.server.start(),
  repeats: 'one effect',
});

const kafkaSink = (given: Partial<KafkaAccess> = {}) =>
  createKafkaSink({
    access: lazily(() => ({ ...kafka.access, ...given })),
    clientId: 'test',
    topic: 'shop.flights',
    keyField: 'origin',
  });

sinkSuite({
  name: 'kafka',
  sink: () => kafkaSink(),
  sinkOfNobody: () => kafkaSink({ brokers: [`127.0.0.1:${nobody}`] }),
  sinkOfAnother: () => kafkaSink({ clusterId: 'another' }),
  stored: async () => {
    const counts = new Map<string, number>();
    for (const { headers } of await readTopic(kafkaAccess, 'shop.flights')) {
      const id = `${headers?.ce_id}`;
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    return counts;
  },
  kill: () => kafka.server.kill(),
  start: () => kafka.server.start(),
  repeats: 'a second record',
  refused: () => flightEvent({ note: 'x'.repeat(30_000) }, { id: 'large' }, decodeAnySize),
});

describe('cassandra: what is later wins', () => {
  test('in whatever order and however often the results of one row are written', async () => {
    const sink = cassandraSink({}, 'delays', delays);
    await sink.open();
    const result = (delay_minutes: number, offset: string, timestampMs: number) =>
      flightEvent({ origin: 'LAX', delay_minutes }, { offset, timestampMs });
    const [first, second, third] = [result(1, '10', 5000), result(2, '11', 5000), result(3, '12', 6000)];
    await sink.write([second, third]);
    await sink.write([first]);
    await sink.write([second]);
    expect((await select("SELECT delay_minutes FROM delays WHERE origin = 'LAX'"))[0]?.delay_minutes).toBe(3);
    await sink.write([result(null as never, '13', 7000)]);
    expect((await select("SELECT delay_minutes FROM delays WHERE origin = 'LAX'"))[0]?.delay_minutes).toBeNull();
    await sink.close();
  });
  test('does not open while the table is missing', async () => {
    await expect(cassandraSink({}, 'nothing').open()).rejects.toMatchObject({ code: 'SERVER_UNREACHABLE' });
  });
});

describe('redis: a projection', () => {
  const small = { ...target, projection: 'small', member: 'origin', maxMembers: 3 };
  const at = (minute: number) => `2026-11-23T10:${`${minute}`.padStart(2, '0')}:00.000Z`;
  const result = (origin: string, delay_minutes: number, minute: number) =>
    flightEvent({ origin, delay_minutes, departed_at: at(minute) });

  test('keeps of each member the newest, of all members the highest, and tells what changed', async () => {
    const sink = redisSink({}, small);
    await sink.open();
    const board = await openProjection(redisAccess, pipeline, 'small');
    const told: string[] = [];
    const untell = await board.subscribe(({ member, score }) => told.push(`${member}=${score}`));
    const written = [result('A', 10, 1), result('B', 20, 1), result('A', 30, 2), result('A', 15, 1), result('C', 5, 1)];
    await sink.write(written);
    const before = await board.top(10);
    expect(before.map(({ member, score }) => [member, score])).toEqual([
      ['A', 30],
      ['B', 20],
      ['C', 5],
    ]);
    expect(before[0]?.value).toMatchObject({ origin: 'A', delay_minutes: 30, departed_at: at(2) });
    await sink.write(written);
    expect(await board.top(10)).toEqual(before);
    await sink.write([result('D', 7, 1), result('E', 1, 1)]);
    await sink.write([result('C', 5, 1)]);
    expect((await board.top(10)).map(({ member }) => member)).toEqual(['A', 'B', 'D']);
    expect(await board.get('C')).toBeUndefined();
    expect(await board.get('D')).toMatchObject({ member: 'D', score: 7 });
    while (told.length < 5) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(told).toEqual(['A=10', 'B=20', 'A=30', 'C=5', 'D=7']);
    untell();
    const client = new Redis({ ...redis.access });
    expect(await client.hlen('shop:small:members')).toBe(3);
    expect(await client.hlen('shop:small:versions')).toBe(3);
    client.disconnect();
    await Promise.all([board.close(), sink.close()]);
  });
  test('is refused when it scores by a text', () => {
    expect(() => redisSink({}, { ...small, score: 'origin' })).toThrow(/not a number/);
    expect(() => redisSink({}, { ...small, version: 'nothing' })).toThrow(/not a field/);
  });
});

describe('bullmq: a queue', () => {
  test('a worker gets each event once, tries again, and a replay adds nothing', async () => {
    const sink = createQueueSink({ access: redisAccess, queue: 'shop-once', attempts: 3, retentionMs: 3_600_000 });
    await sink.open();
    const written = [eventOf('a:1', 1), eventOf('17', 2), eventOf('fails', 3)];
    await sink.write(written);
    const seen: string[] = [];
    const worker = createQueueWorker(
      { pipeline, redis: redis.access },
      'once',
      async ({ id, fields }) => {
        expect(fields.origin).toMatch(/^A/);
        seen.push(id);
        if (id === 'fails' && seen.filter((each) => each === id).length < 2) throw new Error('not yet');
      },
      { log },
    );
    worker.start();
    while (worker.counters.completed < 3) await new Promise((resolve) => setTimeout(resolve, 20));
    await sink.write(written);
    const queue = new Queue('shop-once', { connection: { ...redis.access } });
    expect(await queue.getJobCountByTypes('waiting', 'active', 'delayed')).toBe(0);
    expect(await queue.getJobState(jobIdOf('a:1'))).toBe('completed');
    expect(seen.toSorted()).toEqual(['17', 'a:1', 'fails', 'fails']);
    expect(worker.counters).toEqual({ completed: 3, failed: 1 });
    expect(worker.waitingFor()).toBeUndefined();
    await Promise.all([worker.stop(), sink.close(), queue.close()]);
  });
});
