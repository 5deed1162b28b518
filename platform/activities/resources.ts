/** A pipeline's users, topics, tables and keys on the shared frameworks. */
import { connectCassandraAdmin } from '../frameworks/cassandra/admin.ts';
import type { CassandraOptions } from '../frameworks/cassandra/spec.ts';
import { connectKafkaAdmin, type KafkaAdmin } from '../frameworks/kafka/admin.ts';
import type { KafkaOptions } from '../frameworks/kafka/spec.ts';
import { connectRedisAdmin } from '../frameworks/redis/admin.ts';
import type { RedisOptions } from '../frameworks/redis/spec.ts';
import type { LedgerEntry } from '../model/ledger.ts';
import { physical } from '../model/names.ts';
import type { StepScope } from '../model/operations.ts';
import type { StepCall, UndoCall } from '../workflows/activities.ts';
import { frameworkAccess } from './access.ts';
import type { ActivityDeps } from './deps.ts';
import { runStep } from './running.ts';
import { recordedPipeline } from './tasks.ts';

/** Dead letters are kept longer than what they came from: somebody has to look at them. */
const deadLetterRetentionMs = 7 * 86_400_000;

export function createResourceActivities(deps: ActivityDeps) {
  return {
    'pipeline.user': ({ scope, step }: StepCall<'pipeline.user'>) =>
      runStep(deps, { scope, id: step.id, label: step.label }, () =>
        ensureUser(deps, scope.name, step.input.framework),
      ),
    'kafka.topics': ({ scope, step }: StepCall<'kafka.topics'>) =>
      runStep(deps, { scope, id: step.id, label: step.label }, () => ensureTopics(deps, scope, step.input.topics)),
    'cassandra.tables': ({ scope, step }: StepCall<'cassandra.tables'>) =>
      runStep(deps, { scope, id: step.id, label: step.label }, () => ensureTables(deps, scope, step.input.tables)),
    'pipeline.user.remove': async ({ scope, input }: UndoCall): Promise<readonly LedgerEntry[]> => {
      const { framework } = input as { framework: 'kafka' | 'cassandra' };
      if (!deps.records.framework(framework)) return [];
      const { name } = scope;
      const removed = await (framework === 'kafka'
        ? withKafka(deps, (admin) => admin.removeUser(physical.user(name)))
        : withCassandra(deps, (admin) => admin.removeRole(physical.role(name))));
      return removed ? [{ kind: 'user', name: `${framework}/${physical.user(name)}`, owner: name }] : [];
    },
    'kafka.topics.remove': async ({ scope, input }: UndoCall) =>
      await removeTopics(deps, scope.name, input as unknown as MadeTopics),
    'cassandra.tables.remove': async ({ scope, input }: UndoCall) =>
      await removeTables(deps, scope.name, input as unknown as MadeTables),
    'redis.keys.remove': async ({ scope }: UndoCall): Promise<readonly LedgerEntry[]> => {
      if (!deps.records.framework('redis')) return [];
      return await removeRedisKeys(deps, scope.name);
    },
  };
}

export async function withKafka<T>(deps: ActivityDeps, work: (admin: KafkaAdmin) => Promise<T>): Promise<T> {
  const admin = await connectKafkaAdmin(await frameworkAccess<KafkaOptions>(deps, 'kafka'));
  return await work(admin).finally(() => admin.close());
}

export async function withCassandra<T>(
  deps: ActivityDeps,
  work: (admin: Awaited<ReturnType<typeof connectCassandraAdmin>>) => Promise<T>,
): Promise<T> {
  const admin = await connectCassandraAdmin(await frameworkAccess<CassandraOptions>(deps, 'cassandra'));
  return await work(admin).finally(() => admin.close());
}

async function ensureUser(deps: ActivityDeps, pipeline: string, framework: 'kafka' | 'cassandra'): Promise<void> {
  const password = deps.secrets.get(physical.secret(pipeline), 'login');
  if (framework === 'kafka') {
    await withKafka(deps, (admin) => admin.ensureUser(physical.user(pipeline), password, physical.topic(pipeline, '')));
    return;
  }
  const keyspace = physical.keyspace(pipeline);
  await withCassandra(deps, async (admin) => {
    await admin.ensureKeyspace(keyspace);
    await admin.ensureRole(physical.role(pipeline), password, keyspace);
  });
}

/** Each topic with its dead-letter topic beside it. */
async function ensureTopics(deps: ActivityDeps, scope: StepScope, names: readonly string[]): Promise<void> {
  const { plan } = recordedPipeline(deps, scope);
  const access = await frameworkAccess<KafkaOptions>(deps, 'kafka');
  const replicationFactor = access.placements.length;
  const requests = names.flatMap((name) => {
    const { partitions, retentionMs } = plan.spec.topics[name]!;
    const config = (ms: number) => ({ 'retention.ms': String(ms) });
    return [
      { name: physical.topic(scope.name, name), partitions, replicationFactor, config: config(retentionMs) },
      {
        name: physical.deadLetterTopic(scope.name, name),
        partitions: 1,
        replicationFactor,
        config: config(Math.max(retentionMs, deadLetterRetentionMs)),
      },
    ];
  });
  await withKafka(deps, (admin) => admin.ensureTopics(requests));
}

async function ensureTables(deps: ActivityDeps, scope: StepScope, names: readonly string[]): Promise<void> {
  const { plan } = recordedPipeline(deps, scope);
  const keyspace = physical.keyspace(scope.name);
  const tables = names.map((name) => ({ name: physical.table(name), spec: plan.spec.tables[name]! }));
  await withCassandra(deps, async (admin) => {
    await admin.ensureKeyspace(keyspace);
    await admin.ensureTables(keyspace, tables);
  });
}

interface MadeTables {
  readonly tables: readonly string[];
  /** The keyspace itself goes, too. A rollback must leave what a former revision has in it. */
  readonly keyspace?: boolean;
}

async function removeTables(
  deps: ActivityDeps,
  pipeline: string,
  { tables, keyspace: whole = false }: MadeTables,
): Promise<readonly LedgerEntry[]> {
  if (!deps.records.framework('cassandra')) return [];
  const keyspace = physical.keyspace(pipeline);
  const dropped = await withCassandra(deps, async (admin) => {
    if (whole) return await admin.dropKeyspace(keyspace);
    await admin.dropTables(keyspace, tables.map(physical.table));
    return false;
  });
  return dropped ? [{ kind: 'keyspace', name: keyspace, owner: pipeline }] : [];
}

interface MadeTopics {
  readonly topics: readonly string[];
  /** Flows whose consumer groups go, too; undefined: all of the pipeline's. */
  readonly flows?: readonly string[];
}

async function removeTopics(
  deps: ActivityDeps,
  pipeline: string,
  { topics: names, flows }: MadeTopics,
): Promise<readonly LedgerEntry[]> {
  if (!deps.records.framework('kafka')) return [];
  const only = flows?.map((flow) => physical.consumerGroup(pipeline, flow));
  const topics = names.flatMap((name) => [physical.topic(pipeline, name), physical.deadLetterTopic(pipeline, name)]);
  return await withKafka(deps, async (admin) => {
    const deleted = await admin.deleteTopics(topics);
    const groups = await admin.deleteGroups(physical.consumerGroup(pipeline, ''), only);
    return [
      ...deleted.map((name): LedgerEntry => ({ kind: 'topic', name, owner: pipeline })),
      ...groups.map((name): LedgerEntry => ({ kind: 'consumer-group', name, owner: pipeline })),
    ];
  });
}

async function removeRedisKeys(deps: ActivityDeps, pipeline: string): Promise<readonly LedgerEntry[]> {
  const admin = await connectRedisAdmin(await frameworkAccess<RedisOptions>(deps, 'redis'));
  try {
    const removed: LedgerEntry[] = [];
    for (const { name } of await admin.queues(physical.queue(pipeline, ''))) {
      await admin.removeQueue(name);
      removed.push({ kind: 'queue', name, owner: pipeline });
    }
    const count = await admin.removeKeys(physical.redisKey(pipeline, ''));
    if (count > 0)
      removed.push({ kind: 'key', name: `${count} keys of ${physical.redisKey(pipeline, '*')}`, owner: pipeline });
    return removed;
  } finally {
    await admin.close();
  }
}
