/** Traces and logs out of the telemetry store. */
import { z } from 'zod';

export const traceSummary = z.object({
  traceId: z.string(),
  /** Name and service of its root, or of the earliest span that is there. */
  name: z.string(),
  service: z.string(),
  pipeline: z.string().nullable(),
  eventId: z.string().nullable(),
  startMs: z.number(),
  durationMs: z.number(),
  spans: z.number(),
  errors: z.number(),
});
/** Newest first. `next`: pass it as `before` to go on; null at the end. */
export const traceList = z.object({ traces: z.array(traceSummary), next: z.number().nullable() });

export const traceQuery = z.object({
  pipeline: z.string().optional(),
  service: z.string().optional(),
  /** Name of a span of the trace. */
  name: z.string().optional(),
  /** `key=value` of an attribute of one of its spans. */
  attribute: z
    .string()
    .regex(/^[^=]+=.*$/)
    .optional(),
  minDurationMs: z.coerce.number().min(0).optional(),
  maxDurationMs: z.coerce.number().min(0).optional(),
  status: z.enum(['ok', 'error']).optional(),
  fromMs: z.coerce.number().optional(),
  toMs: z.coerce.number().optional(),
  before: z.coerce.number().optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
});

/** As `millrace trace --json` (telemetry/traceStore.ts). */
export const traceSpan = z.object({
  spanId: z.string(),
  parentSpanId: z.string().nullable(),
  name: z.string(),
  kind: z.enum(['internal', 'server', 'client', 'producer', 'consumer', 'unspecified']),
  service: z.string(),
  instance: z.string(),
  startMs: z.number(),
  offsetMs: z.number(),
  durationMs: z.number(),
  depth: z.number(),
  error: z.string().nullable(),
  attributes: z.record(z.string(), z.unknown()),
});
export const trace = z.object({
  traceId: z.string(),
  pipeline: z.string().nullable(),
  eventId: z.string().nullable(),
  startedAt: z.string(),
  durationMs: z.number(),
  services: z.array(z.string()),
  spans: z.array(traceSpan),
});

/** Latency against time of the traces that match: `counts[time][latency]`; an exemplar for each cell that has one. */
export const heatmap = z.object({
  fromMs: z.number(),
  stepMs: z.number(),
  /** Lower bounds of the rows, ascending, in ms. */
  latencyBoundsMs: z.array(z.number()),
  counts: z.array(z.array(z.number())),
  exemplars: z.array(z.object({ column: z.number(), row: z.number(), traceId: z.string() })),
});

export const logLine = z.object({ atMs: z.number().nullable(), task: z.string(), text: z.string() });

/** What is dropped is counted and shown; nothing here ever slows the data. */
export const telemetryStats = z.object({
  spans: z.number(),
  metricPoints: z.number(),
  logs: z.number(),
  bytes: z.number(),
  maxBytes: z.number(),
  oldestMs: z.number().nullable(),
  retentionMs: z.number(),
  dropped: z.record(z.string(), z.number()),
  /** What could not be written or delivered beside the store, since each process began: spans, points, requests handed on. */
  undelivered: z.array(
    z.object({
      task: z.string(),
      signal: z.enum(['spans', 'metrics', 'forwarded']),
      reason: z.string(),
      count: z.number(),
    }),
  ),
  /** Tasks that were asked for what they dropped and did not answer. */
  silent: z.array(z.string()),
});

export type TraceSummary = z.infer<typeof traceSummary>;
export type TraceList = z.infer<typeof traceList>;
export type TraceQueryInput = z.infer<typeof traceQuery>;
export type ApiTrace = z.infer<typeof trace>;
export type ApiTraceSpan = z.infer<typeof traceSpan>;
export type Heatmap = z.infer<typeof heatmap>;
export type LogLine = z.infer<typeof logLine>;
export type TelemetryStats = z.infer<typeof telemetryStats>;
