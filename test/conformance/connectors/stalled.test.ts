/** A Kafka source whose fetches are never answered, on a real broker behind a proxy: noticed, told, made anew; and what is not. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import type { Batch, Source } from '../../../platform/connectors/contract.ts';
import { createKafkaSource } from '../../../platform/connectors/kafka/source.ts';
import { kafkaPackage } from '../../../platform/frameworks/kafka/package.ts';
import { physical } from '../../../platform/model/names.ts';
import { type KafkaServer, startKafka } from '../../fixtures/servers.ts';
import { SwallowingProxy } from '../../fixtures/swallowingProxy.ts';
import { produce } from './readTopic.ts';

jest.setTimeout(240_000);
const pipeline = 'shop';
/** What the broker says of itself is the proxy's port; it listens on another. */
const [port, brokerPort] = [12_470, 12_475];
/** A twelfth of what holds in a pipeline, and far less than the 60 s after which a silent consumer is given up. */
const watch = { askMs: 2500, stuckMs: 5000 };

const behindProxy: typeof kafkaPackage = {
  ...kafkaPackage,
  render(context) {
    const spec = kafkaPackage.render(context);
    const moved = (content: string) => content.replace(/^(listeners=CLIENT:\/\/127\.0\.0\.1:)\d+/m, `$1${brokerPort}`);
    return { ...spec, files: spec.files.map((file) => ({ ...file, content: moved(file.content) })) };
  },
};

let proxy: SwallowingProxy;
let kafka: KafkaServer;
let topic: string;
let source: Source;
let values: number[];
let committed: number;
let gaveUp: string[];
const said: string[] = [];

beforeAll(async () => {
  proxy = new SwallowingProxy(port, brokerPort);
  kafka = await startKafka(port, pipeline, {}, behindProxy);
}, 300_000);
afterAll(async () => {
  await kafka?.server.remove();
  await proxy?.close();
});
beforeEach(async () => {
  const name = `topic-${randomUUID()}`;
  topic = physical.topic(pipeline, name);
  await kafka.makeTopics([name], 2);
  [said.length, values, committed, gaveUp] = [0, [], 0, []];
  source = createKafkaSource({
    ...{ access: kafka.access, clientId: 'test', topic, groupId: topic, watch },
    log: (message) => said.push(message),
    giveUp: (reason) => gaveUp.push(reason),
  });
});
afterEach(async () => {
  proxy.swallows = () => false;
  kafka.server.resume();
  await source.stop();
});

const send = (first: number, count: number) =>
  produce(
    kafka.access,
    topic,
    Array.from({ length: count }, (_, i) => ({ key: null, value: `${first + i}`, partition: i % 2 })),
  );
const take = async (batch: Batch) => {
  for (const { value } of batch.records) values.push(Number(`${value}`));
  await batch.done();
  committed += batch.records.length;
};
const until = async (wanted: () => boolean) => {
  while (!wanted()) await sleep(20);
};
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
const sorted = () => values.toSorted((a, b) => a - b);

test('a consumer whose fetches are not answered is made anew, which is told; each record comes once', async () => {
  await source.start(take);
  await send(0, 100);
  await until(() => committed === 100);
  const before = proxy.connections;
  proxy.swallows = (connection) => connection <= before;
  await send(100, 100);
  await until(() => values.length >= 200);
  expect(sorted()).toEqual(numbers(200));
  expect(said.join('\n')).toMatch(
    /nothing was read of partitions [01](, 1)? of \S+ since \S+Z, though \d+ records wait/,
  );
  expect(source.state()).toMatchObject({ stalls: 1, waitingFor: '', offsetResets: 0 });
  expect(gaveUp).toEqual([]);
});

test('a new consumer that stands still at the same place is a reason to end the process', async () => {
  await source.start(take);
  await send(0, 100);
  await until(() => committed === 100);
  proxy.swallows = () => true;
  await send(100, 100);
  await until(() => gaveUp.length > 0);
  expect(gaveUp[0]).toMatch(/nothing was read of partitions/);
  expect(source.state().stalls).toBe(2);
  expect(source.state().waitingFor).toMatch(/nothing was read of partitions/);
  proxy.swallows = () => false;
  await until(() => values.length >= 200);
  expect(sorted()).toEqual(numbers(200));
});

test('a batch that the store does not take, and a broker that does not answer, are no such reason', async () => {
  const held = Promise.withResolvers<void>();
  await source.start(async (batch) => {
    await held.promise;
    await take(batch);
  });
  await send(0, 200);
  await sleep(2 * watch.stuckMs);
  expect(source.state()).toMatchObject({ stalls: 0, waitingFor: '' });
  held.resolve();
  await until(() => committed === 200);
  kafka.server.hang();
  await sleep(3 * watch.stuckMs);
  expect(source.state().stalls).toBe(0);
  kafka.server.resume();
  await send(200, 100);
  await until(() => values.length >= 300);
  expect(sorted()).toEqual(numbers(300));
  expect(source.state().stalls).toBe(0);
});
