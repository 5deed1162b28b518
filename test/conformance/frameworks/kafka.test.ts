import { randomUUID } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { Kafka, logLevel } from 'kafkajs';
import type { FrameworkAccess } from '../../../platform/frameworks/contract.ts';
import { kafkaAccess } from '../../../platform/frameworks/kafka/access.ts';
import { connectKafkaAdmin, type KafkaAdmin } from '../../../platform/frameworks/kafka/admin.ts';
import { kafkaPackage } from '../../../platform/frameworks/kafka/package.ts';
import type { KafkaOptions } from '../../../platform/frameworks/kafka/spec.ts';
import { bootMs, frameworkSuite, type Server } from './suite.ts';

type Access = FrameworkAccess<KafkaOptions>;
const orders = { name: 'shop.orders', partitions: 2, replicationFactor: 1, config: { 'retention.ms': '3600000' } };
const marks = { name: 'marks', partitions: 1, replicationFactor: 1, config: {} };
const mark = randomUUID();

frameworkSuite(kafkaPackage, 12210, { refusesForeignData: true, write: writeMark, read: readMark }, adminVerbs);

function adminVerbs(server: Server<KafkaOptions>): void {
  const asAdmin = <T>(use: (admin: KafkaAdmin) => Promise<T>) => withAdmin(server.room.access, use);

  it('describes the cluster', async () => {
    const found = await asAdmin((admin) => admin.describe());
    expect(found.clusterId).toBe(kafkaAccess(server.room.access, 'any', '').clusterId);
    expect(found.brokers).toHaveLength(1);
  });
  it('refuses to work on another cluster', async () => {
    const asked = connectKafkaAdmin({ ...server.room.access, identity: 'another' });
    await expect(asked).rejects.toMatchObject({ code: 'WRONG_IDENTITY' });
  });
  it('makes topics, and changes nothing the second time', async () => {
    expect(await asAdmin((admin) => admin.ensureTopics([orders]))).toMatchObject({ created: [orders.name] });
    expect(await asAdmin((admin) => admin.ensureTopics([orders]))).toEqual({
      created: [],
      grown: [],
      reconfigured: [],
    });
  });
  it('adds partitions and changes configuration', async () => {
    const changed = { ...orders, partitions: 3, config: { 'retention.ms': '7200000' } };
    const made = { created: [], grown: [orders.name], reconfigured: [orders.name] };
    expect(await asAdmin((admin) => admin.ensureTopics([changed]))).toEqual(made);
    expect(await asAdmin((admin) => admin.ensureTopics([changed]))).toEqual({
      created: [],
      grown: [],
      reconfigured: [],
    });
  });
  it('refuses fewer partitions, and then makes none of the other topics', async () => {
    const asked = asAdmin((admin) =>
      admin.ensureTopics([
        { ...orders, name: 'shop.more' },
        { ...orders, partitions: 1 },
      ]),
    );
    await expect(asked).rejects.toMatchObject({ code: 'TOPIC_SHRINK' });
    expect(await asAdmin((admin) => admin.listTopics('shop.'))).toEqual([orders.name]);
  });
  it('lets a user work on the prefix, and on nothing else', async () => {
    for (const password of ['first', 'second'])
      await asAdmin((admin) => admin.ensureUser('pipeline-shop', password, 'shop.'));
    await asAdmin((admin) => admin.ensureTopics([marks]));
    const user = clientOf(server.room.access, 'pipeline-shop', 'second');
    await send(user, orders.name, 'one');
    await expect(send(user, marks.name, 'one')).rejects.toThrow('Not authorized to access topics');
    const former = clientOf(server.room.access, 'pipeline-shop', 'first');
    await expect(send(former, orders.name, 'one')).rejects.toMatchObject({ name: 'KafkaJSSASLAuthenticationError' });
  });
  it('reads the lag of a group', async () => {
    const user = clientOf(server.room.access, 'pipeline-shop', 'second');
    const lag = (group: string) => asAdmin((admin) => admin.lag(group, orders.name));
    const sum = async (group: string) => (await lag(group)).reduce((total, { lagRecords }) => total + lagRecords, 0);
    expect(await sum('shop.reader')).toBe(1);
    await consumeOne(user, 'shop.reader', orders.name);
    expect(await sum('shop.reader')).toBe(0);
    expect(await asAdmin((admin) => admin.lag('shop.reader', 'shop.none'))).toEqual([]);
  });
  it('reads ends and positions of many at once; what is not there is left out', async () => {
    const topics = [orders.name, 'shop.none'];
    const groups = ['shop.reader', 'shop.nobody'].map((groupId) => ({ groupId, topic: orders.name }));
    const asked = { topics, groups: [...groups, { groupId: 'shop.reader-of-none', topic: 'shop.none' }] };
    const found = await asAdmin((admin) => admin.offsets(asked));
    expect(Object.keys(found.topics)).toEqual([orders.name]);
    const ends = found.topics[orders.name]!;
    expect(ends.map(({ partition }) => partition)).toEqual(ends.map((_, at) => at));
    const lag = await asAdmin((admin) => admin.lag('shop.reader', orders.name));
    expect(ends.map(({ endOffset }) => endOffset)).toEqual(lag.map(({ endOffset }) => endOffset));
    const positions = lag.flatMap(({ partition, committedOffset }) =>
      committedOffset === null ? [] : [[partition, committedOffset] as const],
    );
    expect(positions.length).toBeGreaterThan(0);
    expect(found.groups).toEqual({ 'shop.reader': Object.fromEntries(positions), 'shop.nobody': {} });
  });
  it('counts records from a time on, by their timestamps', async () => {
    const times = ['1000', '2000', '2000', '3000'].map((timestamp) => ({ value: timestamp, timestamp }));
    const producer = clientOf(server.room.access, 'pipeline-shop', 'second').producer();
    const aged = { ...orders, name: 'shop.aged', config: { 'retention.ms': '-1' } };
    await asAdmin((admin) => admin.ensureTopics([aged]));
    await producer.connect();
    await producer.send({ topic: aged.name, messages: times });
    await producer.disconnect();
    const since = (ms: number) => asAdmin((admin) => admin.recordsSince([aged.name, 'shop.none'], ms));
    const counts = await Promise.all([0, 1000, 1001, 2000, 2001, 3000, 3001].map(since));
    expect(counts.map((each) => each[aged.name])).toEqual([4, 4, 3, 3, 1, 1, 0]);
    expect(counts[0]).toEqual({ [aged.name]: 4 });
    await asAdmin((admin) => admin.deleteTopics([aged.name]));
  });
  it('tells the time of a record by its offset, and of none at the end of the log', async () => {
    const dated = { ...orders, name: 'shop.dated', config: { 'retention.ms': '-1' } };
    await asAdmin((admin) => admin.ensureTopics([dated]));
    const nowMs = Date.now();
    // The second and third are of one millisecond; the last one's producer has a clock a minute ahead of ours.
    const timesMs = [nowMs - 3_600_000, nowMs - 90_000, nowMs - 90_000, nowMs - 1, nowMs + 60_000];
    const producer = clientOf(server.room.access, 'pipeline-shop', 'second').producer();
    await producer.connect();
    const messages = timesMs.map((ms) => ({ value: `${ms}`, timestamp: `${ms}`, partition: 1 }));
    await producer.send({ topic: dated.name, messages });
    await producer.disconnect();
    const at = (partition: number, offset: number) =>
      asAdmin((admin) => admin.timestampAt(dated.name, partition, offset));
    expect(await Promise.all(timesMs.map((_, offset) => at(1, offset)))).toEqual(timesMs);
    expect(await at(1, timesMs.length)).toBeNull();
    expect(await at(0, 0)).toBeNull();
    await asAdmin((admin) => admin.deleteTopics([dated.name]));
  });
  it('removes groups, users and topics, and answers empty the second time', async () => {
    expect(await asAdmin((admin) => admin.deleteGroups('shop.', ['shop.read', 'other']))).toEqual([]);
    expect(await asAdmin((admin) => admin.listGroups('shop.'))).toEqual(['shop.reader']);
    const grant = { user: 'pipeline-shop', resource: 'shop.' };
    expect(await asAdmin((admin) => admin.listGrants())).toContainEqual(grant);
    expect(await asAdmin((admin) => admin.deleteGroups('shop.', ['shop.reader']))).toEqual(['shop.reader']);
    expect(await asAdmin((admin) => admin.listGroups('shop.'))).toEqual([]);
    expect(await asAdmin((admin) => admin.deleteGroups('shop.'))).toEqual([]);
    expect(await asAdmin((admin) => admin.removeUser('pipeline-shop'))).toBe(true);
    expect(await asAdmin((admin) => admin.removeUser('pipeline-shop'))).toBe(false);
    expect(await asAdmin((admin) => admin.listGrants())).not.toContainEqual(grant);
    expect(await asAdmin((admin) => admin.deleteTopics([orders.name]))).toEqual([orders.name]);
    expect(await asAdmin((admin) => admin.deleteTopics([orders.name]))).toEqual([]);
    expect(await asAdmin((admin) => admin.listTopics('shop.'))).toEqual([]);
  });
  usersOverRestarts(server);
}

/** The first name comes before `admin` in the broker's hash map, the order in which Kafka 4.3.1 trips over a deletion. */
function usersOverRestarts(server: Server<KafkaOptions>): void {
  const asAdmin = <T>(use: (admin: KafkaAdmin) => Promise<T>) => withAdmin(server.room.access, use);
  const removed = ['pipeline-second', 'pipeline-third'];

  it('locks a removed user out at once', async () => {
    for (const user of removed) await asAdmin((admin) => admin.ensureUser(user, 'known', 'second.'));
    for (const user of removed) expect(await asAdmin((admin) => admin.removeUser(user))).toBe(true);
    for (const user of removed) {
      const asked = send(clientOf(server.room.access, user, 'known'), marks.name, 'one');
      await expect(asked).rejects.toMatchObject({ name: 'KafkaJSSASLAuthenticationError' });
    }
  });
  it(
    'lets the others in, and no removed user, after a restart of the broker',
    async () => {
      await server.restart();
      expect(await asAdmin((admin) => admin.listTopics(marks.name))).toEqual([marks.name]);
      for (const user of removed) expect(await asAdmin((admin) => admin.removeUser(user))).toBe(false);
    },
    bootMs,
  );
  it('makes a removed user anew', async () => {
    await asAdmin((admin) => admin.ensureUser('pipeline-second', 'another', 'second.'));
    await asAdmin((admin) => admin.ensureTopics([{ ...marks, name: 'second.marks' }]));
    await send(clientOf(server.room.access, 'pipeline-second', 'another'), 'second.marks', 'one');
    expect(await asAdmin((admin) => admin.removeUser('pipeline-second'))).toBe(true);
  });
}

async function withAdmin<T>(access: Access, use: (admin: KafkaAdmin) => Promise<T>): Promise<T> {
  const admin = await connectKafkaAdmin(access);
  try {
    return await use(admin);
  } finally {
    await admin.close();
  }
}

function clientOf(access: Access, username: string, password: string): Kafka {
  const { brokers } = kafkaAccess(access, username, password);
  const sasl = { mechanism: 'scram-sha-512' as const, username, password };
  return new Kafka({ brokers: [...brokers], sasl, logLevel: logLevel.NOTHING });
}

async function send(kafka: Kafka, topic: string, value: string): Promise<void> {
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  try {
    await producer.connect();
    await producer.send({ topic, acks: -1, messages: [{ value }] });
  } finally {
    await producer.disconnect();
  }
}

/** The value of the first record of the topic; its offset is committed for the group. */
async function consumeOne(kafka: Kafka, groupId: string, topic: string): Promise<string> {
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 200 });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  const { partition, offset, value } = await new Promise<{ partition: number; offset: string; value: string }>(
    (resolve, reject) => {
      const eachMessage = async ({
        partition,
        message,
      }: {
        partition: number;
        message: { offset: string; value: Buffer | null };
      }) => resolve({ partition, offset: message.offset, value: String(message.value) });
      consumer.run({ autoCommit: false, eachMessage }).catch(reject);
    },
  );
  await consumer.commitOffsets([{ topic, partition, offset: String(Number(offset) + 1) }]);
  await consumer.disconnect();
  return value;
}

async function writeMark(access: Access): Promise<void> {
  await withAdmin(access, (admin) => admin.ensureTopics([marks]));
  await send(clientOf(access, 'admin', access.secret('admin')), marks.name, mark);
}

async function readMark(access: Access): Promise<boolean> {
  return (await consumeOne(clientOf(access, 'admin', access.secret('admin')), 'reader', marks.name)) === mark;
}
