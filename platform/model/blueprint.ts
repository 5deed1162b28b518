import { z } from 'zod';
import { fieldName, name } from './names.ts';
import { objectiveSpec } from './objective.ts';
import { eventSchema, fieldTypes } from './schema.ts';

/** A parameter that a blueprint takes: `--set name=value`. Bounds are inclusive. */
export const parameterSpec = z.object({
  type: z.enum(['integer', 'number', 'string', 'boolean']),
  default: z.union([z.number(), z.string(), z.boolean()]),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  oneOf: z.array(z.string()).optional(),
  unit: z.string().optional(),
  doc: z.string(),
});

export const topicSpec = z.object({
  schema: eventSchema,
  partitions: z.number().int().min(1).max(1000).default(4),
  retentionMs: z.number().int().min(60_000).default(86_400_000),
  /** The field whose value is the record's key, or `event_id`. */
  key: z.string().default('event_id'),
});

export const columnSpec = z.object({ type: z.enum(fieldTypes), doc: z.string().default('') });

export const tableSpec = z.object({
  columns: z.record(fieldName, columnSpec),
  partitionKey: z.array(z.string()).min(1),
  clusteringKey: z.array(z.object({ column: z.string(), order: z.enum(['asc', 'desc']) })).default([]),
  ttlSeconds: z.number().int().min(0).default(0),
});

/** A file of rows that comes inside an npm package of ours; `fields` name the columns that are read and their types. */
export const datasetSpec = z.object({
  npmPackage: z.string(),
  file: z.string(),
  format: z.enum(['json', 'csv']),
  fields: z.record(fieldName, z.object({ type: z.enum(fieldTypes), from: z.string() })),
});

export const jobSpec = z.object({
  /** Path of the SQL file, relative to the blueprint's folder. `${name}` in it is a parameter of the blueprint. */
  sqlFile: z.string(),
  /** `realtime`: stateless only, milliseconds (Spark 4.1 real-time mode). `micro-batch`: windows and joins, seconds. */
  mode: z.enum(['realtime', 'micro-batch']),
  input: z.object({
    topic: name,
    /** How late an event may come and still be counted, in milliseconds of event time. 0: no watermark. */
    watermarkMs: z.number().int().min(0).default(0),
    /** Drop further events of the same event id that come within the watermark. */
    deduplicate: z.boolean().default(false),
  }),
  /** Datasets that the SQL may join, by the name of their view. */
  references: z.record(fieldName, z.string()).default({}),
  output: z.object({ topic: name }),
  triggerMs: z.number().int().min(0).default(1000),
});

const cassandraTarget = z.object({
  kind: z.literal('cassandra'),
  table: name,
  /** Fields of the topic that are left out of the table on purpose; any other field without a column is refused. */
  omit: z.array(fieldName).default([]),
});
/** A boolean field; records in which it is not true are passed over (and committed). */
const where = fieldName.optional();
const redisTarget = z.object({
  kind: z.literal('redis'),
  /** Name of the projection: a sorted set of members by score, a hash of member → JSON, and a pub/sub channel. */
  projection: name,
  member: z.string(),
  score: z.string(),
  /** Among records of one member, the one with the greatest value of this field wins; replays change nothing. */
  version: z.string(),
  maxMembers: z.number().int().min(1).default(1000),
  where,
});
const queueTarget = z.object({
  kind: z.literal('bullmq'),
  queue: name,
  attempts: z.number().int().min(1).default(5),
  where,
});
const ingressTarget = z.object({ kind: z.literal('ingress'), service: name, ratePerSecond: z.number().positive() });

/** A connector flow: from a topic or a dataset to a table, a projection, a queue or an ingress. */
export const flowSpec = z.object({
  from: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('kafka'), topic: name }),
    z.object({
      kind: z.literal('dataset'),
      dataset: name,
      loop: z.boolean().default(true),
      eventType: z.string(),
      /** Part of the events that begin a trace, 0 to 1. */
      traceRatio: z.number().min(0).max(1).default(0.01),
    }),
  ]),
  to: z.discriminatedUnion('kind', [cassandraTarget, redisTarget, queueTarget, ingressTarget]),
  /** Flows of one group share a process; each keeps its own consumer group. */
  group: name.default('sinks'),
});

export const resourcesSpec = z.object({
  cpus: z.number().positive(),
  memoryMiB: z.number().int().positive(),
  diskMiB: z.number().int().min(0).default(0),
  gpus: z.number().int().min(0).default(0),
});

export const serviceSpec = z.object({
  /** `ingress`: the platform's HTTP ingress for CloudEvents into `topic`. `module`: a service of the blueprint. */
  runs: z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('ingress'),
      topic: name,
      maxEventBytes: z.number().int(),
      maxEventsPerSecond: z.number(),
      /** Traces begun per second for events that bring no trace context of their own. */
      tracesPerSecond: z.number().min(0).default(20),
    }),
    z.object({
      kind: z.literal('module'),
      /** Path of the module, relative to the blueprint's folder; it exports `service` (platform/sdk/service.ts). */
      entry: z.string(),
      /** Servers whose access it is given. */
      uses: z.array(z.enum(['kafka', 'cassandra', 'redis'])).default([]),
    }),
  ]),
  instances: z.number().int().min(1).max(50).default(1),
  /** Name under which the service's address is printed and referred to (`ingress`, `api`). None: it serves no port. */
  endpoint: name.optional(),
  resources: resourcesSpec,
});

/** How `verify` makes a marked event and where its effects are read back. `{eventId}` and `{mark}` are filled in. */
export const verifySpec = z.object({
  ingressService: name,
  apiService: name,
  eventType: z.string(),
  /** Fields of a marked event; `{mark}` in a string value is the run's mark. */
  event: z.record(fieldName, z.union([z.string(), z.number(), z.boolean(), z.null()])),
  /** GET: answers 200 with the event's effect once it has passed every stage, 404 before. */
  readBackPath: z.string(),
  /** GET: `{count}`: how many of the run's events the aggregation counted. More than were sent means duplicates. */
  countPath: z.string(),
});

export const frameworkOptions = z.object({
  kafka: z.record(z.string(), z.unknown()).optional(),
  cassandra: z.record(z.string(), z.unknown()).optional(),
  spark: z.record(z.string(), z.unknown()).optional(),
  redis: z.record(z.string(), z.unknown()).optional(),
});

/** A blueprint with its parameters filled in: inert data, everything wired by name. */
export const blueprintSpec = z.object({
  name,
  title: z.string(),
  description: z.string(),
  topics: z.record(name, topicSpec),
  tables: z.record(name, tableSpec).default({}),
  datasets: z.record(name, datasetSpec).default({}),
  jobs: z.record(name, jobSpec).default({}),
  flows: z.record(name, flowSpec).default({}),
  services: z.record(name, serviceSpec),
  frameworks: frameworkOptions.default({}),
  /** What it promises. Optional: plans on disk from before there were objectives have none (`objectivesOf`). */
  objectives: z.record(name, objectiveSpec).optional(),
  verify: verifySpec,
});

export type ParameterSpec = z.infer<typeof parameterSpec>;
export type ParameterValues = Readonly<Record<string, number | string | boolean>>;
export type TopicSpec = z.infer<typeof topicSpec>;
export type TableSpec = z.infer<typeof tableSpec>;
export type DatasetSpec = z.infer<typeof datasetSpec>;
export type JobSpec = z.infer<typeof jobSpec>;
export type FlowSpec = z.infer<typeof flowSpec>;
export type ServiceSpec = z.infer<typeof serviceSpec>;
export type VerifySpec = z.infer<typeof verifySpec>;
export type Resources = z.infer<typeof resourcesSpec>;
export type BlueprintSpec = z.infer<typeof blueprintSpec>;
export type BlueprintInput = z.input<typeof blueprintSpec>;

/** What a blueprint's module exports as `blueprint`. `build` is pure: the same parameters give the same spec. */
export interface BlueprintModule {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly parameters: Readonly<Record<string, ParameterSpec>>;
  build(parameters: ParameterValues): BlueprintSpec;
}
