import { z } from 'zod';

/** Options of the Redis package (the server is Valkey, which speaks the same protocol). */
export const redisOptions = z
  .object({
    maxMemoryMiB: z
      .number()
      .int()
      .min(16)
      .max(1_048_576)
      .default(128)
      .describe(
        'Memory for data, in MiB. When it is full, writes are refused (noeviction): a queue must not lose jobs.',
      ),
    fsync: z
      .enum(['everysec', 'always'])
      .default('everysec')
      .describe('When the log of writes goes to the disk. everysec: a crash of the machine may lose the last second.'),
    diskMiB: z.number().int().min(16).max(10_485_760).default(256).describe('Disk asked for the log of writes, in MiB'),
  })
  .strict();

export type RedisOptions = z.infer<typeof redisOptions>;
