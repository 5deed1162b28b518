/** Redis clients that fail fast: what waits, waits in the flow, where it is seen. */
import { Redis } from 'ioredis';
import { MillraceError } from '../../errors.ts';
import { reasonOf } from '../backoff.ts';
import type { RedisAccess } from '../config.ts';

const commandTimeoutMs = 10_000;

/** Not connected yet; `connectRedis` does that. Commands reject while there is no connection. */
export function redisOptions({ host, port, password }: RedisAccess) {
  return {
    host,
    port,
    password,
    lazyConnect: true,
    connectTimeout: 3000,
    commandTimeout: commandTimeoutMs,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt: number) => Math.min(2000, attempt * 100),
  };
}

/**
 * For clients without blocking commands. A server that hangs keeps its connections: what is written to it, again with each
 * attempt, would pile up in this process. So a connection that does not answer is destroyed, and what waits in it with it.
 */
export const givesUpSilence = { socketTimeout: commandTimeoutMs } as const;

/** Rejects when nothing answers, when the password is refused, or when the server asks for none: then it is not ours. */
export async function connectRedis(access: RedisAccess): Promise<Redis> {
  const redis = new Redis({ ...redisOptions(access), ...givesUpSilence, retryStrategy: () => null });
  let lastError: unknown;
  redis.on('error', (error) => {
    lastError = error;
  });
  try {
    await redis.connect();
    await redis.auth(access.password);
  } catch (error) {
    redis.disconnect();
    throw refusal(access, lastError ?? error);
  }
  redis.options.retryStrategy = redisOptions(access).retryStrategy;
  return redis;
}

/**
 * The password is generated, so a server that takes it is ours. One that has none would take every client; it says so when
 * it is given one.
 */
function refusal({ host, port }: RedisAccess, error: unknown): unknown {
  const found = reasonOf(error);
  if (!/WRONGPASS|NOAUTH|without any password|AUTH failed/i.test(found)) return error;
  const details = { endpoint: `${host}:${port}`, expected: 'our Redis with its password', found };
  return new MillraceError('WRONG_IDENTITY', details, error);
}
