import type { TaskSpec } from '../../cluster/driver.ts';
import type { Placement, TaskDemand } from '../../model/cluster.ts';
import { physical } from '../../model/names.ts';
import type { Phase } from '../../model/plan.ts';
import type { FrameworkPackage, RenderContext } from '../contract.ts';
import { jvmArguments } from '../jvm.ts';
import { launchStep, readyStep } from '../steps.ts';
import { formatProperties, serverProperties } from './properties.ts';
import { kafkaReady } from './ready.ts';
import { type KafkaOptions, kafkaOptions } from './spec.ts';

const task = (instance: number) => physical.frameworkTask('kafka', 'broker', instance);
const instances = ({ brokers }: KafkaOptions) => Array.from({ length: brokers }, (_, instance) => instance);

/** Metaspace, code cache, thread stacks and buffers beside the heap, in MiB: measured 90–110. */
const nonHeapMiB = 128;

export const kafkaPackage: FrameworkPackage<KafkaOptions> = {
  name: 'kafka',
  version: '4.3.1',
  options: kafkaOptions,

  demands: (options) => instances(options).map((instance) => demand(options, instance)),

  /** All brokers start at once: none becomes ready before a majority of controllers runs. */
  phases: (options): readonly Phase[] => [
    {
      name: 'kafka',
      strategy: 'dependency',
      steps: instances(options).flatMap((instance) => [
        launchStep(task(instance), `start broker ${instance}`),
        readyStep(task(instance), `broker ${instance} answers`),
      ]),
    },
  ],

  render,
  ready: kafkaReady,
};

function demand({ brokers, heapMiB, profile, diskMiB }: KafkaOptions, instance: number): TaskDemand {
  return {
    task: task(instance),
    owner: { kind: 'framework', name: 'kafka' },
    group: 'kafka.broker',
    spread: brokers > 1,
    resources: { cpus: profile === 'laptop' ? 0.25 : 1, memoryMiB: heapMiB + nonHeapMiB, diskMiB, gpus: 0 },
    ports: ['client', 'controller'],
  };
}

function render(context: RenderContext<KafkaOptions>): TaskSpec {
  const { placement, options } = context;
  return {
    id: placement.task,
    node: placement.node,
    owner: placement.demand.owner,
    argv: kafkaCommand(context),
    env: {},
    files: [
      { path: 'conf/server.properties', content: serverProperties(context), mode: 0o600 },
      { path: 'conf/format.properties', content: formatProperties(context), mode: 0o600 },
    ],
    ports: portsOf(placement),
    limits: { cpus: placement.demand.resources.cpus, memoryMiB: options.heapMiB + nonHeapMiB },
    stop: { signal: 'SIGTERM', graceMs: 30_000 },
    tier: 1,
    keepsData: true,
  };
}

function portsOf({ address, ports }: Placement): TaskSpec['ports'] {
  return Object.entries(ports).map(([name, port]) => ({ name, address, port }));
}

function kafkaCommand({ artifacts, options }: RenderContext<KafkaOptions>): [string, ...string[]] {
  const { heapMiB, profile } = options;
  return [
    artifacts.java,
    ...jvmArguments({ heapMiB, profile, archive: artifacts.classDataArchive('kafka') }),
    ...kafkaProperties,
    '-cp',
    `${artifacts.kafkaLib}/*:${artifacts.javaClasses.kafka}`,
    'millrace.MillraceKafka',
    '{taskDir}/conf/server.properties',
    '{taskDir}/conf/format.properties',
  ];
}

/** The log goes to stdout, where the driver rotates it. */
export const kafkaProperties: readonly string[] = [
  '-Dorg.slf4j.simpleLogger.logFile=System.out',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  '-Dorg.slf4j.simpleLogger.log.kafka.server=info',
  '-Dorg.slf4j.simpleLogger.showDateTime=true',
  '-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss.SSS',
];
