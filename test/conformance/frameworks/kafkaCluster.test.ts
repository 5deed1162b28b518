import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Kafka, logLevel } from 'kafkajs';
import { kafkaAccess, kafkaAdminUser } from '../../../platform/frameworks/kafka/access.ts';
import { connectKafkaAdmin } from '../../../platform/frameworks/kafka/admin.ts';
import { kafkaPackage } from '../../../platform/frameworks/kafka/package.ts';
import type { KafkaOptions } from '../../../platform/frameworks/kafka/spec.ts';
import { artifactsForTests } from './artifacts.ts';
import { makeRoom, type Room } from './room.ts';
import { end, type RunningTask, start, untilReady } from './runner.ts';

jest.setTimeout(300_000);
const topic = { name: 'kept', partitions: 3, replicationFactor: 3, config: { 'min.insync.replicas': '2' } };

describe('three brokers', () => {
  let room: Room<KafkaOptions>;
  const tasks: RunningTask[] = [];
  const boot = async (instance: number) => {
    const context = room.context(instance);
    tasks[instance] = start(kafkaPackage.render(context), room.root);
    await untilReady(kafkaPackage, room.access, context.placement, tasks[instance]);
  };

  beforeAll(async () => {
    const address = (instance: number) => `127.0.0.${instance + 1}`;
    room = makeRoom(kafkaPackage, { brokers: 3 }, { artifacts: await artifactsForTests(), firstPort: 12220, address });
    await Promise.all([0, 1, 2].map(boot));
  });
  afterAll(async () => {
    await Promise.all(tasks.map((task) => end(task)));
    if (room) rmSync(room.root, { recursive: true, force: true });
  });

  it('take a topic with a replica on each, and a user on each', async () => {
    const admin = await connectKafkaAdmin(room.access);
    expect((await admin.describe()).brokers).toHaveLength(3);
    expect(await admin.ensureTopics([topic])).toMatchObject({ created: ['kept'] });
    await admin.ensureUser('pipeline-kept', 'password', 'kept');
    await admin.close();
  });
  it('lose no acknowledged record when one of them is killed, and go on without it', async () => {
    const before = await send(room, ['one', 'two', 'three']);
    await end(tasks[1]!, 'SIGKILL');
    const after = await send(room, ['four', 'five', 'six']);
    expect(await read(room, before.length + after.length)).toEqual([...before, ...after].sort());
  });
  it('take the killed one back', async () => {
    await boot(1);
    const admin = await connectKafkaAdmin(room.access);
    expect((await admin.describe()).brokers).toHaveLength(3);
    await admin.close();
  });
});

function client({ access }: Room<KafkaOptions>): Kafka {
  const { brokers, username, password } = kafkaAccess(access, kafkaAdminUser, access.secret('admin'));
  const sasl = { mechanism: 'scram-sha-512' as const, username, password };
  return new Kafka({
    brokers: [...brokers],
    sasl,
    logLevel: logLevel.NOTHING,
    retry: { retries: 20, maxRetryTime: 2000 },
  });
}

async function send(room: Room<KafkaOptions>, values: readonly string[]): Promise<readonly string[]> {
  const producer = client(room).producer();
  await producer.connect();
  await producer.send({
    topic: topic.name,
    acks: -1,
    messages: values.map((value, partition) => ({ value, partition })),
  });
  await producer.disconnect();
  return values;
}

async function read(room: Room<KafkaOptions>, count: number): Promise<readonly string[]> {
  const consumer = client(room).consumer({ groupId: 'reader', maxWaitTimeInMs: 200 });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic.name], fromBeginning: true });
  const values = await new Promise<string[]>((resolve, reject) => {
    const all: string[] = [];
    const eachMessage = async ({ message }: { message: { value: Buffer | null } }) => {
      all.push(String(message.value));
      if (all.length === count) resolve(all);
    };
    consumer.run({ autoCommit: false, eachMessage }).catch(reject);
  });
  await consumer.disconnect();
  return values.sort();
}
