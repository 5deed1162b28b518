import type { BlueprintSpec, ParameterValues } from './blueprint.ts';
import type { Placement, Reason } from './cluster.ts';

/**
 * What a step does. Each kind is one activity (platform/activities) with the input type given here. Inputs hold names and
 * numbers only: what is secret or rendered is looked up by the activity.
 */
export interface StepInputs {
  /** Install or reuse a shared framework and register the pipeline as its user (delegated to its own workflow). */
  'framework.ensure': { readonly framework: FrameworkName };
  /** Write files, launch one task, return when its process runs. */
  'task.launch': { readonly task: string };
  /** Wait until the task answers as ours. */
  'task.ready': { readonly task: string };
  /** Stop and forget a task that the new revision no longer has. */
  'task.retire': { readonly task: string };
  /** Stop a task and keep it known: its files, its data, its ports. */
  'task.stop': { readonly task: string };
  'task.resume': { readonly task: string };
  /** Stop and start a task, once: a task that was started after the operation was asked for is left as it is. */
  'task.restart': { readonly task: string };
  /** Wait until what is in the topics has been read, at most so long: what is left stays in the topics. */
  'flow.drain': { readonly patienceMs: number };
  /** Framework verbs. */
  'kafka.secure': { readonly framework: 'kafka' };
  'cassandra.secure': { readonly framework: 'cassandra' };
  /** Pipeline verbs. */
  'pipeline.user': { readonly framework: 'kafka' | 'cassandra' };
  'kafka.topics': { readonly topics: readonly string[] };
  'cassandra.tables': { readonly tables: readonly string[] };
  'flow.observe': Record<string, never>;
}
export type StepKind = keyof StepInputs;
export type FrameworkName = 'kafka' | 'cassandra' | 'spark' | 'redis';
export const frameworkNames: readonly FrameworkName[] = ['kafka', 'cassandra', 'spark', 'redis'];

/** One step. It runs when every step in `after` is done. `undo` is recorded before the step starts. */
export interface Step<K extends StepKind = StepKind> {
  readonly id: string;
  readonly label: string;
  readonly kind: K;
  readonly input: StepInputs[K];
  readonly after: readonly string[];
  readonly undo?: { readonly kind: UndoKind; readonly input: Readonly<Record<string, unknown>> };
  /** Longest time the step may take, in seconds; generous, for a loaded machine. */
  readonly timeoutSeconds: number;
}
/**
 * `task.restore` { task, revision }: launch the task again as that recorded revision had it.
 * `kafka.topics.remove` { topics, flows } and `cassandra.tables.remove` { tables, keyspace }: those that this deploy made, by logical
 * name; `flows` are those whose consumer groups are new, `keyspace` says whether the whole keyspace is. Without `flows`: all groups.
 */
export type UndoKind = (typeof undoKinds)[number];
export const undoKinds = [
  'task.remove',
  'task.restore',
  'kafka.topics.remove',
  'cassandra.tables.remove',
  'redis.keys.remove',
  'pipeline.user.remove',
  'framework.release',
] as const;

/** Steps of one kind of work, shown together. */
export interface Phase {
  readonly name: string;
  readonly strategy: 'serial' | 'parallel' | 'dependency';
  readonly steps: readonly Step[];
}

/** Buckets of platform/reconcile; defined in its README. */
export type Bucket = 'install' | 'keep' | 'updateInPlace' | 'replace' | 'remove';

export interface Change {
  readonly bucket: Bucket;
  readonly kind: 'framework' | 'topic' | 'table' | 'job' | 'service' | 'flow';
  readonly name: string;
  readonly why: string;
}

/** What happens to data that exists. Said before anything is done. */
export interface DataConsequence {
  readonly kind: 'topic' | 'table' | 'checkpoint' | 'queue' | 'projection';
  readonly name: string;
  /** `rebuild`: made again out of what the topics still have. */
  readonly effect: 'create' | 'keep' | 'rebuild' | 'delete';
  readonly text: string;
}

/** Where one query of the Spark driver keeps its offsets and state. Directories: names, in the driver's data directory. */
export interface QueryCheckpoint {
  /** What the content depends on: a query of another shape can't go on from it. */
  readonly shape: string;
  /** Topic that the query reads. */
  readonly topic: string;
  readonly stateful: boolean;
  /** Whether the query writes the dead letters of its topic. */
  readonly deadLetters: boolean;
  readonly directory: string;
  /** The one before, which is kept for a rollback. */
  readonly former?: { readonly shape: string; readonly directory: string };
  /** A new one begins at the least offset of these, by partition; at the oldest record if there are none. */
  readonly from: readonly string[];
}

export interface FrameworkPlan {
  readonly framework: FrameworkName;
  readonly action: 'install' | 'reuse';
  readonly version: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly placements: readonly Placement[];
  /** Steps of the framework's own workflow; empty when it is reused. */
  readonly phases: readonly Phase[];
}

export interface Plan {
  readonly format: 'millrace/plan/1';
  readonly pipeline: string;
  readonly blueprint: string;
  readonly revision: number;
  readonly parameters: ParameterValues;
  /** Against the revision before; empty: the same, or there is none before. Plans before 2026-11-25 have none. */
  readonly parameterChanges?: readonly ParameterChange[];
  readonly spec: BlueprintSpec;
  /** SQL of each job as it was planned, parameters filled in: a later edit of the file does not change this revision. */
  readonly sql: Readonly<Record<string, string>>;
  /** The revision that each task was last changed in: what its configuration says, so that an unchanged task stays as it is. */
  readonly taskRevisions: Readonly<Record<string, number>>;
  /** How it is to be broken on purpose (telemetry/sabotage.ts); absent unless the user has allowed it. */
  readonly sabotage?: string;
  /**
   * Services that were scaled by hand: how many instances they have, and how many the blueprint named then. Another number in
   * the blueprint ends it (plan/scale.ts). Absent: none.
   */
  readonly scaled?: Readonly<Record<string, Scaled>>;
  /** By job, and by topic where a query of its own writes the dead letters. Plans before 2026-11-24 have none. */
  readonly checkpoints?: Readonly<Record<string, QueryCheckpoint>>;
  readonly changes: readonly Change[];
  readonly data: readonly DataConsequence[];
  readonly frameworks: readonly FrameworkPlan[];
  /** Placements of the pipeline's own tasks (services, sink groups, the Spark driver). */
  readonly placements: readonly Placement[];
  readonly phases: readonly Phase[];
  readonly totals: { readonly asked: ResourceTotals; readonly free: ResourceTotals };
}
export interface ParameterChange {
  readonly name: string;
  /** null: the revision before did not have it. */
  readonly from: string | number | boolean | null;
  /** null: the blueprint has it no more. */
  readonly to: string | number | boolean | null;
  /** Whether it goes to the blueprint's default: what is not given does. */
  readonly toDefault: boolean;
}
export interface Scaled {
  readonly instances: number;
  readonly declared: number;
}

export interface ResourceTotals {
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly diskMiB: number;
}

/** A plan that can't be carried out, with its reasons. A value, never an exception, until the CLI prints it. */
export interface Refusal {
  readonly refused: true;
  readonly pipeline: string;
  readonly summary: string;
  readonly reason: Reason;
  readonly help: string;
}
export type PlanOutcome = Plan | Refusal;
