/** A Kafka source on three real brokers, one of which is killed: what kafkajs does then must not take the process along. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { KafkaAccess } from '../../../platform/connectors/config.ts';
import { kafkaAccess, kafkaAdminUser } from '../../../platform/frameworks/kafka/access.ts';
import { connectKafkaAdmin } from '../../../platform/frameworks/kafka/admin.ts';
import { kafkaPackage } from '../../../platform/frameworks/kafka/package.ts';
import type { KafkaOptions } from '../../../platform/frameworks/kafka/spec.ts';
import type { FromSourceHost, SourceHostOptions } from '../../fixtures/sourceHost.ts';
import { artifactsForTests } from '../frameworks/artifacts.ts';
import { makeRoom, type Room } from '../frameworks/room.ts';
import { end, type RunningTask, start, untilReady } from '../frameworks/runner.ts';
import { clientOf, produce } from './readTopic.ts';

jest.setTimeout(120_000);
const topic = 'shop.orders';
const groupId = 'shop.store-orders';
const brokers = [0, 1, 2];
let room: Room<KafkaOptions>;
let access: KafkaAccess;
let host: ChildProcess | undefined;
const tasks: RunningTask[] = [];

beforeAll(async () => {
  const address = (instance: number) => `127.0.0.${instance + 1}`;
  room = makeRoom(kafkaPackage, { brokers: 3 }, { artifacts: await artifactsForTests(), firstPort: 12_480, address });
  await Promise.all(
    brokers.map((instance) => {
      const context = room.context(instance);
      tasks[instance] = start(kafkaPackage.render(context), room.root);
      return untilReady(kafkaPackage, room.access, context.placement, tasks[instance]);
    }),
  );
  const admin = await connectKafkaAdmin(room.access);
  await admin.ensureUser('pipeline-shop', 'password', 'shop.');
  await admin.ensureTopics([{ name: topic, partitions: 3, replicationFactor: 3, config: {} }]);
  await admin.close();
  access = kafkaAccess(room.access, 'pipeline-shop', 'password');
});
afterAll(async () => {
  host?.kill('SIGKILL');
  await Promise.all(tasks.map((task) => end(task, 'SIGKILL')));
  if (room) rmSync(room.root, { recursive: true, force: true });
});

function startHost(): (word: FromSourceHost) => Promise<void> {
  const options: SourceHostOptions = { access, topic, groupId };
  const { NODE_OPTIONS: _ofJest, ...env } = process.env;
  host = fork(new URL('../../fixtures/sourceHost.ts', import.meta.url), [JSON.stringify(options)], { env });
  const said: FromSourceHost[] = [];
  host.on('message', (word: FromSourceHost) => said.push(word));
  return async (word) => {
    while (!said.includes(word)) await sleep(20);
  };
}

async function asAdmin<T>(use: (admin: ReturnType<ReturnType<typeof clientOf>['admin']>) => Promise<T>): Promise<T> {
  const admin = clientOf(kafkaAccess(room.access, kafkaAdminUser, room.access.secret('admin'))).admin();
  await admin.connect();
  return use(admin).finally(() => admin.disconnect());
}

/** The leader of the topic's first partition, and the broker that coordinates the group. */
async function inUse(): Promise<{ readonly leader: number; readonly coordinator: number }> {
  const { topics } = await asAdmin((admin) => admin.fetchTopicMetadata({ topics: [topic, '__consumer_offsets'] }));
  const partitionsOf = (name: string) => topics.find((each) => each.name === name)!.partitions;
  // As brokers choose it: Java's hash of the group's name.
  const hash = [...groupId].reduce((sum, letter) => (Math.imul(sum, 31) + letter.charCodeAt(0)) | 0, 0);
  const offsets = partitionsOf('__consumer_offsets');
  const leaderOf = (all: typeof offsets, id: number) => all.find(({ partitionId }) => partitionId === id)!.leader;
  return {
    leader: leaderOf(partitionsOf(topic), 0),
    coordinator: leaderOf(offsets, (hash & 0x7fff_ffff) % offsets.length),
  };
}

test('a source that is stopped while its consumer leaves a killed broker commits what is in hand, and its process ends', async () => {
  const until = startHost();
  await until('connected');
  const { leader, coordinator } = await inUse();
  const bystander = brokers.find((broker) => broker !== leader && broker !== coordinator)!;
  await produce(access, topic, [{ key: 'one', value: 'one', partition: 0 }]);
  await until('taken');
  await end(tasks[bystander]!, 'SIGKILL');
  // Time to see the broker gone. kafkajs then waits for the batch in hand before it makes its fetchers anew.
  await sleep(4000);
  host!.send('stop');
  await sleep(500);
  host!.send('release');
  const ended = once(host!, 'exit');
  await until('stopped');
  expect(await ended).toEqual([0, null]);
  const [found] = await asAdmin((admin) => admin.fetchOffsets({ groupId, topics: [topic] }));
  expect(found!.partitions.find(({ partition }) => partition === 0)!.offset).toBe('1');
});
