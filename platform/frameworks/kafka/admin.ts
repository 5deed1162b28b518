/** Client verbs of Kafka. Each is idempotent, and throws SERVER_UNREACHABLE when asking again may help. */
import type { KafkaAccess } from '../../connectors/config.ts';
import { fail } from '../../errors.ts';
import type { ProbeAccess } from '../contract.ts';
import { kafkaAccess, kafkaAdminUser } from './access.ts';
import { asking, kafkaClient } from './connect.ts';
import { deleteGroups, lagOf, listGroups, type PartitionLag, timestampAt } from './groups.ts';
import { type KafkaOffsets, type OffsetsRequest, offsetsOf, recordsSince } from './offsets.ts';
import type { KafkaOptions } from './spec.ts';
import { deleteTopics, ensureTopics, type TopicChanges, type TopicRequest } from './topics.ts';
import { ensureUser, type Grant, listGrants, removeUser } from './users.ts';

export interface KafkaDescription {
  readonly clusterId: string;
  readonly brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[];
  readonly controller: number | null;
}

export interface KafkaAdmin {
  describe(): Promise<KafkaDescription>;
  /** See topics.ts. Throws TOPIC_SHRINK, TOPIC_REPLICATION. */
  ensureTopics(topics: readonly TopicRequest[]): Promise<TopicChanges>;
  /** Names those that were there. */
  deleteTopics(names: readonly string[]): Promise<readonly string[]>;
  /** All topics whose names start with the prefix, sorted. */
  listTopics(prefix: string): Promise<readonly string[]>;
  /** The user may do everything with topics, groups and transactions of the prefix, and nothing else. */
  ensureUser(user: string, password: string, prefix: string): Promise<void>;
  removeUser(user: string): Promise<boolean>;
  /** Who may do something with what; a user without a grant is gone (see users.ts). */
  listGrants(): Promise<readonly Grant[]>;
  /** All consumer groups whose ids start with the prefix, sorted. */
  listGroups(prefix: string): Promise<readonly string[]>;
  /** Names those that were there. Throws GROUP_ACTIVE while one has members. */
  deleteGroups(prefix: string, only?: readonly string[]): Promise<readonly string[]>;
  lag(groupId: string, topic: string): Promise<readonly PartitionLag[]>;
  /** Ends of many topics and positions of many groups at once. */
  offsets(request: OffsetsRequest): Promise<KafkaOffsets>;
  /** See offsets.ts. */
  recordsSince(topics: readonly string[], sinceMs: number): Promise<Readonly<Record<string, number>>>;
  /** See groups.ts. */
  timestampAt(topic: string, partition: number, offset: number): Promise<number | null>;
  close(): Promise<void>;
}

/** Logs in as the super user. Throws WRONG_IDENTITY, before anything is written, when the cluster is not ours. */
export async function connectKafkaAdmin(access: ProbeAccess<KafkaOptions>): Promise<KafkaAdmin> {
  const ours = kafkaAccess(access, kafkaAdminUser, access.secret('admin'));
  const kafka = kafkaClient(ours);
  const admin = kafka.admin();
  const ask = <T>(action: string, work: () => Promise<T>) => asking(ours, action, work);
  await ask('log in', async () => {
    await admin.connect();
    refuseOthers(ours, (await admin.describeCluster()).clusterId);
  }).catch(async (error) => {
    await admin.disconnect();
    throw error;
  });
  return {
    describe: () => ask('describe the cluster', () => admin.describeCluster().then((found) => ({ ...found }))),
    ensureTopics: (topics) => ask('make topics', () => ensureTopics(admin, topics)),
    deleteTopics: (names) => ask('delete topics', () => deleteTopics(admin, names)),
    listTopics: (prefix) =>
      ask('list topics', async () => (await admin.listTopics()).filter((name) => name.startsWith(prefix)).sort()),
    ensureUser: (user, password, prefix) =>
      ask('make a user', () => ensureUser(kafka, admin, { ...ours, password }, user, prefix)),
    removeUser: (user) => ask('remove a user', () => removeUser(kafka, admin, user)),
    listGrants: () => ask('list users', () => listGrants(admin)),
    listGroups: (prefix) => ask('list consumer groups', () => listGroups(admin, prefix)),
    deleteGroups: (prefix, only) => ask('delete consumer groups', () => deleteGroups(admin, prefix, only)),
    lag: (groupId, topic) => ask('read offsets', () => lagOf(admin, groupId, topic)),
    offsets: (request) => ask('read offsets', () => offsetsOf(admin, request)),
    recordsSince: (topics, sinceMs) => ask('read offsets', () => recordsSince(admin, topics, sinceMs)),
    timestampAt: (topic, partition, offset) =>
      ask('read offsets', () => timestampAt(admin, topic, partition, offset, Date.now())),
    close: () => admin.disconnect(),
  };
}

function refuseOthers({ brokers, clusterId }: KafkaAccess, found: string): void {
  if (found === clusterId) return;
  fail('WRONG_IDENTITY', { endpoint: brokers, expected: `cluster ${clusterId}`, found: `cluster ${found}` });
}
