/** Client verbs of Redis. Each is idempotent, and throws SERVER_UNREACHABLE when asking again may help. */
import { Redis } from 'ioredis';
import { fail, MillraceError } from '../../errors.ts';
import type { FrameworkAccess } from '../contract.ts';
import { redisAccess, redisAdminUser } from './access.ts';
import { redisReady } from './ready.ts';
import type { RedisOptions } from './spec.ts';

/** Jobs of one BullMQ queue, by state. */
export interface QueueCounts {
  readonly name: string;
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
  readonly completed: number;
  readonly failed: number;
}

export interface RedisAdmin {
  /** Deletes every key that starts with the prefix; answers how many there were. Throws INVALID_ARGUMENT for an empty one. */
  removeKeys(prefix: string): Promise<number>;
  /** Keys that start with the prefix, sorted. */
  listKeys(prefix: string): Promise<readonly string[]>;
  /** BullMQ queues (of BullMQ's default key prefix `bull`) whose names start with `namePrefix`, sorted by name. */
  queues(namePrefix: string): Promise<readonly QueueCounts[]>;
  /** Deletes the queue of exactly this name with all its jobs; answers whether there was one. */
  removeQueue(name: string): Promise<boolean>;
  close(): Promise<void>;
}

/** Logs in as the admin. Throws WRONG_IDENTITY, before anything is written, when the server is not ours. */
export async function connectRedisAdmin(access: FrameworkAccess<RedisOptions>): Promise<RedisAdmin> {
  const { host, port } = redisAccess(access);
  const endpoint = `${host}:${port}`;
  const { ready, waitingFor } = await redisReady(access, access.placements[0]!);
  if (!ready) fail('SERVER_UNREACHABLE', { framework: 'Redis', endpoint, reason: `still waiting for ${waitingFor}` });
  const redis = adminClient(host, port, access.secret('admin'));
  redis.on('error', () => undefined);
  const ask = <T>(work: () => Promise<T>) => asking(endpoint, work);
  await ask(() => redis.connect());
  return {
    removeKeys: (prefix) => ask(() => removeKeys(redis, prefix)),
    listKeys: (prefix) => ask(() => listKeys(redis, prefix)),
    queues: (namePrefix) => ask(() => queuesOf(redis, namePrefix)),
    removeQueue: (name) => ask(async () => (await removeKeys(redis, `bull:${name}:`)) > 0),
    close: async () => redis.disconnect(),
  };
}

function adminClient(host: string, port: number, password: string): Redis {
  return new Redis({
    host,
    port,
    username: redisAdminUser,
    password,
    lazyConnect: true,
    connectTimeout: 3000,
    commandTimeout: 10_000,
    maxRetriesPerRequest: 1,
    retryStrategy: () => null,
  });
}

async function asking<T>(endpoint: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof MillraceError || !(error instanceof Error)) throw error;
    return fail('SERVER_UNREACHABLE', { framework: 'Redis', endpoint, reason: error.message }, error);
  }
}

/** Calls `visit` with batches of keys; a key may come twice, as SCAN may return it twice. */
async function scan(redis: Redis, pattern: string, visit: (keys: string[]) => Promise<void>): Promise<void> {
  let cursor = '0';
  do {
    const [next, keys] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', 1000);
    if (keys.length > 0) await visit(keys);
    cursor = next;
  } while (cursor !== '0');
}

async function removeKeys(redis: Redis, prefix: string): Promise<number> {
  if (prefix === '')
    fail('INVALID_ARGUMENT', { reason: 'An empty prefix would delete every key.', command: 'destroy' });
  let removed = 0;
  await scan(redis, `${escaped(prefix)}*`, async (keys) => {
    removed += await redis.unlink(...keys);
  });
  return removed;
}

async function listKeys(redis: Redis, prefix: string): Promise<readonly string[]> {
  const found = new Set<string>();
  await scan(redis, `${escaped(prefix)}*`, async (keys) => {
    for (const key of keys) found.add(key);
  });
  return [...found].sort();
}

async function queuesOf(redis: Redis, namePrefix: string): Promise<readonly QueueCounts[]> {
  const names = new Set<string>();
  await scan(redis, `bull:${escaped(namePrefix)}*:meta`, async (keys) => {
    for (const key of keys) names.add(key.slice('bull:'.length, -':meta'.length));
  });
  return Promise.all([...names].sort().map((name) => countsOf(redis, name)));
}

/** Keys of a queue as BullMQ names them (https://docs.bullmq.io/guide/architecture). */
async function countsOf(redis: Redis, name: string): Promise<QueueCounts> {
  const key = (state: string) => `bull:${name}:${state}`;
  const [wait, paused, prioritized, active, delayed, completed, failed] = await Promise.all([
    redis.llen(key('wait')),
    redis.llen(key('paused')),
    redis.zcard(key('prioritized')),
    redis.llen(key('active')),
    redis.zcard(key('delayed')),
    redis.zcard(key('completed')),
    redis.zcard(key('failed')),
  ]);
  return { name, waiting: wait + paused + prioritized, active, delayed, completed, failed };
}

/** Takes a text literally in a glob pattern of Redis. */
function escaped(text: string): string {
  return text.replace(/[\\*?[\]^-]/g, '\\$&');
}
