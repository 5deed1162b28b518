import { expect, it } from '@jest/globals';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import type { FrameworkAccess } from '../../../platform/frameworks/contract.ts';
import { redisAccess } from '../../../platform/frameworks/redis/access.ts';
import { connectRedisAdmin, type RedisAdmin } from '../../../platform/frameworks/redis/admin.ts';
import { redisPackage } from '../../../platform/frameworks/redis/package.ts';
import type { RedisOptions } from '../../../platform/frameworks/redis/spec.ts';
import { frameworkSuite, type Server } from './suite.ts';

type Access = FrameworkAccess<RedisOptions>;

frameworkSuite(
  redisPackage,
  12290,
  {
    refusesForeignData: false,
    write: (access) => withClient(access, async (redis) => void (await redis.set('mark', access.identity))),
    read: (access) => withClient(access, async (redis) => (await redis.get('mark')) === access.identity),
  },
  adminVerbs,
);

function adminVerbs(server: Server<RedisOptions>): void {
  const asAdmin = <T>(use: (admin: RedisAdmin) => Promise<T>) => withAdmin(server.room.access, use);
  const asClient = <T>(use: (redis: Redis) => Promise<T>) => withClient(server.room.access, use);

  it('refuses to work on another server', async () => {
    const asked = connectRedisAdmin({ ...server.room.access, identity: 'another' });
    await expect(asked).rejects.toMatchObject({ code: 'WRONG_IDENTITY' });
  });
  it('removes the keys of a prefix, taken literally, and no other', async () => {
    const kept = ['shop-more:one', 'shopx1', 'shop'];
    const removed = ['shop*[1]:one', 'shop*[1]:two'];
    for (const key of [...kept, ...removed]) await asClient((redis) => redis.set(key, '1'));
    expect(await asAdmin((admin) => admin.listKeys('shop*[1]:'))).toEqual(removed);
    expect(await asAdmin((admin) => admin.removeKeys('shop*[1]:'))).toBe(2);
    expect(await asAdmin((admin) => admin.removeKeys('shop*[1]:'))).toBe(0);
    expect(await asAdmin((admin) => admin.listKeys('shop'))).toEqual([...kept].sort());
  });
  it('refuses an empty prefix', async () => {
    await expect(asAdmin((admin) => admin.removeKeys(''))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
  it('counts and removes a queue of BullMQ', async () => {
    const queue = new Queue('shop.alerts', { connection: redisAccess(server.room.access) });
    await queue.add('alert', { text: 'one' });
    await queue.add('alert', { text: 'later' }, { delay: 3_600_000 });
    await queue.close();
    await queue.disconnect();
    const [counts] = await asAdmin((admin) => admin.queues('shop.'));
    expect(counts).toEqual({ name: 'shop.alerts', waiting: 1, active: 0, delayed: 1, completed: 0, failed: 0 });
    expect(await asAdmin((admin) => admin.removeQueue('shop.alerts'))).toBe(true);
    expect(await asAdmin((admin) => admin.removeQueue('shop.alerts'))).toBe(false);
    expect(await asAdmin((admin) => admin.queues('shop.'))).toEqual([]);
  });
  it('does not let a client change the server or flush it', async () => {
    for (const command of [['FLUSHALL'], ['CONFIG', 'SET', 'maxmemory', '1'], ['ACL', 'LIST'], ['SHUTDOWN']]) {
      const [verb, ...rest] = command;
      await expect(asClient((redis) => redis.call(verb!, ...rest))).rejects.toThrow('NOPERM');
    }
  });
  it('refuses writes when its memory is full, and keeps what it has', async () => {
    const value = 'x'.repeat(8 << 20);
    const fill = () =>
      asClient(async (redis) => {
        for (let i = 0; i < 40; i++) await redis.set(`fill:${i}`, value);
      });
    await expect(fill()).rejects.toThrow('OOM');
    expect(await asClient((redis) => redis.strlen('fill:0'))).toBe(value.length);
    await asAdmin((admin) => admin.removeKeys('fill:'));
  });
}

async function withAdmin<T>(access: Access, use: (admin: RedisAdmin) => Promise<T>): Promise<T> {
  const admin = await connectRedisAdmin(access);
  try {
    return await use(admin);
  } finally {
    await admin.close();
  }
}

async function withClient<T>(access: Access, use: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis({ ...redisAccess(access), lazyConnect: true, retryStrategy: () => null });
  try {
    await redis.connect();
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}
