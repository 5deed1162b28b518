/**
 * Every route of the HTTP API, once: the server registers them, the OpenAPI document and the console's client are made of
 * them. Beside these: `GET /login?token=` (sets the cookie), `GET /events` (server-sent events, resumed by `Last-Event-ID`),
 * `GET /api/tasks/:task/logs/follow` (server-sent events), `GET /openapi.json`, `GET /healthz`, and the console's files.
 */
import { z } from 'zod';
import * as control from './control.ts';
import * as data from './data.ts';
import * as pipelines from './pipelines.ts';
import * as traces from './traces.ts';

export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Parameters as `:name`. */
  readonly path: string;
  readonly summary: string;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  readonly response: z.ZodType;
}

const atTime = z.object({ atMs: z.coerce.number().optional() });
const span = z.object({
  fromMs: z.coerce.number().optional(),
  toMs: z.coerce.number().optional(),
  points: z.coerce.number().int().min(1).max(2000).default(300),
});
const scaleBody = z.object({ instances: z.number().int().min(1).max(100) });
const change = z.object({
  change: z.enum(['destroy', 'stop', 'restart', 'scale']),
  service: z.string().optional(),
  instances: z.coerce.number().int().optional(),
});
const pipelinePath = '/api/pipelines/:pipeline';

export const routes = {
  session: {
    method: 'GET',
    path: '/api/session',
    summary: 'whether this browser is logged in, and the CSRF token',
    response: control.session,
  },
  pipelines: {
    method: 'GET',
    path: '/api/pipelines',
    summary: 'all pipelines, by their data',
    response: z.array(pipelines.pipelineSummary),
  },
  pipeline: { method: 'GET', path: pipelinePath, summary: 'one pipeline', response: pipelines.pipelineSummary },
  graph: {
    method: 'GET',
    path: `${pipelinePath}/graph`,
    summary: 'its graph with measures, now or at a time',
    query: atTime,
    response: pipelines.pipelineGraph,
  },
  history: {
    method: 'GET',
    path: `${pipelinePath}/history`,
    summary: 'its measures over time',
    query: span,
    response: pipelines.history,
  },
  ledger: {
    method: 'GET',
    path: `${pipelinePath}/ledger`,
    summary: 'as millrace ledger --json',
    response: z.unknown(),
  },
  acknowledge: {
    method: 'POST',
    path: `${pipelinePath}/ledger/acknowledge`,
    summary: 'what does not balance was seen: it makes no trouble any more',
    body: pipelines.acknowledgeBody,
    response: pipelines.acknowledged,
  },
  lag: { method: 'GET', path: `${pipelinePath}/lag`, summary: 'as millrace lag --json', response: z.unknown() },
  pathways: {
    method: 'GET',
    path: `${pipelinePath}/pathways`,
    summary: 'by which chains of stages events came to each checkpoint, with counts and latencies',
    query: z.object({ stage: z.string().optional() }),
    response: pipelines.pathwayReport,
  },
  objectives: {
    method: 'GET',
    path: `${pipelinePath}/objectives`,
    summary: 'objectives and their error budgets',
    response: z.array(pipelines.objectiveStatus),
  },
  alerts: { method: 'GET', path: '/api/alerts', summary: 'alerts, firing first', response: z.array(pipelines.alert) },
  deadLetters: {
    method: 'GET',
    path: `${pipelinePath}/dead-letters`,
    summary: 'newest dead letters',
    query: data.messageQuery.extend({ stage: z.string().optional() }),
    response: z.array(data.deadLetter),
  },
  topics: { method: 'GET', path: `${pipelinePath}/topics`, summary: 'its topics', response: z.array(data.topicInfo) },
  messages: {
    method: 'GET',
    path: `${pipelinePath}/topics/:topic/messages`,
    summary: 'messages by offset or time',
    query: data.messageQuery,
    response: z.array(data.message),
  },
  tables: { method: 'GET', path: `${pipelinePath}/tables`, summary: 'its tables', response: z.array(data.tableInfo) },
  rows: {
    method: 'GET',
    path: `${pipelinePath}/tables/:table/rows`,
    summary: 'rows of a table; key.COLUMN=value filters',
    query: z.looseObject({ limit: z.coerce.number().int().min(1).max(500).default(50) }),
    response: data.rows,
  },
  jobs: { method: 'GET', path: `${pipelinePath}/jobs`, summary: 'its Spark jobs', response: z.array(data.jobInfo) },
  services: {
    method: 'GET',
    path: '/api/services',
    summary: 'services and other parts of all pipelines',
    response: z.array(control.serviceInfo),
  },
  parameters: {
    method: 'GET',
    path: `${pipelinePath}/parameters`,
    summary: 'what its last revision was deployed with',
    response: control.deployedParameters,
  },
  consequences: {
    method: 'GET',
    path: `${pipelinePath}/consequences`,
    summary: 'what a change would do',
    query: change,
    response: control.consequences,
  },
  deploy: {
    method: 'POST',
    path: '/api/pipelines',
    summary: 'deploy a blueprint',
    body: control.deployBody,
    response: control.accepted,
  },
  destroy: { method: 'DELETE', path: pipelinePath, summary: 'destroy a pipeline', response: control.accepted },
  stop: {
    method: 'POST',
    path: `${pipelinePath}/stop`,
    summary: 'stop its tasks; data stays',
    response: control.accepted,
  },
  start: {
    method: 'POST',
    path: `${pipelinePath}/start`,
    summary: 'start a stopped pipeline',
    response: control.accepted,
  },
  scale: {
    method: 'POST',
    path: `${pipelinePath}/services/:service/scale`,
    summary: 'change the number of instances',
    body: scaleBody,
    response: control.accepted,
  },
  restart: {
    method: 'POST',
    path: `${pipelinePath}/services/:service/restart`,
    summary: 'restart instances one after the other',
    response: control.accepted,
  },
  preview: {
    method: 'POST',
    path: '/api/plans',
    summary: 'what a deploy would do',
    body: control.deployBody,
    response: control.planPreview,
  },
  operations: {
    method: 'GET',
    path: '/api/operations',
    summary: 'operations, newest first',
    response: z.array(control.operation),
  },
  operation: {
    method: 'GET',
    path: '/api/operations/:operation',
    summary: 'one operation with its steps',
    response: control.operation,
  },
  cancelOperation: {
    method: 'POST',
    path: '/api/operations/:operation/cancel',
    summary: 'call a deploy off and roll it back',
    response: control.accepted,
  },
  catalog: {
    method: 'GET',
    path: '/api/catalog',
    summary: 'blueprints with their parameters',
    response: z.array(control.catalogEntry),
  },
  cluster: {
    method: 'GET',
    path: '/api/cluster',
    summary: 'nodes, frameworks and tasks',
    response: control.clusterInfo,
  },
  logs: {
    method: 'GET',
    path: '/api/tasks/:task/logs',
    summary: 'last lines of a task',
    query: z.object({ lines: z.coerce.number().int().min(1).max(5000).default(500) }),
    response: z.array(traces.logLine),
  },
  traces: {
    method: 'GET',
    path: '/api/traces',
    summary: 'search traces',
    query: traces.traceQuery,
    response: traces.traceList,
  },
  trace: { method: 'GET', path: '/api/traces/:traceId', summary: 'one trace', response: traces.trace },
  heatmap: {
    method: 'GET',
    path: '/api/heatmap',
    summary: 'latency against time',
    query: traces.traceQuery.extend({ columns: z.coerce.number().int().min(1).max(400).default(60) }),
    response: traces.heatmap,
  },
  telemetry: {
    method: 'GET',
    path: '/api/telemetry',
    summary: 'the telemetry store: size, age, drops',
    response: traces.telemetryStats,
  },
  events: {
    method: 'GET',
    path: '/api/events',
    summary: 'the newest events of the bus',
    query: z.object({ limit: z.coerce.number().int().min(1).max(1000).default(200), before: z.string().optional() }),
    response: z.array(control.platformEvent),
  },
} as const satisfies Record<string, Route>;

export type RouteName = keyof typeof routes;
export type ResponseOf<N extends RouteName> = z.output<(typeof routes)[N]['response']>;
