/** The kit that a blueprint's `build` gets: each call adds one part and answers the reference others are wired with. */
import type { BlueprintInput, Resources } from '../model/blueprint.ts';
import {
  type EnvelopeRefs,
  eventSchemaOf,
  type Fields,
  type NamesOf,
  type Readable,
  type SchemaRef,
} from './fields.ts';
import type {
  DatasetRef,
  EventOf,
  FitsIngress,
  FitsTable,
  IngressRef,
  ModuleServiceRef,
  TableRef,
  TopicRef,
} from './references.ts';

export interface TopicOptions<F extends Fields> {
  readonly schema: SchemaRef<F>;
  readonly partitions?: number;
  readonly retentionMs?: number;
  /** The field whose value is the record's key; without it, the event's id. */
  readonly key?: (keyof F & string) | 'event_id';
}

export interface TableOptions<C extends Fields> {
  readonly columns: C;
  readonly partitionKey: readonly (keyof C & string)[];
  readonly clusteringKey?: readonly { readonly column: keyof C & string; readonly order: 'asc' | 'desc' }[];
  readonly ttlSeconds?: number;
}

export interface DatasetOptions<F extends Fields> {
  readonly npmPackage: string;
  readonly file: string;
  readonly format: 'json' | 'csv';
  readonly fields: F;
  /** Name in the file, where it differs from the field's. */
  readonly from?: { readonly [K in keyof F]?: string };
}

export interface JobOptions {
  readonly sqlFile: string;
  readonly mode: 'realtime' | 'micro-batch';
  readonly input: TopicRef;
  /** How late an event may come and still be counted, in milliseconds. */
  readonly watermarkMs?: number;
  readonly deduplicate?: boolean;
  /** Datasets to join, by the name of their view. */
  readonly references?: Readonly<Record<string, DatasetRef>>;
  readonly output: TopicRef;
  readonly triggerMs?: number;
}

export interface StoreOptions<F extends Fields, C extends Fields, O extends string> {
  readonly from: TopicRef<F>;
  readonly to: TableRef<C> & FitsTable<F, C, O>;
  /** Fields that are left out of the table on purpose. */
  readonly omit?: readonly O[];
  readonly group?: string;
}

export interface ProjectOptions<F extends Fields> {
  readonly from: TopicRef<F>;
  readonly projection: string;
  readonly member: NamesOf<Readable<F>, 'string', false>;
  readonly score: NamesOf<F, 'int' | 'long' | 'double', false>;
  readonly version: NamesOf<Readable<F>, 'timestamp' | 'int' | 'long', false>;
  readonly maxMembers?: number;
  readonly where?: NamesOf<F, 'boolean'>;
  readonly group?: string;
}

export interface QueueOptions<F extends Fields> {
  readonly from: TopicRef<F>;
  readonly queue: string;
  readonly attempts?: number;
  readonly where?: NamesOf<F, 'boolean'>;
  readonly group?: string;
}

export interface FeedOptions<D extends Fields, F extends Fields> {
  readonly from: DatasetRef<D>;
  readonly to: IngressRef<F> & FitsIngress<D, F>;
  readonly eventType: string;
  readonly ratePerSecond: number;
  readonly loop?: boolean;
  readonly traceRatio?: number;
  readonly group?: string;
}

export interface IngressOptions<F extends Fields> {
  readonly into: TopicRef<F>;
  readonly maxEventBytes: number;
  readonly maxEventsPerSecond: number;
  readonly tracesPerSecond?: number;
  readonly endpoint: string;
  readonly resources: Pick<Resources, 'cpus' | 'memoryMiB'>;
}

export interface ServiceOptions {
  /** Module under the blueprint's folder that exports `service`. */
  readonly entry: string;
  readonly uses: readonly ('kafka' | 'cassandra' | 'redis')[];
  readonly instances?: number;
  /** Without it the service listens on its health port alone. */
  readonly endpoint?: string;
  readonly resources: Pick<Resources, 'cpus' | 'memoryMiB'>;
}

/** Results are fresh: `target` of the seconds in which there are any (default 0.99). */
export interface FreshnessOptions {
  readonly kind: 'freshness';
  /** A flow or job; without it: all ends of the pipeline together. */
  readonly stage?: string;
  readonly withinSeconds: number;
  readonly target?: number;
  readonly windowHours?: number;
}
/** Nothing is lost or doubled: `target` of the ledger's closed windows, or of the events (default 0.9999). */
export interface CompletenessOptions {
  readonly kind: 'completeness';
  readonly of?: 'windows' | 'events';
  readonly target?: number;
  readonly windowHours?: number;
}
export type ObjectiveOptions = FreshnessOptions | CompletenessOptions;

export interface VerifyOptions<F extends Fields> {
  readonly ingress: IngressRef<F>;
  readonly api: ModuleServiceRef;
  readonly eventType: string;
  /** A marked event; `{mark}` in a string is the run's mark. */
  readonly event: EventOf<F>;
  readonly readBackPath: string;
  readonly countPath: string;
}

export interface Kit {
  topic<F extends Fields>(name: string, options: TopicOptions<F>): TopicRef<F>;
  table<C extends Fields>(name: string, options: TableOptions<C>): TableRef<C>;
  dataset<F extends Fields>(name: string, options: DatasetOptions<F>): DatasetRef<F>;
  job(name: string, options: JobOptions): void;
  /** Topic → Cassandra table. */
  store<F extends Fields, C extends Fields, O extends string = never>(
    name: string,
    options: StoreOptions<F, C, O>,
  ): void;
  /** Topic → Redis projection. */
  project<F extends Fields>(name: string, options: ProjectOptions<F>): void;
  /** Topic → BullMQ queue. */
  queue<F extends Fields>(name: string, options: QueueOptions<F>): void;
  /** Dataset → ingress. */
  feed<D extends Fields, F extends Fields>(name: string, options: FeedOptions<D, F>): void;
  ingress<F extends Fields>(name: string, options: IngressOptions<F>): IngressRef<F>;
  service(name: string, options: ServiceOptions): ModuleServiceRef;
  /** Options of a shared framework; what is not named here is taken as it runs. */
  framework(name: 'kafka' | 'cassandra' | 'spark' | 'redis', options: Readonly<Record<string, unknown>>): void;
  /** What the pipeline promises; alerts tell when the promise is about to be broken. None: `defaultObjectives`. */
  objective(name: string, options: ObjectiveOptions): void;
  verify<F extends Fields>(options: VerifyOptions<F>): void;
}

export type EnvelopeColumns = EnvelopeRefs;
type Draft = { -readonly [K in keyof BlueprintInput]?: BlueprintInput[K] };
type Part = 'topics' | 'tables' | 'datasets' | 'jobs' | 'flows' | 'services' | 'objectives';

/** A kit and the draft it fills. Throws Error on a second part of one kind and name. */
export function createKit(): { readonly kit: Kit; readonly draft: Draft } {
  const draft: Draft = {
    ...{ topics: {}, tables: {}, datasets: {}, jobs: {}, flows: {}, services: {}, frameworks: {}, objectives: {} },
  };
  const add = (part: Part, name: string, value: unknown) => {
    const parts = draft[part] as Record<string, unknown>;
    if (Object.hasOwn(parts, name)) throw new Error(`there is a second "${name}" among the ${part}`);
    parts[name] = value;
  };
  return { draft, kit: { ...dataParts(add), ...flowParts(add), ...serviceParts(add, draft) } };
}

type Add = (part: Part, name: string, value: unknown) => void;

function dataParts(add: Add): Pick<Kit, 'topic' | 'table' | 'dataset' | 'job'> {
  return {
    topic(name, { schema, ...options }) {
      add('topics', name, { ...options, schema: eventSchemaOf(schema) });
      return { kind: 'topic', name, fields: schema.fields };
    },
    table(name, { columns, ...options }) {
      const specs = Object.entries(columns).map(([column, { type, doc }]) => [column, { type, doc }]);
      add('tables', name, { ...options, columns: Object.fromEntries(specs) });
      return { kind: 'table', name, columns };
    },
    dataset(name, { fields, from, ...options }) {
      const specs = Object.entries(fields).map(([field, { type }]) => [field, { type, from: from?.[field] ?? field }]);
      add('datasets', name, { ...options, fields: Object.fromEntries(specs) });
      return { kind: 'dataset', name, fields };
    },
    job(name, { input, watermarkMs, deduplicate, references = {}, output, ...options }) {
      const views = Object.entries(references).map(([view, dataset]) => [view, dataset.name]);
      add('jobs', name, {
        ...options,
        input: { topic: input.name, watermarkMs, deduplicate },
        references: Object.fromEntries(views),
        output: { topic: output.name },
      });
    },
  };
}

function flowParts(add: Add): Pick<Kit, 'store' | 'project' | 'queue' | 'feed'> {
  const fromTopic = (topic: { readonly name: string }) => ({ kind: 'kafka', topic: topic.name });
  return {
    store(name, { from, to, omit, group }) {
      add('flows', name, { from: fromTopic(from), to: { kind: 'cassandra', table: to.name, omit }, group });
    },
    project(name, { from, group, ...to }) {
      add('flows', name, { from: fromTopic(from), to: { kind: 'redis', ...to }, group });
    },
    queue(name, { from, group, ...to }) {
      add('flows', name, { from: fromTopic(from), to: { kind: 'bullmq', ...to }, group });
    },
    feed(name, { from, to, ratePerSecond, group = 'feed', ...options }) {
      add('flows', name, {
        from: { kind: 'dataset', dataset: from.name, ...options },
        to: { kind: 'ingress', service: to.name, ratePerSecond },
        group,
      });
    },
  };
}

function serviceParts(add: Add, draft: Draft): Pick<Kit, 'ingress' | 'service' | 'framework' | 'objective' | 'verify'> {
  return {
    ingress(name, { into, endpoint, resources, ...options }) {
      add('services', name, { runs: { kind: 'ingress', topic: into.name, ...options }, endpoint, resources });
      return { kind: 'ingress', name, fields: into.fields };
    },
    service(name, { entry, uses, ...options }) {
      add('services', name, { runs: { kind: 'module', entry, uses: [...uses] }, ...options });
      return { kind: 'module', name };
    },
    framework(name, options) {
      draft.frameworks = { ...draft.frameworks, [name]: options };
    },
    objective(name, options) {
      add('objectives', name, options);
    },
    verify({ ingress, api, event, ...options }) {
      const filled = event as Readonly<Record<string, string | number | boolean | null>>;
      draft.verify = { ingressService: ingress.name, apiService: api.name, event: { ...filled }, ...options };
    },
  };
}
