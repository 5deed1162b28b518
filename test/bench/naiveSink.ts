/**
 * The baselines of `bench:sink`: what one writes with kafkajs and cassandra-driver in an afternoon. The same rows into the
 * same table, acknowledged before the offset is committed; no dead letters, no checks, no retries. The flow's name begins with
 * `each`, one prepared statement per record; `batch`, `client.batch` of the rows of one partition key, 100 at most.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { auth, Client } from 'cassandra-driver';
import { type EachBatchPayload, Kafka, type KafkaMessage, logLevel } from 'kafkajs';
import type { NodeTaskConfig } from '../../platform/connectors/config.ts';
import { startHealthServer } from '../../platform/connectors/health.ts';
import { fetchBounds } from '../../platform/connectors/kafka/sourceOptions.ts';
import { physical } from '../../platform/model/names.ts';

const inFlight = 64;
const rowsPerBatch = 100;
const { values } = parseArgs({ options: { config: { type: 'string' } } });
const config = JSON.parse(readFileSync(values.config!, 'utf8')) as NodeTaskConfig;
const [name, flow] = Object.entries(config.spec.flows)[0]!;
if (flow.from.kind !== 'kafka' || flow.to.kind !== 'cassandra') throw new Error('only Kafka to Cassandra');
const topic = physical.topic(config.pipeline, flow.from.topic);
const { kafka: broker, cassandra: store } = { kafka: config.kafka!, cassandra: config.cassandra! };
const counters = { received: 0, written: 0 };
let joined = false;

await startHealthServer(config, {
  state: () => ({ ready: joined, waitingFor: '' }),
  metrics: () => ({ flows: { [name]: { ...counters, state: { phase: joined ? 'flowing' : 'waiting' } } } }),
});

const client = new Client({
  contactPoints: store.contactPoints.map((point) => (point.includes(':') ? point : `${point}:${store.port}`)),
  localDataCenter: store.localDataCenter,
  keyspace: store.keyspace,
  authProvider: new auth.PlainTextAuthProvider(store.username, store.password),
});
await client.connect();
const columns = Object.keys(config.spec.tables[flow.to.table]!.columns);
const marks = columns.map(() => '?').join(', ');
const insert = `INSERT INTO ${physical.table(flow.to.table)} (${columns.join(', ')}) VALUES (${marks})`;

type Params = (string | number | Date)[];

function paramsOf({ value, headers }: KafkaMessage): Params {
  const fields = JSON.parse(value!.toString());
  const row = { ...fields, event_id: headers!.ce_id!.toString(), departed_at: new Date(fields.departed_at) };
  return columns.map((column) => row[column]);
}

function requestsOf(messages: readonly KafkaMessage[]): (() => Promise<unknown>)[] {
  const rows = messages.map(paramsOf);
  if (name.startsWith('each')) return rows.map((params) => () => client.execute(insert, params, { prepare: true }));
  const groups = Map.groupBy(rows, (params) => params[0]);
  const requests: (() => Promise<unknown>)[] = [];
  for (const group of groups.values()) {
    for (let i = 0; i < group.length; i += rowsPerBatch) {
      const queries = group.slice(i, i + rowsPerBatch).map((params) => ({ query: insert, params }));
      requests.push(() => client.batch(queries, { prepare: true, logged: false }));
    }
  }
  return requests;
}

async function write({ batch, resolveOffset, commitOffsetsIfNecessary }: EachBatchPayload): Promise<void> {
  const { messages } = batch;
  counters.received += messages.length;
  const requests = requestsOf(messages);
  let next = 0;
  const work = async () => {
    while (next < requests.length) await requests[next++]!();
  };
  await Promise.all(Array.from({ length: inFlight }, work));
  counters.written += messages.length;
  resolveOffset(batch.lastOffset());
  const offset = `${BigInt(batch.lastOffset()) + 1n}`;
  await commitOffsetsIfNecessary({
    topics: [{ topic: batch.topic, partitions: [{ partition: batch.partition, offset }] }],
  });
}

const { brokers, mechanism, username, password } = broker;
const kafka = new Kafka({ brokers: [...brokers], sasl: { mechanism, username, password }, logLevel: logLevel.ERROR });
const consumer = kafka.consumer({
  groupId: physical.consumerGroup(config.pipeline, name),
  maxBytesPerPartition: fetchBounds.maxBytesPerPartition,
});
consumer.on(consumer.events.GROUP_JOIN, () => {
  joined = true;
});
await consumer.connect();
await consumer.subscribe({ topics: [topic], fromBeginning: true });
await consumer.run({
  autoCommit: false,
  partitionsConsumedConcurrently: fetchBounds.partitionsConcurrently,
  eachBatch: write,
});
process.on('SIGTERM', () => process.exit(0));
