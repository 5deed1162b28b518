import { z } from 'zod';

/** Options of the Kafka package. Sizes are per broker. */
export const kafkaOptions = z
  .object({
    brokers: z
      .number()
      .int()
      .min(1)
      .max(3)
      .default(1)
      .describe('Brokers, each also a KRaft controller. With 3, a topic survives the loss of any one.'),
    heapMiB: z.number().int().min(192).max(16_384).default(224).describe('Java heap of a broker, in MiB'),
    profile: z
      .enum(['laptop', 'server'])
      .default('laptop')
      .describe('laptop: starts fast and small (C1 compiler, serial collector). server: highest steady throughput.'),
    retentionMs: z
      .number()
      .int()
      .min(60_000)
      .max(31_536_000_000)
      .default(86_400_000)
      .describe('How long records stay in a topic that does not say it itself, in milliseconds'),
    maxMessageBytes: z
      .number()
      .int()
      .min(1024)
      .max(16_777_216)
      .default(1_048_588)
      .describe('Largest record batch that a broker takes, in bytes'),
    diskMiB: z.number().int().min(64).max(10_485_760).default(512).describe('Disk asked for the log, in MiB'),
  })
  .strict();

export type KafkaOptions = z.infer<typeof kafkaOptions>;
