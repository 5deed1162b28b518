import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Queue } from 'bullmq';
import { Client } from 'cassandra-driver';
import { createQueueSink } from '../../../platform/connectors/bullmq/queue.ts';
import { createCassandraConnection } from '../../../platform/connectors/cassandra/connection.ts';
import { createCassandraSink } from '../../../platform/connectors/cassandra/sink.ts';
import type { CassandraAccess, KafkaAccess, RedisAccess } from '../../../platform/connectors/config.ts';
import { createKafkaSink } from '../../../platform/connectors/kafka/producer.ts';
import { openProjection } from '../../../platform/connectors/redis/projection.ts';
import { createRedisSink } from '../../../platform/connectors/redis/sink.ts';
import { tableSpec } from '../../../platform/model/blueprint.ts';
import { physical } from '../../../platform/model/names.ts';
import {
  type CassandraServer,
  type KafkaServer,
  type RedisServer,
  startCassandra,
  startKafka,
  startRedis,
} from '../../fixtures/servers.ts';
import { decodeAnySize, flightEvent, flightSchema } from '../../unit/connectors/records.ts';
import { boardSchema, boardTarget } from './board.ts';
import { readTopic } from './readTopic.ts';
import { eventOf, sinkSuite } from './sinkSuite.ts';

const pipeline = 'shop';
const firstPort = 12_430;
const nobody = 12_449;
const alerts = physical.queue(pipeline, 'alerts');
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

const redisSink = (given: Partial<RedisAccess> = {}) => {
  const access = lazily(() => ({ ...redis.access, ...given }));
  const sink = createRedisSink({ access, pipeline, target: boardTarget, schema: boardSchema });
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
  const sink = createQueueSink({ access, flow: 'alerts', queue: alerts, attempts: 3, retentionMs: 3_600_000 });
  return sink;
};

sinkSuite({
  name: 'bullmq',
  sink: () => queueSink(),
  sinkOfNobody: () => queueSink({ port: nobody }),
  sinkOfAnother: () => queueSink({ password: 'another' }),
  stored: async () => {
    const queue = new Queue(alerts, { connection: { ...redis.access } });
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
