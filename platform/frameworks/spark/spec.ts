import { z } from 'zod';

/** Options of the Spark package: one standalone master and its workers. */
export const sparkOptions = z
  .object({
    workers: z
      .number()
      .int()
      .min(1)
      .max(16)
      .default(1)
      .describe('Workers, each on a node of its own where there are more'),
    workerCores: z
      .number()
      .int()
      .min(2)
      .max(1024)
      .default(32)
      .describe(
        'Task slots of a worker. A real-time job holds one for each partition of its input all the time, mostly waiting, so that slots may exceed cores.',
      ),
    workerMemoryMiB: z
      .number()
      .int()
      .min(256)
      .max(1_048_576)
      .default(448)
      .describe('Java heap that a worker may give to executors, in MiB, over all pipelines'),
    daemonHeapMiB: z
      .number()
      .int()
      .min(48)
      .max(4096)
      .default(64)
      .describe('Java heap of the master and of each worker, in MiB'),
    driverHeapMiB: z
      .number()
      .int()
      .min(128)
      .max(65_536)
      .default(224)
      .describe("Java heap of a pipeline's driver, in MiB"),
    executorHeapMiB: z.number().int().min(128).max(65_536).default(208).describe('Java heap of an executor, in MiB'),
    profile: z
      .enum(['laptop', 'server'])
      .default('laptop')
      .describe('laptop: starts fast and small (C1 compiler, serial collector). server: highest steady throughput.'),
    diskMiB: z.number().int().min(64).max(10_485_760).default(256).describe('Disk asked for each worker, in MiB'),
  })
  .strict()
  .refine(({ workerMemoryMiB, executorHeapMiB }) => executorHeapMiB <= workerMemoryMiB, {
    path: ['executorHeapMiB'],
    message: 'an executor must fit into workerMemoryMiB',
  });

export type SparkOptions = z.infer<typeof sparkOptions>;
