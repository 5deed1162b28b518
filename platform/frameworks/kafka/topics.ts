/** Topic verbs. Each is idempotent: asked twice, it changes nothing the second time. */
import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs, { type Admin, type ITopicMetadata } from 'kafkajs';
import { fail } from '../../errors.ts';

export interface TopicRequest {
  readonly name: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  /** Topic configuration, as in https://kafka.apache.org/documentation/#topicconfigs; values as Kafka prints them. */
  readonly config: Readonly<Record<string, string>>;
}

export interface TopicChanges {
  readonly created: readonly string[];
  readonly grown: readonly string[];
  readonly reconfigured: readonly string[];
}

/**
 * Creates what is missing, adds partitions where more are asked for, sets configuration that differs. Everything is checked
 * before anything is changed.
 * Throws TOPIC_SHRINK when fewer partitions are asked for, TOPIC_REPLICATION when another number of replicas is.
 */
export async function ensureTopics(admin: Admin, requests: readonly TopicRequest[]): Promise<TopicChanges> {
  const existing = await metadataOf(
    admin,
    requests.map(({ name }) => name),
  );
  const missing = requests.filter(({ name }) => !existing.has(name));
  const present = requests.filter(({ name }) => existing.has(name));
  const brokers = (await admin.describeCluster()).brokers.length;
  for (const request of present) refuseShrink(request, existing.get(request.name)!, brokers);
  if (missing.length > 0) await create(admin, missing);
  const grown = present.filter(({ name, partitions }) => existing.get(name)!.partitions.length < partitions);
  if (grown.length > 0) await grow(admin, grown);
  const reconfigured = await reconfigure(admin, present);
  return { created: missing.map(nameOf), grown: grown.map(nameOf), reconfigured };
}

/** Deletes those that exist, waits until they are gone, and names them. */
export async function deleteTopics(admin: Admin, names: readonly string[]): Promise<readonly string[]> {
  const existing = [...(await metadataOf(admin, names)).keys()];
  if (existing.length > 0) await admin.deleteTopics({ topics: existing });
  const left = async () => (await admin.listTopics()).some((name) => existing.includes(name));
  while (existing.length > 0 && (await left())) await sleep(50);
  return existing;
}

const nameOf = ({ name }: TopicRequest) => name;

async function metadataOf(admin: Admin, names: readonly string[]): Promise<Map<string, ITopicMetadata>> {
  const wanted = new Set(names);
  const present = (await admin.listTopics()).filter((name) => wanted.has(name));
  if (present.length === 0) return new Map();
  const { topics } = await admin.fetchTopicMetadata({ topics: present });
  return new Map(topics.map((topic) => [topic.name, topic]));
}

function refuseShrink(request: TopicRequest, found: ITopicMetadata, brokers: number): void {
  const topic = request.name;
  if (request.partitions < found.partitions.length) {
    fail('TOPIC_SHRINK', { topic, found: found.partitions.length, asked: request.partitions });
  }
  const replicas = found.partitions[0]?.replicas.length ?? request.replicationFactor;
  if (replicas !== request.replicationFactor) {
    fail('TOPIC_REPLICATION', { topic, found: replicas, asked: request.replicationFactor, brokers });
  }
}

async function create(admin: Admin, requests: readonly TopicRequest[]): Promise<void> {
  const topics = requests.map(({ name, partitions, replicationFactor, config }) => ({
    topic: name,
    numPartitions: partitions,
    replicationFactor,
    configEntries: Object.entries(config).map(([key, value]) => ({ name: key, value })),
  }));
  await admin.createTopics({ topics, waitForLeaders: true });
}

async function grow(admin: Admin, requests: readonly TopicRequest[]): Promise<void> {
  await admin.createPartitions({
    topicPartitions: requests.map(({ name, partitions }) => ({ topic: name, count: partitions })),
  });
}

async function reconfigure(admin: Admin, requests: readonly TopicRequest[]): Promise<readonly string[]> {
  const asked = requests.filter(({ config }) => Object.keys(config).length > 0);
  if (asked.length === 0) return [];
  const type = kafkajs.ConfigResourceTypes.TOPIC;
  const found = await admin.describeConfigs({
    includeSynonyms: false,
    resources: asked.map(({ name, config }) => ({ type, name, configNames: Object.keys(config) })),
  });
  const values = new Map(
    found.resources.map(({ resourceName, configEntries }) => [
      resourceName,
      new Map(configEntries.map(({ configName, configValue }) => [configName, configValue])),
    ]),
  );
  const changed = asked.filter(({ name, config }) =>
    Object.entries(config).some(([key, value]) => values.get(name)?.get(key) !== value),
  );
  if (changed.length === 0) return [];
  // AlterConfigs replaces the whole set of a topic; the request always carries the whole set.
  const resources = changed.map(({ name, config }) => ({
    type,
    name,
    configEntries: Object.entries(config).map(([key, value]) => ({ name: key, value })),
  }));
  await admin.alterConfigs({ validateOnly: false, resources });
  return changed.map(nameOf);
}
