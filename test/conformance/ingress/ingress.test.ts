/** The ingress against a real broker, as a pipeline's own user: what was answered 202 is in the topic, whatever happens. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type IHeaders, Kafka, logLevel } from 'kafkajs';
import type { KafkaAccess } from '../../../platform/connectors/config.ts';
import { createIngress, type Ingress } from '../../../platform/connectors/http/ingress.ts';
import { kafkaAccess } from '../../../platform/frameworks/kafka/access.ts';
import { connectKafkaAdmin } from '../../../platform/frameworks/kafka/admin.ts';
import { kafkaPackage } from '../../../platform/frameworks/kafka/package.ts';
import type { KafkaOptions } from '../../../platform/frameworks/kafka/spec.ts';
import { physical } from '../../../platform/model/names.ts';
import { createSpanRecorder, type SpanRecorder } from '../../../platform/telemetry/recorder.ts';
import { findTrace } from '../../../platform/telemetry/traceStore.ts';
import { batch, binary, configOf, data, event, memoryMeter, send } from '../../unit/ingress/harness.ts';
import { artifactsForTests } from '../frameworks/artifacts.ts';
import { makeRoom, type Room } from '../frameworks/room.ts';
import { end, type RunningTask, start, untilReady } from '../frameworks/runner.ts';

jest.setTimeout(240_000);

const pipeline = 'flight-delays';
const topic = physical.topic(pipeline, 'flights');
const user = physical.user(pipeline);

let room: Room<KafkaOptions>;
let broker: RunningTask;
let access: KafkaAccess;
let spansDir: string;
let recorder: SpanRecorder;
let ingress: Ingress;
let port: number;

async function startBroker(): Promise<void> {
  const context = room.context(0);
  broker = start(kafkaPackage.render(context), room.root);
  await untilReady(kafkaPackage, room.access, context.placement, broker);
}

async function startIngress(kafka: KafkaAccess): Promise<Ingress> {
  const made = createIngress({ ...configOf(), kafka, spansDir }, { recorder, meter: memoryMeter(), log: () => {} });
  port = await made.start();
  return made;
}

async function untilTaking(): Promise<void> {
  while (ingress.waitingFor() !== undefined) await new Promise((resolve) => setTimeout(resolve, 50));
}

beforeAll(async () => {
  room = makeRoom(kafkaPackage, {}, { artifacts: await artifactsForTests(), firstPort: 12_540 });
  spansDir = await mkdtemp(join(tmpdir(), 'millrace-spans-'));
  recorder = createSpanRecorder({
    service: `${pipeline}.ingress`,
    instance: `${pipeline}.ingress.0`,
    spansDir,
    env: {},
  });
  await startBroker();
  const admin = await connectKafkaAdmin(room.access);
  await admin.ensureTopics([{ name: topic, partitions: 3, replicationFactor: 1, config: {} }]);
  await admin.ensureUser(user, 'secret of the pipeline', `${pipeline}.`);
  await admin.close();
  access = kafkaAccess(room.access, user, 'secret of the pipeline');
  ingress = await startIngress(access);
  await untilTaking();
});

afterAll(async () => {
  await ingress?.stop();
  await recorder?.shutdown();
  if (broker !== undefined) await end(broker);
  if (room) await rm(room.root, { recursive: true, force: true });
  if (spansDir) await rm(spansDir, { recursive: true, force: true });
});

interface StoredRecord {
  readonly key: string;
  readonly value: string;
  readonly headers: IHeaders;
}

/** Every record of the topic, from its beginning to its present end. */
async function recordsInTopic(): Promise<StoredRecord[]> {
  const sasl = { mechanism: 'scram-sha-512' as const, username: user, password: access.password };
  const kafka = new Kafka({ brokers: [...access.brokers], sasl, logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const ends = (await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => [partition, BigInt(high)] as const);
  await admin.disconnect();
  const open = new Map(ends.filter(([, high]) => high > 0n));
  const records: StoredRecord[] = [];
  const consumer = kafka.consumer({ groupId: `${pipeline}.test-${Date.now()}`, maxWaitTimeInMs: 200 });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    if (open.size === 0) resolve();
    const eachMessage: NonNullable<Parameters<typeof consumer.run>[0]>['eachMessage'] = async ({
      partition,
      message,
    }) => {
      records.push({ key: String(message.key), value: String(message.value), headers: message.headers ?? {} });
      if (BigInt(message.offset) + 1n >= open.get(partition)!) open.delete(partition);
      if (open.size === 0) resolve();
    };
    consumer.run({ autoCommit: false, eachMessage }).catch(reject);
  });
  await consumer.disconnect();
  return records;
}

const idOf = (record: StoredRecord) => String(record.headers.ce_id);
const eventsOf = (mark: string, count: number) =>
  Array.from({ length: count }, (_, i) => event({ id: `${mark}-${i}` }));
const sendBatch = (events: readonly unknown[]) => send(port, { headers: batch, body: JSON.stringify(events) });

describe('the ingress on a real broker', () => {
  test('stores what it acknowledges, with every header, under the key of the topic', async () => {
    const answer = await send(port, { headers: { ...binary, 'ce-id': 'one' }, body: JSON.stringify(data) });
    expect(answer.status).toBe(202);
    const stored = (await recordsInTopic()).find((record) => idOf(record) === 'one')!;
    expect([stored.key, JSON.parse(stored.value)]).toEqual(['one', data]);
    const headers = Object.fromEntries(Object.entries(stored.headers).map(([name, value]) => [name, String(value)]));
    expect(headers).toMatchObject({ ce_specversion: '1.0', ce_source: '/test', ce_type: 'flight' });
    expect(headers['millrace-pathway']).toMatch(/^2;[0-9a-f]{16};(\d{13});\1$/);

    await recorder.flush();
    const trace = await findTrace(spansDir, { eventId: 'one' });
    expect(trace?.spans.map((span) => span.name)).toEqual(['POST /events', `kafka send ${topic}`]);
    expect(headers.traceparent).toBe(`00-${trace?.traceId}-${trace?.spans[1]?.spanId}-01`);
  });

  test('stores a batch that is larger than one request to the broker may be', async () => {
    const events = eventsOf('large', 2000).map((item) => ({ ...item, data: { ...data, note: 'x'.repeat(1500) } }));
    expect(await sendBatch(events)).toMatchObject({ status: 202, body: { accepted: 2000 } });
    const ids = (await recordsInTopic()).map(idOf).filter((id) => id.startsWith('large-'));
    expect(ids).toHaveLength(2000);
    expect(new Set(ids).size).toBe(2000);
  });

  test('many callers at once', async () => {
    const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => sendBatch(eventsOf(`many-${i}`, 5))));
    expect(answers.every((answer) => answer.status === 202)).toBe(true);
    expect((await recordsInTopic()).filter((record) => idOf(record).startsWith('many-'))).toHaveLength(1000);
  });

  test('an invalid event stores nothing of its batch', async () => {
    const events = [...eventsOf('half', 3), event({ id: 'half-3', data: {} })];
    expect((await sendBatch(events)).status).toBe(400);
    expect((await recordsInTopic()).filter((record) => idOf(record).startsWith('half-'))).toEqual([]);
  });

  test('a killed broker: refused with 503 until it is back, and nothing acknowledged is lost', async () => {
    const acknowledged: string[] = [];
    const statuses = new Set<number>();
    let running = true;
    const caller = async (name: string): Promise<void> => {
      for (let n = 0; running || n === 0; n++) {
        const events = eventsOf(`${name}-${n}`, 10);
        for (let status = 0; status !== 202; ) {
          status = (await sendBatch(events)).status;
          statuses.add(status);
          if (status !== 202) await new Promise((resolve) => setTimeout(resolve, 100));
        }
        acknowledged.push(...events.map((item) => String(item.id)));
      }
    };
    const callers = ['kill-a', 'kill-b', 'kill-c'].map(caller);
    while (acknowledged.length < 300) await new Promise((resolve) => setTimeout(resolve, 10));
    await end(broker, 'SIGKILL');
    while (!statuses.has(503)) await new Promise((resolve) => setTimeout(resolve, 50));
    const before = acknowledged.length;
    await startBroker();
    while (acknowledged.length < before + 300) await new Promise((resolve) => setTimeout(resolve, 10));
    running = false;
    await Promise.all(callers);

    expect([...statuses].sort()).toEqual([202, 503]);
    const stored = new Set((await recordsInTopic()).map(idOf));
    expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
  });

  test('a cluster that is not ours gets nothing', async () => {
    await ingress.stop();
    ingress = await startIngress({ ...access, clusterId: 'another-cluster-1234' });
    while (!ingress.waitingFor()?.includes('not ours')) await new Promise((resolve) => setTimeout(resolve, 20));
    const answer = await sendBatch(eventsOf('foreign', 1));
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    expect(answer.body.message).toContain('expected Kafka cluster another-cluster-1234');
    expect((await recordsInTopic()).filter((record) => idOf(record).startsWith('foreign-'))).toEqual([]);
  });

  test('a wrong password is told as what is waited for', async () => {
    await ingress.stop();
    ingress = await startIngress({ ...access, password: 'wrong' });
    while (!ingress.waitingFor()?.includes('uthentication')) await new Promise((resolve) => setTimeout(resolve, 20));
    expect((await sendBatch(eventsOf('wrong', 1))).status).toBe(503);
  });
});
