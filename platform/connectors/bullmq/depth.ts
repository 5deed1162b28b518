/** How full queues are, read without taking part in them. Keys as BullMQ names them (https://docs.bullmq.io/guide/architecture). */
import type { Redis } from 'ioredis';
import { failedSpanMs, type QueueDepth } from '../../model/queueDepth.ts';
import type { RedisAccess } from '../config.ts';
import { connectRedis } from '../redis/connection.ts';

/** Of queues by their physical names, in their order; one that nobody has filled is empty. Rejects when Redis does not answer. */
export async function readQueueDepths(
  access: RedisAccess,
  queues: readonly string[],
  nowMs: number,
): Promise<readonly QueueDepth[]> {
  const redis = await connectRedis(access);
  try {
    return await Promise.all(queues.map((queue) => depthOf(redis, queue, nowMs)));
  } finally {
    redis.disconnect();
  }
}

async function depthOf(redis: Redis, queue: string, nowMs: number): Promise<QueueDepth> {
  const key = (name: string) => `bull:${queue}:${name}`;
  const [wait, paused, prioritized, active, delayed, failed, failedLately, ...oldest] = await Promise.all([
    redis.llen(key('wait')),
    redis.llen(key('paused')),
    redis.zcard(key('prioritized')),
    redis.llen(key('active')),
    redis.zcard(key('delayed')),
    redis.zcard(key('failed')),
    redis.zcount(key('failed'), nowMs - failedSpanMs, '+inf'),
    // Jobs are put in on the left and taken from the right.
    redis.lindex(key('wait'), -1),
    redis.lindex(key('paused'), -1),
    redis.lindex(key('active'), -1),
    redis.zrange(key('delayed'), '0', '0').then(([job]) => job ?? null),
  ]);
  const added = await Promise.all(oldest.map((job) => (job === null ? null : redis.hget(key(`${job}`), 'timestamp'))));
  const times = added.flatMap((text) => (text === null || !Number.isFinite(Number(text)) ? [] : [Number(text)]));
  return {
    ...{ queue, waiting: wait + paused + prioritized, active, delayed, failed, failedLately },
    oldestMs: times.length === 0 ? null : Math.min(...times),
  };
}
