/** The driver of a pipeline: one task that runs all its SQL jobs on the shared Spark. Pure. */
import type { TaskFile, TaskSpec } from '../../cluster/driver.ts';
import type { KafkaAccess } from '../../connectors/config.ts';
import { fail } from '../../errors.ts';
import type { Placement, TaskDemand } from '../../model/cluster.ts';
import { physical } from '../../model/names.ts';
import type { Sabotage } from '../../telemetry/sabotage.ts';
import type { FrameworkAccess } from '../contract.ts';
import { argumentFile, fewArenas, log4jProperties, scratch, sparkJvmArguments } from './jvm.ts';
import { masterUrl } from './ready.ts';
import { slotsOf, sparkCapacity, sparkShare } from './room.ts';
import { type RunnerConfig, type RunnerJobsInput, referenceFile, runnerJobs } from './runner-config.ts';
import { type SparkOptions, sparkOptions } from './spec.ts';

export interface SparkDriverContext extends RunnerJobsInput {
  readonly revision: number;
  /** Of the driver's own task, with the ports of `sparkDriverDemand`. */
  readonly placement: Placement;
  readonly spark: FrameworkAccess<SparkOptions>;
  readonly kafka: KafkaAccess;
  /** See telemetry/sabotage.ts. */
  readonly sabotage?: Sabotage;
  /** Rows of each dataset that a job refers to: one JSON object a line, by dataset name. */
  readonly datasets: Readonly<Record<string, string>>;
}

/** Metaspace, code cache and buffers of the driver beside its heap, in MiB: generated code is loaded here, too. */
const driverNonHeapMiB = 256;

export const sparkDriverTask = (pipeline: string) => physical.pipelineTask(pipeline, 'spark-driver', 0);

export function sparkDriverDemand(pipeline: string, options: SparkOptions = sparkOptions.parse({})): TaskDemand {
  return {
    task: sparkDriverTask(pipeline),
    owner: { kind: 'pipeline', name: pipeline },
    group: `${pipeline}.spark-driver`,
    spread: false,
    resources: { cpus: 0.25, memoryMiB: options.driverHeapMiB + driverNonHeapMiB, diskMiB: 64, gpus: 0 },
    ports: ['health', 'driver', 'blocks'],
  };
}

/** Throws INVALID_OPTIONS (too few slots). */
export function renderSparkDriver(context: SparkDriverContext): TaskSpec {
  const { placement, pipeline, spark } = context;
  const { options, artifacts } = spark;
  const jvm = sparkJvmArguments({ artifacts, profile: options.profile, heapMiB: options.driverHeapMiB });
  return {
    id: placement.task,
    node: placement.node,
    owner: { kind: 'pipeline', name: pipeline },
    argv: [artifacts.java, '@{taskDir}/conf/java.args', 'millrace.spark.Runner', '{taskDir}/conf/runner.json'],
    env: { SPARK_LOCAL_IP: placement.address, ...fewArenas },
    files: filesOf(context, [...jvm, logging, scratch]),
    ports: Object.entries(placement.ports).map(([name, port]) => ({ name, address: placement.address, port })),
    limits: { cpus: placement.demand.resources.cpus, memoryMiB: placement.demand.resources.memoryMiB },
    stop: { signal: 'SIGTERM', graceMs: 15_000 },
    tier: 2,
    keepsData: true,
  };
}

const logging = '-Dlog4j2.configurationFile={taskDir}/conf/log4j2.properties';

function filesOf(context: SparkDriverContext, javaArguments: readonly string[]): TaskFile[] {
  const { spec, datasets, spark } = context;
  const { artifacts, options } = spark;
  const executor = sparkJvmArguments({ artifacts, profile: options.profile, heapMiB: undefined });
  const used = new Set(Object.values(spec.jobs).flatMap(({ references }) => Object.values(references)));
  const rows = (dataset: string) =>
    datasets[dataset] ?? fail('INTERNAL', { reason: `no rows of dataset "${dataset}" were handed in` });
  return [
    { path: 'conf/java.args', content: argumentFile(javaArguments) },
    { path: 'conf/executor.args', content: argumentFile([...executor, logging]) },
    { path: 'conf/log4j2.properties', content: log4jProperties },
    { path: 'conf/runner.json', content: `${JSON.stringify(runnerConfig(context), undefined, 1)}\n`, mode: 0o600 },
    ...[...used].map((dataset) => ({ path: referenceFile(dataset), content: rows(dataset) })),
  ];
}

function runnerConfig(context: SparkDriverContext): RunnerConfig {
  const { placement, pipeline, revision, kafka, spark } = context;
  const jobs = runnerJobs(context);
  const { brokers, clusterId, username, password } = kafka;
  return {
    task: placement.task,
    pipeline,
    revision,
    health: { address: placement.address, port: placement.ports.health ?? 0 },
    master: masterUrl(spark.placements),
    ledgerDir: '{dataDir}/conservation',
    sparkProperties: { ...common(context), ...executors(spark.options, slotsOf(jobs)), ...streaming },
    kafka: { brokers, clusterId, username, password },
    ...(context.sabotage === undefined ? {} : { sabotage: context.sabotage }),
    jobs,
  };
}

function common({ placement, spark }: SparkDriverContext): Record<string, string> {
  return {
    'spark.authenticate': 'true',
    'spark.authenticate.secret': spark.secret('spark'),
    'spark.driver.host': placement.address,
    'spark.driver.bindAddress': placement.address,
    'spark.driver.port': `${placement.ports.driver}`,
    'spark.driver.blockManager.port': `${placement.ports.blocks}`,
    'spark.port.maxRetries': '0',
    'spark.local.dir': '{dataDir}/local',
    'spark.sql.warehouse.dir': '{dataDir}/warehouse',
    // Tasks would wait three seconds for the executor that a partition is assigned to, while others are free.
    'spark.locality.wait': '0s',
    'spark.ui.enabled': 'false',
    'spark.eventLog.enabled': 'false',
  };
}

/** Throws INVALID_OPTIONS when all workers together have too few executors; what other pipelines hold, the plan has looked at. */
function executors(options: SparkOptions, needed: number): Record<string, string> {
  const { executors: count, slots } = sparkShare(options, needed);
  if (count > sparkCapacity(options).executors) {
    const reason = `the jobs need ${needed} slots, the workers have ${options.workers} × ${options.workerCores}`;
    fail('INVALID_OPTIONS', { framework: 'spark', path: 'workerCores', reason });
  }
  return {
    'spark.executor.memory': `${options.executorHeapMiB}m`,
    'spark.executor.cores': `${slots / count}`,
    'spark.cores.max': `${slots}`,
    'spark.executor.extraJavaOptions': '"@{taskDir}/conf/executor.args"',
    'spark.executor.logs.rolling.strategy': 'size',
    'spark.executor.logs.rolling.maxSize': '4194304',
    'spark.executor.logs.rolling.maxRetainedFiles': '2',
    // Spark sets 300 MiB of every heap aside, and refuses a heap of less than half as much again.
    'spark.testing.reservedMemory': `${32 * 1024 * 1024}`,
  };
}

const streaming = {
  'spark.sql.session.timeZone': 'UTC',
  // A real-time job counts its events with each heartbeat (java/millrace/spark/StageBooks.java); by default it has ten seconds.
  'spark.executor.heartbeatInterval': '2s',
  // With it, one record that overflows an expression would stop a job for good; without, the expression gives null.
  'spark.sql.ansi.enabled': 'false',
  // A parameter's text must stay text.
  'spark.sql.variable.substitute': 'false',
  'spark.sql.shuffle.partitions': '2',
  // A reference is broadcast in every batch; by default that would be one task for each slot.
  'spark.sql.leafNodeDefaultParallelism': '1',
  // Sessions share one class path; otherwise executors ask the driver for every class that they do not have.
  'spark.sql.artifact.isolation.enabled': 'false',
  'spark.sql.adaptive.enabled': 'false',
  // In update mode a batch without data only forgets old state; that can wait for the next data.
  'spark.sql.streaming.noDataMicroBatches.enabled': 'false',
  'spark.sql.streaming.checkpointFileManagerClass': 'millrace.spark.LocalCheckpointFiles',
  'spark.sql.streaming.checkpoint.fileChecksum.enabled': 'false',
  'spark.sql.streaming.minBatchesToRetain': '10',
  'spark.sql.streaming.numRecentProgressUpdates': '2',
  'spark.sql.streaming.stateStore.maintenanceInterval': '120s',
  // It would warn of every batch that snapshots are as seldom as this.
  'spark.sql.streaming.stateStore.coordinatorReportSnapshotUploadLag': 'false',
  'spark.sql.catalogImplementation': 'in-memory',
} as const;
