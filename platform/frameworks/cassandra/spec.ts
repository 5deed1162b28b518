import { z } from 'zod';

/** Options of the Cassandra package. Sizes are per node. */
export const cassandraOptions = z
  .object({
    nodes: z
      .number()
      .int()
      .min(1)
      .max(3)
      .default(1)
      .describe('Nodes, each on a machine or loopback address of its own. Every row is on all of them.'),
    heapMiB: z.number().int().min(384).max(31_744).default(512).describe('Java heap of a node, in MiB'),
    profile: z
      .enum(['laptop', 'server'])
      .default('laptop')
      .describe('laptop: starts fast and small (C1 compiler, serial collector). server: highest steady throughput.'),
    diskMiB: z
      .number()
      .int()
      .min(128)
      .max(10_485_760)
      .default(1024)
      .describe('Disk asked for data and commit log, in MiB'),
  })
  .strict();

export type CassandraOptions = z.infer<typeof cassandraOptions>;
