/** What lies in a pipeline's topics and tables. Payloads are text: the console shows them, nobody runs them. */
import { z } from 'zod';

/** Value cut at 64 KiB; `decoded`: by the topic's schema, null where it does not fit it (then `problem` says why). */
export const message = z.object({
  topic: z.string(),
  partition: z.number(),
  offset: z.string(),
  timestampMs: z.number(),
  key: z.string().nullable(),
  value: z.string().nullable(),
  truncated: z.boolean(),
  headers: z.record(z.string(), z.string()),
  decoded: z.record(z.string(), z.unknown()).nullable(),
  problem: z.string().nullable(),
});
export const topicInfo = z.object({
  /** In the blueprint, and in Kafka. */
  name: z.string(),
  topic: z.string(),
  partitions: z.array(z.object({ partition: z.number(), startOffset: z.number(), endOffset: z.number() })),
  retentionMs: z.number().nullable(),
  fields: z.array(z.object({ name: z.string(), type: z.string(), nullable: z.boolean(), doc: z.string() })),
  isDeadLetter: z.boolean(),
});
export const messageQuery = z.object({
  partition: z.coerce.number().int().min(0).optional(),
  /** First offset; without it and without `fromMs`: the newest, newest first. */
  offset: z.coerce.number().int().min(0).optional(),
  fromMs: z.coerce.number().int().min(0).optional(),
  /** What was written after it is left out: the newest of then. */
  toMs: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
});
export const deadLetter = message.extend({
  /** The stage that gave it up, why, and the record it was. */
  stage: z.string(),
  reason: z.string(),
  originTopic: z.string().nullable(),
  originPartition: z.number().nullable(),
  originOffset: z.string().nullable(),
});
export const tableInfo = z.object({
  name: z.string(),
  table: z.string(),
  columns: z.array(
    z.object({ name: z.string(), type: z.string(), key: z.enum(['partition', 'clustering']).nullable() }),
  ),
  ttlSeconds: z.number().nullable(),
});
/** `key.COLUMN=value` filters by partition key; without: the first rows in token order. */
export const rows = z.object({
  columns: z.array(z.string()),
  rows: z.array(z.record(z.string(), z.unknown())),
  more: z.boolean(),
});
export const jobInfo = z.object({
  name: z.string(),
  mode: z.string(),
  input: z.string(),
  output: z.string(),
  sql: z.string(),
  state: z.enum(['running', 'starting', 'failed', 'unknown']),
  reason: z.string(),
  task: z.string(),
  inputRatePerSecond: z.number().nullable(),
  lagRecords: z.number().nullable(),
});

export type Message = z.infer<typeof message>;
export type TopicInfo = z.infer<typeof topicInfo>;
export type DeadLetter = z.infer<typeof deadLetter>;
export type TableInfo = z.infer<typeof tableInfo>;
export type Rows = z.infer<typeof rows>;
export type JobInfo = z.infer<typeof jobInfo>;
