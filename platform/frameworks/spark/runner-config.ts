/**
 * The file that the Java runner is started with: the same names as in java/millrace/spark/RunnerConfig.java. Pure.
 */
import type { KafkaAccess } from '../../connectors/config.ts';
import { fail } from '../../errors.ts';
import type { BlueprintSpec, DatasetSpec, JobSpec, TopicSpec } from '../../model/blueprint.ts';
import { physical } from '../../model/names.ts';
import type { Plan } from '../../model/plan.ts';
import type { FieldType } from '../../model/schema.ts';
import type { Sabotage } from '../../telemetry/sabotage.ts';

interface RunnerField {
  readonly name: string;
  readonly type: FieldType;
  readonly nullable: boolean;
}

/** Directories of one query: `{dataDir}/checkpoints/<query>.<shape>`. */
export interface RunnerCheckpoint {
  readonly query: string;
  /** What the plan says; the runner refuses a job that turns out to keep state after all. */
  readonly stateful: boolean;
  readonly directory: string;
  /** Where a new checkpoint begins: at the least of their offsets, by partition; at the oldest record without any. */
  readonly from: readonly string[];
  /** Once the query has written a batch, its other directories are removed. */
  readonly keep: readonly string[];
}

export interface RunnerJob {
  readonly name: string;
  readonly sql: string;
  readonly mode: JobSpec['mode'];
  readonly triggerMs: number;
  readonly watermarkMs: number;
  readonly deduplicate: boolean;
  /** Whether this job writes the dead letters of its input topic; exactly one job of a topic does. */
  readonly deadLetters: boolean;
  readonly checkpoint: RunnerCheckpoint;
  /** Of the query that writes them, where the job does not do so in passing (a real-time job does). */
  readonly deadLetterCheckpoint?: RunnerCheckpoint;
  readonly input: {
    readonly topic: string;
    readonly view: string;
    readonly deadLetterTopic: string;
    readonly partitions: number;
    readonly fields: readonly RunnerField[];
  };
  readonly output: {
    readonly topic: string;
    readonly key: string;
    readonly eventType: string;
    readonly fields: readonly RunnerField[];
  };
  readonly references: readonly {
    readonly view: string;
    readonly file: string;
    readonly fields: readonly RunnerField[];
  }[];
}

export interface RunnerConfig {
  readonly task: string;
  readonly pipeline: string;
  readonly revision: number;
  readonly health: { readonly address: string; readonly port: number };
  readonly master: string;
  /** Where the jobs keep their pages of the conservation ledger. */
  readonly ledgerDir: string;
  readonly sparkProperties: Readonly<Record<string, string>>;
  readonly kafka: Omit<KafkaAccess, 'mechanism'>;
  /** Only where the deploy has allowed it. */
  readonly sabotage?: Sabotage;
  readonly jobs: readonly RunnerJob[];
}

export interface RunnerJobsInput {
  readonly pipeline: string;
  readonly spec: BlueprintSpec;
  /** SQL of each job, by job name, its parameters filled in. */
  readonly sql: Readonly<Record<string, string>>;
  /** By job; by `<topic>.dead` where a query of its own writes the dead letters. */
  readonly checkpoints: NonNullable<Plan['checkpoints']>;
}

/**
 * How long a real-time job runs before it writes its checkpoint, unless its driver is told to end. After `kill -9` at most so
 * much of the input is repeated, which the sinks overwrite; at each checkpoint the stream pauses (0.3 s, measured 1.5 s on a machine with four times too much to do),
 * and so rarely it stays out of the 99th percentile.
 */
const realtimeBatchMs = 120_000;

/** Where the rows of a dataset lie, as one JSON object a line. */
export const referenceFile = (dataset: string) => `references/${dataset}.jsonl`;

/** Name of the table that a job's SQL reads: its input topic with underscores. */
export const viewOf = (topic: string) => topic.replaceAll('-', '_');

export function runnerJobs(input: RunnerJobsInput): RunnerJob[] {
  return Object.entries(input.spec.jobs).map(([name, job]) => runnerJob(input, name, job));
}

function runnerJob({ pipeline, spec, sql, checkpoints }: RunnerJobsInput, name: string, job: JobSpec): RunnerJob {
  const from = topicNamed(spec, job.input.topic);
  const to = topicNamed(spec, job.output.topic);
  const deadLetters = deadLetterJob(spec, job.input.topic) === name;
  const alone = deadLetters && job.mode !== 'realtime';
  return {
    name,
    sql: sql[name] ?? fail('INTERNAL', { reason: `no SQL of job "${name}" was handed in` }),
    mode: job.mode,
    triggerMs: job.mode === 'realtime' ? Math.max(job.triggerMs, realtimeBatchMs) : job.triggerMs,
    watermarkMs: job.input.watermarkMs,
    deduplicate: job.input.deduplicate,
    deadLetters,
    checkpoint: checkpointOf(name, checkpoints),
    ...(alone && { deadLetterCheckpoint: checkpointOf(`${job.input.topic}.dead`, checkpoints) }),
    input: {
      topic: physical.topic(pipeline, job.input.topic),
      view: viewOf(job.input.topic),
      deadLetterTopic: physical.deadLetterTopic(pipeline, job.input.topic),
      partitions: from.partitions,
      fields: fieldsOf(from.schema.fields),
    },
    output: {
      topic: physical.topic(pipeline, job.output.topic),
      key: to.key,
      eventType: to.schema.name,
      fields: fieldsOf(to.schema.fields),
    },
    references: Object.entries(job.references).map(([view, dataset]) => ({
      view,
      file: `{taskDir}/${referenceFile(dataset)}`,
      fields: datasetFields(spec.datasets[dataset] ?? fail('INTERNAL', { reason: `there is no dataset "${dataset}"` })),
    })),
  };
}

function checkpointOf(query: string, checkpoints: RunnerJobsInput['checkpoints']): RunnerCheckpoint {
  const found = checkpoints[query] ?? fail('INTERNAL', { reason: `no checkpoint of query "${query}" was handed in` });
  const { directory, former, from, stateful } = found;
  const path = (name: string) => `{dataDir}/checkpoints/${name}`;
  const keep = former === undefined ? [directory] : [directory, former.directory];
  return { query, stateful, directory: path(directory), from: from.map(path), keep: keep.map(path) };
}

/** A real-time job, if there is one: it reads the topic once for both. Beside any other a query of its own reads the topic. */
function deadLetterJob({ jobs }: BlueprintSpec, topic: string): string | undefined {
  const readers = Object.entries(jobs).filter(([, { input }]) => input.topic === topic);
  return (readers.find(([, { mode }]) => mode === 'realtime') ?? readers[0])?.[0];
}

function topicNamed(spec: BlueprintSpec, topic: string): TopicSpec {
  return spec.topics[topic] ?? fail('INTERNAL', { reason: `there is no topic "${topic}"` });
}

function fieldsOf(fields: TopicSpec['schema']['fields']): RunnerField[] {
  return Object.entries(fields).map(([name, { type, nullable }]) => ({ name, type, nullable }));
}

function datasetFields({ fields }: DatasetSpec): RunnerField[] {
  return Object.entries(fields).map(([name, { type }]) => ({ name, type, nullable: true }));
}
