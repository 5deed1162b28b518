/**
 * What the API tells of pipelines: their state by their data, the graph with its measures, history. Numbers carry their unit in
 * their names; null: not known (yet), which is not 0.
 */
import { z } from 'zod';

/** By data, not by processes; the rest are states of an operation. */
export const flowState = z.enum(['flowing', 'idle', 'degraded', 'stalled', 'stopped']);
export const pipelineState = z.enum([...flowState.options, 'deploying', 'destroying', 'failed']);

export const latency = z.object({ p50Ms: z.number(), p99Ms: z.number(), count: z.number() });

export const pipelineSummary = z.object({
  pipeline: z.string(),
  blueprint: z.string(),
  revision: z.number(),
  state: pipelineState,
  /** One sentence each: why it is in this state, and what to do; `next` is null when there is nothing to do. */
  reason: z.string(),
  next: z.string().nullable(),
  sinceMs: z.number(),
  /** Events a second that its ingresses took in, over the last interval. */
  ratePerSecond: z.number().nullable(),
  /** From the ingress to the stores' acknowledgement, all sinks together. */
  endToEnd: latency.nullable(),
  lagSeconds: z.number().nullable(),
  ledger: z.object({
    balanced: z.number(),
    inFlight: z.number(),
    /** That count: nobody has acknowledged them. `lost` and `duplicated` are events of these. */
    unbalanced: z.number(),
    acknowledged: z.number(),
    unknown: z.number(),
    lost: z.number(),
    duplicated: z.number(),
  }),
  /** That are firing now. */
  alerts: z.number(),
  endpoints: z.record(z.string(), z.string()),
  /** This pipeline's workflow in Temporal's web UI. */
  workflowUrl: z.string().nullable(),
});

export const nodeKind = z.enum(['feed', 'ingress', 'topic', 'job', 'flow', 'table', 'projection', 'queue', 'service']);

export const graphNode = z.object({
  /** `kind:name`; unique in the graph. */
  id: z.string(),
  kind: nodeKind,
  name: z.string(),
  state: z.enum(['ok', 'idle', 'degraded', 'down', 'unknown']),
  reason: z.string(),
  /** Tasks of the cluster that carry it. */
  tasks: z.array(z.string()),
});

export const graphEdge = z.object({
  id: z.string(),
  from: z.string(),
  to: z.string(),
  /** The stage whose measures these are; null: nothing is measured here. */
  stage: z.string().nullable(),
  ratePerSecond: z.number().nullable(),
  /** From the previous checkpoint to this one. */
  latency: latency.nullable(),
  lagRecords: z.number().nullable(),
  lagSeconds: z.number().nullable(),
});

export const pipelineGraph = z.object({
  pipeline: z.string(),
  atMs: z.number(),
  state: pipelineState,
  reason: z.string(),
  nodes: z.array(graphNode),
  edges: z.array(graphEdge),
});

export const historyPoint = z.object({
  atMs: z.number(),
  state: pipelineState,
  ratePerSecond: z.number().nullable(),
  endToEnd: latency.nullable(),
  lagSeconds: z.number().nullable(),
  stages: z.record(
    z.string(),
    z.object({
      ratePerSecond: z.number().nullable(),
      edge: latency.nullable(),
      endToEnd: latency.nullable(),
      lagRecords: z.number().nullable(),
      lagSeconds: z.number().nullable(),
      deadLettered: z.number(),
    }),
  ),
});
/** Oldest first, `stepMs` apart; gaps are left out. */
export const history = z.object({ pipeline: z.string(), stepMs: z.number(), points: z.array(historyPoint) });

/** As `millrace lag --pathways --json` (observe/pathways.ts). */
export const pathwayReport = z.object({
  pipeline: z.string(),
  checkpoints: z.array(
    z.object({
      checkpoint: z.string(),
      stage: z.string(),
      sinceMs: z.number(),
      withoutHeader: z.number(),
      overflowed: z.boolean(),
      pathways: z.array(
        z.object({
          pathway: z.string(),
          chain: z.array(z.string()),
          isWhole: z.boolean(),
          isOverflow: z.boolean(),
          count: z.number(),
          edge: latency.nullable(),
          endToEnd: latency.nullable(),
          clockSkewed: z.number(),
          lastPassedMs: z.number().nullable(),
        }),
      ),
    }),
  ),
  silent: z.array(z.string()),
});

export const objectiveStatus = z.object({
  name: z.string(),
  kind: z.enum(['freshness', 'completeness']),
  /** Share of good events or windows that is asked for, 0–1, and what was reached over the objective's window. */
  target: z.number(),
  reached: z.number().nullable(),
  /** How many times faster than allowed the error budget is used, by window: `5m`, `1h` … */
  burnRates: z.record(z.string(), z.number().nullable()),
  text: z.string(),
});

/** It is shown in terminals, where an escape sequence or a line break would be obeyed. */
const printable = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u;
const printableOnly = 'a note is one line, without control characters and characters that are not seen';

/** Empty: what there is. `origin`: start of the window as ISO-8601; else all of the pipeline's. */
export const acknowledgeBody = z.object({
  origin: z.iso.datetime({ offset: true }).optional(),
  note: z.string().trim().min(1).max(500).regex(printable, printableOnly).optional(),
});
export const acknowledged = z.object({
  pipeline: z.string(),
  /** That counted until now; empty: there was nothing to acknowledge. */
  faults: z.array(
    z.object({
      origin: z.string(),
      stage: z.string(),
      kind: z.enum(['lost', 'doubled', 'exchanged']),
      events: z.number(),
      text: z.string(),
      acknowledged: z.object({ atMs: z.number(), note: z.string().nullable() }),
    }),
  ),
});

const alertState = z.enum(['firing', 'resolved']);

/** What is told of an alert. */
export const alertFacts = z.object({
  id: z.string(),
  pipeline: z.string(),
  name: z.string(),
  severity: z.enum(['page', 'ticket']),
  state: alertState,
  sinceMs: z.number(),
  resolvedMs: z.number().nullable(),
  text: z.string(),
  next: z.string(),
});

/** And what became of the telling. */
export const alert = alertFacts.extend({
  /** Whether the webhook took this state; null: there is none. `failed`: given up, until it is tried again in a new round. */
  delivery: z.enum(['queued', 'delivered', 'failed']).nullable(),
  /** Why the last attempt to tell this state failed; null: none has. */
  refusal: z.object({ reason: z.string(), atMs: z.number() }).nullable(),
  /** How often this state was put into the queue: each time it is tried until it is taken or given up. */
  rounds: z.number(),
  /** The last state that a webhook took; null: none yet. `webhookSinceMs`: when its URL was set; null: not known. */
  told: z
    .object({ state: alertState, atMs: z.number(), webhookSinceMs: z.number().nullable().default(null) })
    .nullable(),
});

export type FlowState = z.infer<typeof flowState>;
export type PipelineState = z.infer<typeof pipelineState>;
export type Latency = z.infer<typeof latency>;
export type PipelineSummary = z.infer<typeof pipelineSummary>;
export type GraphNode = z.infer<typeof graphNode>;
export type GraphEdge = z.infer<typeof graphEdge>;
export type PipelineGraph = z.infer<typeof pipelineGraph>;
export type HistoryPoint = z.infer<typeof historyPoint>;
export type History = z.infer<typeof history>;
export type ObjectiveStatus = z.infer<typeof objectiveStatus>;
export type Acknowledged = z.infer<typeof acknowledged>;
export type AlertFacts = z.infer<typeof alertFacts>;
export type Alert = z.infer<typeof alert>;
