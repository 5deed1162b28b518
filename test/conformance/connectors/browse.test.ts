/** Looking into topics and tables on real servers: the right records, bounded, with nothing left behind. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { deadLettersOf, messagesOf } from '../../../platform/api/handlers/messages.ts';
import { rowsOf } from '../../../platform/connectors/cassandra/browse.ts';
import { createCassandraConnection } from '../../../platform/connectors/cassandra/connection.ts';
import type { RawRecord } from '../../../platform/connectors/contract.ts';
import { lookInto, rangesOf } from '../../../platform/connectors/kafka/browse.ts';
import { createDeadLetters } from '../../../platform/connectors/kafka/deadLetter.ts';
import { type TableSpec, tableSpec } from '../../../platform/model/blueprint.ts';
import { physical } from '../../../platform/model/names.ts';
import { type CassandraServer, type KafkaServer, startCassandra, startKafka } from '../../fixtures/servers.ts';
import { produce } from './readTopic.ts';

jest.setTimeout(120_000);
const pipeline = 'shop';
const topic = physical.topic(pipeline, 'orders');
let kafka: KafkaServer;
let cassandra: CassandraServer;

beforeAll(async () => {
  kafka = await startKafka(21_820, pipeline);
  cassandra = await startCassandra(21_830, pipeline);
  await kafka.makeTopics(['orders', 'empty', 'large'], 2);
}, 300_000);
afterAll(async () => {
  await kafka?.server.remove();
  await cassandra?.server.remove();
});

const textsOf = (records: readonly RawRecord[]) => records.map(({ value }) => `${value}`);
const firstMs = Date.now() - 1_000_000;

test('records by newest, by offset and by time, of one partition or of all', async () => {
  // Partition by turns; a second between one record and the next.
  const records = Array.from({ length: 40 }, (_, n) => ({
    ...{ key: `${n}`, value: `${n}`, partition: n % 2, timestamp: `${firstMs + n * 1000}` },
  }));
  await produce(kafka.access, topic, records);
  const look = async (asked: object) => textsOf(await lookInto(kafka.access, { topic, limit: 3, ...asked }));
  expect(await look({})).toEqual(['39', '38', '37']);
  expect(await look({ partition: 1 })).toEqual(['39', '37', '35']);
  expect(await look({ partition: 0, offset: 2 })).toEqual(['4', '6', '8']);
  expect(await look({ fromMs: firstMs + 20_500 })).toEqual(['21', '22', '23']);
  expect(await look({ partition: 0, offset: 19, limit: 500 })).toEqual(['38']);
  expect(await look({ partition: 0, offset: 20 })).toEqual([]);
  expect(await look({ fromMs: firstMs + 3_600_000 })).toEqual([]);
  expect(await look({ partition: 7 })).toEqual([]);
  // The newest of a time that is over.
  expect(await look({ toMs: firstMs + 20_500 })).toEqual(['20', '19', '18']);
  expect(await look({ toMs: firstMs + 20_000 })).toEqual(['20', '19', '18']);
  expect(await look({ fromMs: firstMs + 18_500, toMs: firstMs + 20_500 })).toEqual(['19', '20']);
  expect(await look({ toMs: firstMs - 1 })).toEqual([]);
  expect(await look({ toMs: firstMs + 3_600_000 })).toEqual(['39', '38', '37']);
  expect(await look({ limit: 500 })).toHaveLength(40);
  expect(await rangesOf(kafka.access, [topic, 'shop.nothing'])).toEqual(
    new Map([[topic, [0, 1].map((partition) => ({ partition, startOffset: 0, endOffset: 20 }))]]),
  );
});

test('topics that are empty or not there have nothing', async () => {
  const empty = physical.topic(pipeline, 'empty');
  expect(await lookInto(kafka.access, { topic: empty, limit: 10 })).toEqual([]);
  expect(await lookInto(kafka.access, { topic: 'shop.nothing', limit: 10 })).toEqual([]);
});

test('looking leaves no consumer group, and another pipeline’s topic can not be looked into', async () => {
  await lookInto(kafka.access, { topic, limit: 10 });
  expect(await kafka.asAdmin((admin) => admin.deleteGroups(''))).toEqual([]);
  await kafka.asAdmin((admin) =>
    admin.ensureTopics([{ name: 'other.a', partitions: 1, replicationFactor: 1, config: {} }]),
  );
  // To this user the topic is not there.
  expect(await lookInto(kafka.access, { topic: 'other.a', limit: 10 })).toEqual([]);
});

test('large values: the newest are reached, and shown cut', async () => {
  const large = physical.topic(pipeline, 'large');
  const value = 'é'.repeat(200_000);
  for (let n = 0; n < 6; n++) await produce(kafka.access, large, [{ key: `${n}`, value, partition: 0 }]);
  const records = await lookInto(kafka.access, { topic: large, limit: 4, partition: 0 });
  expect(records.map(({ offset }) => offset)).toEqual(['5', '4', '3', '2']);
  const [message] = messagesOf(records);
  expect(message).toMatchObject({ truncated: true, partition: 0, offset: '5' });
  expect(Buffer.byteLength(message!.value!)).toBeLessThanOrEqual(64 * 1024);
});

test('a dead letter tells its stage, why, and what it was; markup in it stays text', async () => {
  const letters = createDeadLetters({
    ...{ access: kafka.access, clientId: 'test', flow: 'store-orders' },
    topic: physical.deadLetterTopic(pipeline, 'orders'),
  });
  await letters.open();
  const value = Buffer.from('<script>alert(1)</script>');
  const raw: RawRecord = { topic, partition: 1, offset: '7', timestampMs: 0, key: null, value, headers: {} };
  await letters.write([{ raw, reason: 'bad-json', detail: 'no JSON' }]);
  await letters.close();
  const found = await lookInto(kafka.access, { topic: physical.deadLetterTopic(pipeline, 'orders'), limit: 5 });
  expect(deadLettersOf(found)).toMatchObject([
    {
      ...{ stage: 'store-orders', reason: 'bad-json: no JSON', value: '<script>alert(1)</script>', key: null },
      ...{ originTopic: topic, originPartition: 1, originOffset: '7', decoded: null },
    },
  ]);
});

test('rows of a table by their key, with every type as JSON has it', async () => {
  const types = ['string', 'int', 'long', 'double', 'boolean', 'timestamp'] as const;
  const columns = Object.fromEntries(types.map((type) => [`a_${type}`, { type }]));
  const spec: TableSpec = tableSpec.parse({
    ...{ columns, partitionKey: ['a_string', 'a_long'], clusteringKey: [{ column: 'a_int', order: 'desc' }] },
  });
  await cassandra.makeTable('all-types', spec);
  const connection = createCassandraConnection(cassandra.access, () => {});
  const client = await connection.acquire();
  const insert = `INSERT INTO all_types (${Object.keys(columns).join(', ')}) VALUES (?, ?, ?, ?, ?, ?)`;
  for (let n = 0; n < 5; n++) {
    const values = ["it's", n, '9007199254740993', 0.5, true, new Date(0)];
    await client.execute(insert, values, { prepare: true });
  }
  await client.execute('INSERT INTO all_types (a_string, a_long, a_int) VALUES (?, ?, ?)', ['b', '1', 1], {
    prepare: true,
  });
  await connection.release();
  const ask = (key: Record<string, string>, limit: number) =>
    rowsOf(cassandra.access, { table: 'all_types', spec, key, limit });
  const found = await ask({ a_string: "it's", a_long: '9007199254740993' }, 3);
  expect(found.more).toBe(true);
  expect(found.rows.map((row) => row.a_int)).toEqual([4, 3, 2]);
  expect(found.rows[0]).toEqual({
    ...{ a_string: "it's", a_int: 4, a_long: '9007199254740993', a_double: 0.5, a_boolean: true },
    a_timestamp: '1970-01-01T00:00:00.000Z',
  });
  expect((await ask({ a_string: 'b', a_long: '1' }, 3)).rows).toMatchObject([{ a_boolean: null, a_int: 1 }]);
  expect((await ask({}, 500)).rows).toHaveLength(6);
  const invalid = { code: 'REQUEST_INVALID' };
  await expect(ask({ a_string: 'b' }, 3)).rejects.toMatchObject(invalid);
  await expect(ask({ a_string: 'b', a_long: 'x' }, 3)).rejects.toMatchObject(invalid);
  await expect(ask({ a_int: '1' }, 3)).rejects.toMatchObject(invalid);
});

test('servers that are down are told as such', async () => {
  await kafka.server.kill();
  await expect(lookInto(kafka.access, { topic, limit: 1 })).rejects.toMatchObject({ code: 'SERVER_UNREACHABLE' });
});
