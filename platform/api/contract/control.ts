/** Catalog, plans, operations, the cluster, and the events that tell of every change. */
import { z } from 'zod';

export const parameterInfo = z.object({
  name: z.string(),
  type: z.enum(['number', 'integer', 'string', 'boolean', 'enum']),
  doc: z.string(),
  default: z.union([z.string(), z.number(), z.boolean()]),
  min: z.number().nullable(),
  max: z.number().nullable(),
  values: z.array(z.string()).nullable(),
});
export const catalogEntry = z.object({
  blueprint: z.string(),
  title: z.string(),
  description: z.string(),
  parameters: z.array(parameterInfo),
});

export const deployBody = z.object({
  blueprint: z.string(),
  /** Name of the pipeline; default: the blueprint's. */
  name: z.string().optional(),
  parameters: z.record(z.string(), z.string()).default({}),
});
/** What the last revision was deployed with: every parameter that the blueprint had then, defaults included. */
export const deployedParameters = z.object({
  pipeline: z.string(),
  blueprint: z.string(),
  revision: z.number(),
  parameters: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
});
/** As `millrace plan --json`: a plan, or a refusal with its reason tree; `text`: as the CLI prints it. */
export const planPreview = z.object({ refused: z.boolean(), text: z.string(), plan: z.unknown() });

export const operationKind = z.enum(['deploy', 'destroy', 'scale', 'restart', 'stop', 'start']);
export const operationStep = z.object({
  id: z.string(),
  phase: z.string(),
  title: z.string(),
  state: z.enum(['waiting', 'running', 'done', 'failed', 'undone']),
  startMs: z.number().nullable(),
  endMs: z.number().nullable(),
  attempts: z.number(),
  /** What it waits for, or why it failed. */
  reason: z.string().nullable(),
  task: z.string().nullable(),
});
const ledgerEntry = z.object({ kind: z.string(), name: z.string(), owner: z.string() });
/** `left` empty is the proof. */
export const removalLedger = z.object({
  removed: z.array(ledgerEntry),
  kept: z.array(ledgerEntry.extend({ why: z.string() })),
  left: z.array(ledgerEntry),
});
export const operation = z.object({
  id: z.string(),
  kind: operationKind,
  pipeline: z.string(),
  revision: z.number().nullable(),
  state: z.enum(['running', 'done', 'failed', 'cancelled']),
  startMs: z.number(),
  endMs: z.number().nullable(),
  error: z.object({ code: z.string(), message: z.string(), meaning: z.string(), next: z.string() }).nullable(),
  traceId: z.string().nullable(),
  workflowUrl: z.string().nullable(),
  steps: z.array(operationStep),
  /** Of a destroy that was carried through; null: of none, or not yet. */
  ledger: removalLedger.nullable(),
});
export const accepted = z.object({ operation: z.string() });
/** What a change would do, a sentence each, before it is done. `confirm`: the name to be typed for what destroys data. */
export const consequences = z.object({ title: z.string(), lines: z.array(z.string()), confirm: z.string().nullable() });

export const taskInfo = z.object({
  id: z.string(),
  node: z.string(),
  owner: z.object({ kind: z.string(), name: z.string() }),
  phase: z.enum(['running', 'backoff', 'stopped', 'failed']),
  reason: z.string(),
  pid: z.number().nullable(),
  restarts: z.number(),
  asked: z.object({ cpus: z.number(), memoryMiB: z.number() }),
  used: z.object({ cpuSeconds: z.number(), memoryMiB: z.number() }).nullable(),
  ports: z.record(z.string(), z.number()),
});
export const clusterInfo = z.object({
  driver: z.string(),
  nodes: z.array(
    z.object({
      id: z.string(),
      address: z.string(),
      cpus: z.number(),
      memoryMiB: z.number(),
      askedCpus: z.number(),
      askedMemoryMiB: z.number(),
      usedMemoryMiB: z.number(),
    }),
  ),
  frameworks: z.array(
    z.object({ framework: z.string(), state: z.string(), reason: z.string(), users: z.array(z.string()) }),
  ),
  tasks: z.array(taskInfo),
});
export const serviceInfo = z.object({
  pipeline: z.string(),
  name: z.string(),
  /** `flows`: a group of them, the sinks for one; `jobs`: the driver of the Spark jobs. */
  kind: z.enum(['ingress', 'feed', 'service', 'flows', 'jobs']),
  instances: z.number(),
  running: z.number(),
  endpoint: z.string().nullable(),
  scalable: z.boolean(),
  tasks: z.array(z.string()),
});

/** A CloudEvent (1.0, structured JSON). `id` grows: it is the resume token of the stream (`Last-Event-ID`). */
export const platformEvent = z.object({
  specversion: z.literal('1.0'),
  id: z.string(),
  source: z.string(),
  /** `millrace.pipeline.state`, `millrace.operation.step`, `millrace.alert`, `millrace.ledger.fault`, `millrace.task.phase` … */
  type: z.string(),
  subject: z.string(),
  time: z.string(),
  data: z.record(z.string(), z.unknown()),
});
export const session = z.object({ authenticated: z.boolean(), version: z.string(), csrfToken: z.string().nullable() });
export const apiError = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    meaning: z.string(),
    next: z.string(),
    details: z.record(z.string(), z.unknown()).optional(),
  }),
});

export type ParameterInfo = z.infer<typeof parameterInfo>;
export type CatalogEntry = z.infer<typeof catalogEntry>;
export type DeployBody = z.infer<typeof deployBody>;
export type DeployedParameters = z.infer<typeof deployedParameters>;
export type PlanPreview = z.infer<typeof planPreview>;
export type OperationView = z.infer<typeof operation>;
export type RemovalLedger = z.infer<typeof removalLedger>;
export type OperationStep = z.infer<typeof operationStep>;
export type Consequences = z.infer<typeof consequences>;
export type TaskInfo = z.infer<typeof taskInfo>;
export type ClusterInfo = z.infer<typeof clusterInfo>;
export type ServiceInfo = z.infer<typeof serviceInfo>;
export type PlatformEvent = z.infer<typeof platformEvent>;
export type ApiSession = z.infer<typeof session>;
export type ApiErrorBody = z.infer<typeof apiError>;
