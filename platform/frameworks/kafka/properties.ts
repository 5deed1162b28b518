/** The files of a broker: pure text from the placements, the options and the secrets. */
import type { RenderContext } from '../contract.ts';
import { kafkaAdminUser, kafkaClusterId } from './access.ts';
import type { KafkaOptions } from './spec.ts';

type Properties = Readonly<Record<string, string | number | boolean>>;
const controllerUser = 'controller';

export function serverProperties(context: RenderContext<KafkaOptions>): string {
  const { options, placements, placement } = context;
  return text({
    ...identity(context),
    ...listeners(context),
    ...security(context),
    ...replication(placements.length),
    ...sessions(placements.length),
    ...(options.profile === 'laptop' ? laptop : {}),
    'log.dirs': '{dataDir}/log',
    'log.retention.ms': options.retentionMs,
    'message.max.bytes': options.maxMessageBytes,
    'replica.fetch.max.bytes': options.maxMessageBytes,
    'auto.create.topics.enable': false,
    // Metrics come from the clients and the ledger; a JMX reporter would register hundreds of beans at start.
    'metric.reporters': '',
    // A loaded laptop may need longer than the default minute to elect the first controller.
    'initial.broker.registration.timeout.ms': 300_000,
    'broker.rack': placement.node,
  });
}

/** What millrace.MillraceKafka formats the storage with on the first start. */
export function formatProperties(context: RenderContext<KafkaOptions>): string {
  return text({
    'cluster.id': kafkaClusterId(context.identity),
    user: kafkaAdminUser,
    password: context.secret('admin'),
  });
}

/** Instance number of a task: `kafka.broker.2` → 2; also its node id. */
function nodeId(task: string): number {
  return Number(task.slice(task.lastIndexOf('.') + 1));
}

function identity({ placements, placement }: RenderContext<KafkaOptions>): Properties {
  return {
    'process.roles': 'broker,controller',
    'node.id': nodeId(placement.task),
    'controller.quorum.voters': placements
      .map((other) => `${nodeId(other.task)}@${other.address}:${other.ports.controller}`)
      .join(','),
  };
}

function listeners({ placement: { address, ports } }: RenderContext<KafkaOptions>): Properties {
  return {
    listeners: `CLIENT://${address}:${ports.client},CONTROLLER://${address}:${ports.controller}`,
    'advertised.listeners': `CLIENT://${address}:${ports.client}`,
    'listener.security.protocol.map': 'CLIENT:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT',
    'inter.broker.listener.name': 'CLIENT',
    'controller.listener.names': 'CONTROLLER',
  };
}

/**
 * SCRAM for clients and between brokers. Controllers speak PLAIN among themselves: SCRAM credentials live in the metadata
 * log, which a controller can read only after it has joined the quorum
 * (https://kafka.apache.org/documentation/#security_sasl_scram).
 */
function security({ secret }: RenderContext<KafkaOptions>): Properties {
  const plain = 'org.apache.kafka.common.security.plain.PlainLoginModule';
  const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule';
  const controller = `username="${controllerUser}" password="${secret('controller')}"`;
  return {
    'sasl.mechanism.inter.broker.protocol': 'SCRAM-SHA-512',
    'sasl.mechanism.controller.protocol': 'PLAIN',
    'listener.name.client.sasl.enabled.mechanisms': 'SCRAM-SHA-512',
    'listener.name.client.scram-sha-512.sasl.jaas.config': `${scram} required username="${kafkaAdminUser}" password="${secret('admin')}";`,
    'listener.name.controller.sasl.enabled.mechanisms': 'PLAIN',
    'listener.name.controller.plain.sasl.jaas.config': `${plain} required ${controller} user_${controllerUser}="${secret('controller')}";`,
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': `User:${kafkaAdminUser};User:${controllerUser}`,
    'allow.everyone.if.no.acl.found': false,
  };
}

/** Every topic on every broker; with three, an acknowledged record is on two before it is acknowledged. */
function replication(brokers: number): Properties {
  const inSync = brokers === 3 ? 2 : 1;
  return {
    'default.replication.factor': brokers,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': brokers,
    'transaction.state.log.replication.factor': brokers,
    'transaction.state.log.min.isr': inSync,
    'share.coordinator.state.topic.replication.factor': brokers,
    'share.coordinator.state.topic.min.isr': inSync,
  };
}

/**
 * How long the controller waits for a broker's heartbeat. A broker that was killed and starts again is let in only when its
 * former session has run out, so that this is the time a kill costs: with Kafka's default of 9 s, 10.8 s to ready instead
 * of 2.5 s. With more brokers a false alarm costs a change of leaders, hence the longer time.
 */
function sessions(brokers: number): Properties {
  return {
    'broker.session.timeout.ms': brokers === 1 ? 2000 : 5000,
    'broker.heartbeat.interval.ms': brokers === 1 ? 500 : 1000,
    // Empty metadata records show other nodes how far the log is: a lone broker has none to tell. 2.3 → 1.9 % of a core at rest.
    'metadata.max.idle.interval.ms': brokers === 1 ? 5000 : 500,
  };
}

/** Fewer threads and internal partitions; no wait for further members when a group forms. */
const laptop: Properties = {
  'num.network.threads': 2,
  'num.io.threads': 4,
  'num.recovery.threads.per.data.dir': 1,
  'background.threads': 2,
  'offsets.topic.num.partitions': 4,
  'transaction.state.log.num.partitions': 2,
  'share.coordinator.state.topic.num.partitions': 2,
  'group.initial.rebalance.delay.ms': 0,
  'log.segment.bytes': 67_108_864,
  'log.cleaner.dedupe.buffer.size': 4_194_304,
  'log.cleaner.io.buffer.size': 131_072,
};

function text(properties: Properties): string {
  return `${Object.entries(properties)
    .map(([key, value]) => `${key}=${value}`)
    .join('\n')}\n`;
}
