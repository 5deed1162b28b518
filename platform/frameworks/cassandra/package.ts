import type { TaskSpec } from '../../cluster/driver.ts';
import type { TaskDemand } from '../../model/cluster.ts';
import { physical } from '../../model/names.ts';
import type { Phase, Step } from '../../model/plan.ts';
import type { FrameworkPackage, RenderContext } from '../contract.ts';
import { jvmArguments } from '../jvm.ts';
import { launchStep, readyStep } from '../steps.ts';
import { administratorProperties, cassandraYaml, logbackXml } from './configuration.ts';
import { cassandraReady } from './ready.ts';
import { type CassandraOptions, cassandraOptions } from './spec.ts';

const task = (instance: number) => physical.frameworkTask('cassandra', 'node', instance);
const instances = ({ nodes }: CassandraOptions) => Array.from({ length: nodes }, (_, instance) => instance);

/** Metaspace, code cache, thread stacks, direct buffers and mapped indexes beside the heap, in MiB. */
const nonHeapMiB = 384;

export const cassandraPackage: FrameworkPackage<CassandraOptions> = {
  name: 'cassandra',
  version: '5.0.6',
  options: cassandraOptions,
  demands: (options) => instances(options).map((instance) => demand(options, instance)),
  phases: (options): readonly Phase[] => [{ name: 'cassandra', strategy: 'dependency', steps: steps(options) }],
  render,
  ready: cassandraReady,
};

function demand({ nodes, heapMiB, profile, diskMiB }: CassandraOptions, instance: number): TaskDemand {
  return {
    task: task(instance),
    owner: { kind: 'framework', name: 'cassandra' },
    group: 'cassandra.node',
    spread: nodes > 1,
    resources: { cpus: profile === 'laptop' ? 0.5 : 2, memoryMiB: heapMiB + nonHeapMiB, diskMiB, gpus: 0 },
    ports: ['cql', 'internode'],
  };
}

/** Nodes join one after the other: two that join at once may choose overlapping tokens and see different rings. */
function steps(options: CassandraOptions): Step[] {
  const all: Step[] = instances(options).flatMap((instance) => [
    launchStep(
      task(instance),
      `start node ${instance}`,
      instance === 0 ? {} : { after: [`ready:${task(instance - 1)}`] },
    ),
    readyStep(task(instance), `node ${instance} answers`, { timeoutSeconds: 300 }),
  ]);
  return options.nodes === 1 ? all : [...all, secureStep(options)];
}

/** A single node is secure from its first moment; with more, roles must be kept on every node. */
function secureStep({ nodes }: CassandraOptions): Step<'cassandra.secure'> {
  return {
    id: 'secure:cassandra',
    label: 'keep roles on every node',
    kind: 'cassandra.secure',
    input: { framework: 'cassandra' },
    after: [`ready:${task(nodes - 1)}`],
    timeoutSeconds: 120,
  };
}

function render(context: RenderContext<CassandraOptions>): TaskSpec {
  const { placement } = context;
  return {
    id: placement.task,
    node: placement.node,
    owner: placement.demand.owner,
    argv: cassandraCommand(context),
    env: {},
    files: [
      { path: 'conf/cassandra.yaml', content: cassandraYaml(context), mode: 0o600 },
      { path: 'conf/logback.xml', content: logbackXml, mode: 0o600 },
      { path: 'conf/administrator.properties', content: administratorProperties(context), mode: 0o600 },
      { path: 'tmp/README', content: 'Native libraries that the server unpacks while it runs.\n', mode: 0o600 },
    ],
    ports: Object.entries(placement.ports).map(([name, port]) => ({ name, address: placement.address, port })),
    limits: placement.demand.resources,
    stop: { signal: 'SIGTERM', graceMs: 60_000 },
    tier: 1,
    keepsData: true,
  };
}

function cassandraCommand({ artifacts, options, placements }: RenderContext<CassandraOptions>): [string, ...string[]] {
  const { heapMiB, profile } = options;
  return [
    artifacts.java,
    ...jvmArguments({ heapMiB, profile, archive: artifacts.classDataArchive('cassandra') }),
    ...moduleArguments,
    ...properties(placements.length),
    '-cp',
    `${artifacts.cassandraLib}/*:${artifacts.javaClasses.cassandra}`,
    'org.apache.cassandra.service.CassandraDaemon',
  ];
}

/** A lone node waits for nobody. The second and third need time to hear of the ring: with less they find no seed. */
function properties(nodes: number): string[] {
  const alone = nodes === 1;
  return [
    '-Djava.io.tmpdir={taskDir}/tmp',
    '-Dlogback.configurationFile={taskDir}/conf/logback.xml',
    '-Dmillrace.administrator={taskDir}/conf/administrator.properties',
    '-Dcassandra.config=file://{taskDir}/conf/cassandra.yaml',
    '-Dcassandra.storagedir={dataDir}',
    '-Dcassandra.logdir={logDir}',
    '-Dcassandra-foreground=yes',
    `-Dcassandra.system_auth.default_rf=${nodes}`,
    `-Dcassandra.system_distributed.default_rf=${nodes}`,
    `-Dcassandra.system_traces.default_rf=${nodes}`,
    `-Dcassandra.ring_delay_ms=${alone ? 0 : 5000}`,
    ...(alone ? ['-Dcassandra.skip_wait_for_gossip_to_settle=0', '-Dcassandra.shutdown_announce_in_ms=0'] : []),
    // Passwords are 256 random bits: they can't be guessed, so that slow hashing would only slow logins.
    '-Dcassandra.auth_bcrypt_gensalt_log2_rounds=4',
    '-Dio.netty.tryReflectionSetAccessible=true',
    // Cassandra measures at each start what a row costs beside its data, in 100,000 steps by default: 1.5 s of CPU.
    '-Dcassandra.memtable_row_overhead_computation_step=1000',
    // How often it reads the clock that time limits (of 10 s and more, configuration.ts) go by: 500 times a second by default.
    '-Dcassandra.approximate_time_precision_ms=20',
  ];
}

/** What Cassandra reaches into on Java 17: the part of its own conf/jvm17-server.options that a runtime without JDK tools has. */
const moduleArguments: readonly string[] = [
  ...[
    'java.base/jdk.internal.misc',
    'java.management.rmi/com.sun.jmx.remote.internal.rmi',
    'java.rmi/sun.rmi.registry',
    'java.rmi/sun.rmi.server',
    'java.sql/java.sql',
    'java.base/java.lang.ref',
    'jdk.unsupported/sun.misc',
  ].flatMap((exported) => ['--add-exports', `${exported}=ALL-UNNAMED`]),
  ...[
    'java.lang.module',
    'jdk.internal.loader',
    'jdk.internal.ref',
    'jdk.internal.reflect',
    'jdk.internal.math',
    'jdk.internal.module',
    'jdk.internal.util.jar',
    'sun.nio.ch',
    'java.io',
    'java.lang.reflect',
    'java.lang',
    'java.util',
    'java.nio',
  ].flatMap((opened) => ['--add-opens', `java.base/${opened}=ALL-UNNAMED`]),
  '--add-opens',
  'jdk.management/com.sun.management.internal=ALL-UNNAMED',
];
