/** The newest delivered alerts: a list in Redis, written by the alerts service and read by the query service. */
import type { Redis } from 'ioredis';
import type { z } from 'zod';
import { physical } from '../../../platform/model/names.ts';
import type { alertAnswer } from './answers.ts';

export type Alert = z.output<typeof alertAnswer>;

const keptAlerts = 500;
const keyOf = (pipeline: string) => physical.redisKey(pipeline, 'alerts:delivered');

/** Puts the alert first. One that is delivered again, as after a crash, takes its own place anew. */
export async function recordAlert(redis: Redis, pipeline: string, alert: Alert): Promise<void> {
  const key = keyOf(pipeline);
  const text = JSON.stringify(alert);
  const results = await redis
    .multi()
    .lrem(key, 0, text)
    .lpush(key, text)
    .ltrim(key, 0, keptAlerts - 1)
    .exec();
  const failed = results?.find(([error]) => error !== null);
  if (failed?.[0]) throw failed[0];
}

/** Newest first. */
export async function readAlerts(redis: Redis, pipeline: string, limit: number): Promise<Alert[]> {
  const texts = await redis.lrange(keyOf(pipeline), 0, limit - 1);
  return texts.map((text) => JSON.parse(text) as Alert);
}
