import { dirname } from 'node:path';
import type { TaskSpec } from '../../cluster/driver.ts';
import type { Placement, TaskDemand } from '../../model/cluster.ts';
import { physical } from '../../model/names.ts';
import type { Phase } from '../../model/plan.ts';
import type { FrameworkPackage, RenderContext } from '../contract.ts';
import { launchStep, readyStep } from '../steps.ts';
import { argumentFile, fewArenas, log4jProperties, propertiesFile, scratch, sparkJvmArguments } from './jvm.ts';
import { masterUrl, sparkReady } from './ready.ts';
import { type SparkOptions, sparkOptions } from './spec.ts';

const master = physical.frameworkTask('spark', 'master', 0);
const worker = (instance: number) => physical.frameworkTask('spark', 'worker', instance);

/** Metaspace, code cache, thread stacks and buffers beside the heap, in MiB. */
const daemonNonHeapMiB = 112;
const executorNonHeapMiB = 160;

export const sparkPackage: FrameworkPackage<SparkOptions> = {
  name: 'spark',
  version: '4.1.1',
  options: sparkOptions,

  demands: (options) => [
    {
      task: master,
      owner: { kind: 'framework', name: 'spark' },
      group: 'spark.master',
      spread: false,
      resources: { cpus: 0.05, memoryMiB: options.daemonHeapMiB + daemonNonHeapMiB, diskMiB: 16, gpus: 0 },
      ports: ['rpc', 'web'],
    },
    ...Array.from({ length: options.workers }, (_, instance) => workerDemand(options, instance)),
  ],

  /** All start at once: a worker asks for its master until it answers. */
  phases: ({ workers }): readonly Phase[] => [
    {
      name: 'spark',
      strategy: 'dependency',
      steps: [
        launchStep(master, 'start the Spark master'),
        readyStep(master, 'the Spark master answers'),
        ...Array.from({ length: workers }, (_, instance) => [
          launchStep(worker(instance), `start Spark worker ${instance}`),
          readyStep(worker(instance), `Spark worker ${instance} is registered`),
        ]).flat(),
      ],
    },
  ],

  render,
  ready: sparkReady,
};

/** What runs in a worker's process group: itself and its executors. */
function workerDemand(options: SparkOptions, instance: number): TaskDemand {
  const executors = Math.floor(options.workerMemoryMiB / options.executorHeapMiB);
  const memoryMiB = options.daemonHeapMiB + daemonNonHeapMiB + options.workerMemoryMiB + executors * executorNonHeapMiB;
  return {
    task: worker(instance),
    owner: { kind: 'framework', name: 'spark' },
    group: 'spark.worker',
    spread: options.workers > 1,
    resources: { cpus: options.profile === 'laptop' ? 0.5 : 1, memoryMiB, diskMiB: options.diskMiB, gpus: 0 },
    ports: ['rpc', 'web'],
  };
}

function render(context: RenderContext<SparkOptions>): TaskSpec {
  const { placement, options, artifacts } = context;
  const { profile, daemonHeapMiB } = options;
  const isMaster = placement.task === master;
  const jvm = sparkJvmArguments({ artifacts, profile, heapMiB: daemonHeapMiB });
  const log = '-Dlog4j2.configurationFile={taskDir}/conf/log4j2.properties';
  const properties = isMaster ? masterProperties(context) : workerProperties(context);
  return {
    id: placement.task,
    node: placement.node,
    owner: placement.demand.owner,
    argv: [
      artifacts.java,
      '@{taskDir}/conf/java.args',
      ...(isMaster ? masterCommand(placement) : workerCommand(context)),
    ],
    env: {
      SPARK_LOCAL_IP: placement.address,
      ...fewArenas,
      // A worker looks for the jars of its executors here, though it takes our class path.
      SPARK_HOME: dirname(artifacts.sparkLib),
      SPARK_SCALA_VERSION: '2.13',
    },
    files: [
      { path: 'conf/java.args', content: argumentFile([...jvm, log, scratch]) },
      { path: 'conf/log4j2.properties', content: log4jProperties },
      { path: 'conf/spark.properties', content: propertiesFile(properties), mode: 0o600 },
    ],
    ports: Object.entries(placement.ports).map(([name, port]) => ({ name, address: placement.address, port })),
    limits: { cpus: placement.demand.resources.cpus, memoryMiB: placement.demand.resources.memoryMiB },
    stop: { signal: 'SIGTERM', graceMs: 10_000 },
    tier: 1,
    keepsData: true,
  };
}

const recoveryDirectory = '{dataDir}/recovery';
const propertiesArguments = ['--properties-file', '{taskDir}/conf/spark.properties'];

function masterCommand({ address, ports }: Placement): string[] {
  const listen = ['--host', address, '--port', `${ports.rpc}`, '--webui-port', `${ports.web}`];
  return ['millrace.spark.MasterStart', recoveryDirectory, ...listen, ...propertiesArguments];
}

function workerCommand({ placement: { address, ports }, placements, options }: RenderContext<SparkOptions>): string[] {
  const listen = ['--host', address, '--port', `${ports.rpc}`, '--webui-port', `${ports.web}`];
  const offer = [
    '--cores',
    `${options.workerCores}`,
    '--memory',
    `${options.workerMemoryMiB}m`,
    '--work-dir',
    '{dataDir}/work',
  ];
  return ['millrace.spark.WorkerStart', ...listen, ...offer, ...propertiesArguments, masterUrl(placements)];
}

/** Who may speak to master, workers and applications, and see their pages. */
function commonProperties({ identity, secret }: RenderContext<SparkOptions>) {
  return {
    'spark.authenticate': true,
    'spark.authenticate.secret': secret('spark'),
    'spark.ui.filters': 'millrace.spark.AccessFilter',
    'spark.millrace.spark.AccessFilter.param.token': secret('web'),
    'spark.millrace.spark.AccessFilter.param.identity': identity,
    'spark.ui.killEnabled': false,
    'spark.master.rest.enabled': false,
    // Seconds without a heartbeat; a worker that ends is known at once by its connection.
    'spark.worker.timeout': 30,
  };
}

function masterProperties(context: RenderContext<SparkOptions>) {
  return {
    ...commonProperties(context),
    'spark.deploy.recoveryMode': 'FILESYSTEM',
    'spark.deploy.recoveryDirectory': recoveryDirectory,
    'spark.deploy.retainedApplications': 10,
    'spark.deploy.retainedDrivers': 1,
    'spark.dead.worker.persistence': 1,
  };
}

function workerProperties(context: RenderContext<SparkOptions>) {
  return {
    ...commonProperties(context),
    'spark.local.dir': '{dataDir}/local',
    'spark.worker.cleanup.enabled': true,
    'spark.worker.cleanup.interval': 1800,
    'spark.worker.cleanup.appDataTtl': 86_400,
    'spark.worker.ui.retainedExecutors': 10,
  };
}
