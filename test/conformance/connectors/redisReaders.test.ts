import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { readQueueDepths } from '../../../platform/connectors/bullmq/depth.ts';
import { createQueueSink, jobIdOf, type QueuedEvent } from '../../../platform/connectors/bullmq/queue.ts';
import { createQueueWorker } from '../../../platform/connectors/bullmq/worker.ts';
import { openProjection } from '../../../platform/connectors/redis/projection.ts';
import { createRedisSink } from '../../../platform/connectors/redis/sink.ts';
import { physical } from '../../../platform/model/names.ts';
import { formatPathwayHeader } from '../../../platform/telemetry/pathway/header.ts';
import { pathwayId, rootPathway } from '../../../platform/telemetry/pathway/pathways.ts';
import { type RedisServer, startRedis } from '../../fixtures/servers.ts';
import { flightEvent } from '../../unit/connectors/records.ts';
import { boardSchema, boardTarget } from './board.ts';
import { eventOf } from './sinkSuite.ts';

const pipeline = 'shop';
const log = () => {};
let redis: RedisServer;

beforeAll(async () => {
  redis = await startRedis(12_445);
}, 60_000);
afterAll(() => redis?.server.remove(), 60_000);

const redisSink = (target: typeof boardTarget) =>
  createRedisSink({ access: redis?.access, pipeline, target, schema: boardSchema });

describe('redis: a projection', () => {
  const small = { ...boardTarget, projection: 'small', member: 'origin', maxMembers: 3 };
  const at = (minute: number) => `2026-11-23T10:${`${minute}`.padStart(2, '0')}:00.000Z`;
  const result = (origin: string, delay_minutes: number, minute: number) =>
    flightEvent({ origin, delay_minutes, departed_at: at(minute) });

  test('keeps of each member the newest, of all members the highest, and tells what changed', async () => {
    const sink = redisSink(small);
    await sink.open();
    const board = await openProjection(redis.access, pipeline, 'small');
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
    expect(() => redisSink({ ...small, score: 'origin' })).toThrow(/not a number/);
    expect(() => redisSink({ ...small, version: 'nothing' })).toThrow(/not a field/);
  });
});

describe('bullmq: a queue', () => {
  const once = physical.queue(pipeline, 'once');

  test('how full it is, how old its oldest job, what was given up; and the pathway goes on to the worker', async () => {
    const deep = physical.queue(pipeline, 'deep');
    const sink = createQueueSink({
      ...{ access: redis.access, flow: 'notify', queue: deep },
      ...{ attempts: 1, retentionMs: 3_600_000 },
    });
    await sink.open();
    const originMs = Date.now() - 5000;
    const cameBy = pathwayId(rootPathway, 'ingress:ingress');
    const pathway = formatPathwayHeader({ pathway: cameBy, originMs, previousMs: originMs });
    const beforeMs = Date.now();
    await sink.write([{ ...eventOf('d-1', 1), pathway }, { ...eventOf('d-2', 2), pathway }, eventOf('bad', 3)]);
    const depths = () => readQueueDepths(redis.access, [deep, physical.queue(pipeline, 'nothing')], Date.now());
    const [full, nothing] = await depths();
    expect(full).toMatchObject({ queue: deep, waiting: 3, active: 0, delayed: 0, failed: 0, failedLately: 0 });
    expect(full!.oldestMs).toBeGreaterThanOrEqual(beforeMs);
    expect(full!.oldestMs).toBeLessThanOrEqual(Date.now());
    expect(nothing).toMatchObject({ waiting: 0, active: 0, failed: 0, oldestMs: null });
    const handler = async ({ id }: QueuedEvent) => {
      if (id === 'bad') throw new Error('never');
    };
    const worker = createQueueWorker({ pipeline, redis: redis.access }, 'deep', handler, { log });
    worker.start();
    while (worker.counters.completed < 2 || worker.counters.failed < 1) await sleep(20);
    expect((await depths())[0]).toMatchObject({ waiting: 0, failed: 1, failedLately: 1, oldestMs: null });
    const { checkpoint, ledger } = worker.report();
    const parent = pathwayId(cameBy, 'sink:notify');
    expect(checkpoint).toMatchObject({
      checkpoint: 'worker:queue:deep',
      pathways: [{ parent, pathway: pathwayId(parent, 'worker:queue:deep'), count: 2, endToEnd: { count: 2 } }],
    });
    expect(checkpoint.pathways[0]!.endToEnd.minMs).toBeGreaterThanOrEqual(5000);
    expect(ledger.cells[0]!.tallies.out).toMatchObject({ count: 2 });
    await Promise.all([worker.stop(), sink.close()]);
  });

  test('a worker gets each event once, tries again, and a replay adds nothing', async () => {
    const sink = createQueueSink({
      access: redis.access,
      flow: 'once',
      queue: once,
      attempts: 3,
      retentionMs: 3_600_000,
    });
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
    const queue = new Queue(once, { connection: { ...redis.access } });
    expect(await queue.getJobCountByTypes('waiting', 'active', 'delayed')).toBe(0);
    expect(await queue.getJobState(jobIdOf('a:1'))).toBe('completed');
    expect(seen.toSorted()).toEqual(['17', 'a:1', 'fails', 'fails']);
    expect(worker.counters).toEqual({ completed: 3, failed: 1 });
    expect(worker.waitingFor()).toBeUndefined();
    await Promise.all([worker.stop(), sink.close(), queue.close()]);
  });

  test('a worker says that Redis is away, and works on, and says so, when it is back after kill -9', async () => {
    const sink = createQueueSink({
      ...{ access: redis.access, flow: 'notify', queue: once },
      ...{ attempts: 3, retentionMs: 3_600_000 },
    });
    const seen: string[] = [];
    const handler = async ({ id }: { readonly id: string }) => void seen.push(id);
    const worker = createQueueWorker({ pipeline, redis: redis.access }, 'once', handler, { log });
    expect(worker.waitingFor()).toBe('Redis: not connected yet');
    worker.start();
    const until = async (isSo: () => boolean) => {
      while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 20));
    };
    await until(() => worker.waitingFor() === undefined);
    for (const round of [1, 2]) {
      await redis.server.kill();
      await until(() => worker.waitingFor()?.includes('ECONNREFUSED') ?? false);
      await redis.server.start();
      await until(() => worker.waitingFor() === undefined);
      await sink.open();
      await sink.write([eventOf(`after-${round}`, round)]);
      await until(() => seen.includes(`after-${round}`));
      await sink.close();
    }
    await worker.stop();
  }, 60_000);
});
