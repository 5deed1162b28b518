/** The Kafka source on a real broker: at least once, in order, one batch of a partition at a time, whatever happens. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import type { Batch, Source } from '../../../platform/connectors/contract.ts';
import { createKafkaSource } from '../../../platform/connectors/kafka/source.ts';
import { physical } from '../../../platform/model/names.ts';
import { type KafkaServer, startKafka } from '../../fixtures/servers.ts';
import { clientOf, produce } from './readTopic.ts';

jest.setTimeout(240_000);
const pipeline = 'shop';
let kafka: KafkaServer;
let name: string;
let groupId: string;
const sources: Source[] = [];
const takers: Taker[] = [];
const said: string[] = [];

beforeAll(async () => {
  kafka = await startKafka(12_450, pipeline);
}, 300_000);
afterAll(() => kafka?.server.remove());
beforeEach(async () => {
  name = `topic-${randomUUID()}`;
  groupId = `${pipeline}.${name}`;
  said.length = 0;
  await kafka.makeTopics([name], 2);
});
afterEach(async () => {
  for (const taker of takers.splice(0)) taker.release();
  await Promise.all(sources.splice(0).map((source) => source.stop()));
});

const topic = () => physical.topic(pipeline, name);
const send = (first: number, count: number, partition?: number) =>
  produce(
    kafka.access,
    topic(),
    Array.from({ length: count }, (_, i) => ({
      key: `${first + i}`,
      value: `${first + i}`,
      ...(partition === undefined ? {} : { partition }),
    })),
  );

function sourceOf(given: object = {}): Source {
  const log = (message: string) => said.push(message);
  const source = createKafkaSource({ access: kafka.access, clientId: 'test', topic: topic(), groupId, log, ...given });
  sources.push(source);
  return source;
}

/** Takes batches, and commits each unless told otherwise. */
class Taker {
  readonly values: number[] = [];
  readonly batches: Batch[] = [];
  commits = true;
  release = () => {};
  constructor() {
    takers.push(this);
  }
  readonly take = async (batch: Batch) => {
    this.batches.push(batch);
    for (const { value } of batch.records) this.values.push(Number(`${value}`));
    if (this.commits) await batch.done();
    else await new Promise<void>((resolve) => (this.release = resolve));
  };
  async until(count: number): Promise<void> {
    while (new Set(this.values).size < count) await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
const numbers = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i);
const distinct = (values: readonly number[]) => [...new Set(values)].sort((a, b) => a - b);

async function withAdmin<T>(use: (admin: ReturnType<ReturnType<typeof clientOf>['admin']>) => Promise<T>): Promise<T> {
  const admin = clientOf({
    ...kafka.access,
    username: 'admin',
    password: kafka.server.room.access.secret('admin'),
  }).admin();
  await admin.connect();
  return use(admin).finally(() => admin.disconnect());
}
const committed = () =>
  withAdmin(async (admin) => {
    const [found] = await admin.fetchOffsets({ groupId, topics: [topic()] });
    return found!.partitions.reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0);
  });

async function commitAs(group: string, offset: string): Promise<void> {
  const consumer = clientOf(kafka.access).consumer({ groupId: group, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic()], fromBeginning: true });
  // Told that an offset is out of range, kafkajs would commit one of its own choice.
  consumer.on(consumer.events.GROUP_JOIN, () => consumer.pause([{ topic: topic() }]));
  await consumer.run({ autoCommit: false, eachBatch: async () => {} });
  await consumer.commitOffsets([{ topic: topic(), partition: 0, offset }]);
  await consumer.disconnect();
}

test('a new group reads from the earliest record, in order, and goes on where it committed', async () => {
  await send(0, 500);
  const first = new Taker();
  const source = sourceOf();
  await source.start(first.take);
  await first.until(500);
  await source.stop();
  expect(distinct(first.values)).toEqual(numbers(0, 500));
  for (const partition of [0, 1]) {
    const ofPartition = first.batches.flatMap(({ records }) => records.filter((each) => each.partition === partition));
    expect(ofPartition.map(({ offset }) => Number(offset))).toEqual(numbers(0, ofPartition.length));
  }
  expect(await committed()).toBe(500);
  await send(500, 10);
  const second = new Taker();
  await sourceOf().start(second.take);
  await second.until(10);
  expect(distinct(second.values)).toEqual(numbers(500, 10));
});

test('commits nothing before done, hands out no further batch of the partition, and another member gets it again', async () => {
  await send(0, 100, 0);
  const holder = new Taker();
  holder.commits = false;
  const source = sourceOf();
  await source.start(holder.take);
  await holder.until(1);
  await send(100, 100, 0);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(holder.batches).toHaveLength(1);
  expect(await committed()).toBe(0);
  expect(source.state().lagRecords).toBeGreaterThanOrEqual(100);
  const other = new Taker();
  const stopped = source.stop();
  await sourceOf().start(other.take);
  await other.until(200);
  holder.release();
  await stopped;
  expect(distinct(other.values)).toEqual(numbers(0, 200));
});

test('says what it waits for: a cluster that is another, a topic that is not there yet', async () => {
  const another = sourceOf({ access: { ...kafka.access, clusterId: 'another' } });
  void another.start(async () => {});
  const early = sourceOf({ topic: physical.topic(pipeline, `${name}-late`), groupId: `${groupId}-late` });
  const taker = new Taker();
  const started = early.start(taker.take);
  while (!/another/.test(another.state().waitingFor) || !/topic/.test(early.state().waitingFor))
    await new Promise((resolve) => setTimeout(resolve, 50));
  expect(another.state().waitingFor).toMatch(/is not ours: expected Kafka cluster another/);
  await kafka.makeTopics([`${name}-late`], 1);
  await started;
  expect(early.state().waitingFor).toBe('');
});

test('records that were deleted before they were read are counted, and reading goes on at the earliest', async () => {
  await send(0, 100, 0);
  const first = new Taker();
  const source = sourceOf();
  await source.start(first.take);
  await first.until(100);
  await source.stop();
  await send(100, 100, 0);
  await withAdmin(async (admin) => {
    // Loads the metadata, without which kafkajs can not find the leader.
    await admin.fetchTopicOffsets(topic());
    await admin.deleteTopicRecords({ topic: topic(), partitions: [{ partition: 0, offset: '150' }] });
  });
  const taker = new Taker();
  const again = sourceOf();
  await again.start(taker.take);
  await taker.until(50);
  expect(distinct(taker.values)).toEqual(numbers(150, 50));
  expect(again.state()).toMatchObject({ offsetResets: 1, skippedRecords: 50 });
  expect(said.join('\n')).toMatch(/WARNING.*offset 100 was deleted.*50 records were skipped/);
});

test('a topic that was made anew is read from its beginning, not from its end', async () => {
  await send(0, 100, 0);
  const first = new Taker();
  const source = sourceOf();
  await source.start(first.take);
  await first.until(100);
  await source.stop();
  await kafka.asAdmin((admin) => admin.deleteTopics([topic()]));
  await kafka.makeTopics([name], 2);
  await send(200, 30, 0);
  // The broker forgets a deleted topic's offsets; put them back as a group that was restored would have them.
  await commitAs(groupId, '100');
  expect(await committed()).toBe(100);
  const taker = new Taker();
  const again = sourceOf();
  await again.start(taker.take);
  await taker.until(30);
  expect(distinct(taker.values)).toEqual(numbers(200, 30));
  expect(again.state()).toMatchObject({ offsetResets: 1, skippedRecords: 0 });
});

test('kill -9 of the broker in the middle: nothing is lost', async () => {
  await send(0, 300);
  const taker = new Taker();
  const source = sourceOf();
  await source.start(taker.take);
  await taker.until(300);
  await kafka.server.kill();
  while (source.state().waitingFor === '') await new Promise((resolve) => setTimeout(resolve, 50));
  await kafka.server.start();
  await send(300, 300);
  await taker.until(600);
  expect(distinct(taker.values)).toEqual(numbers(0, 600));
  expect(source.state().offsetResets).toBe(0);
});
