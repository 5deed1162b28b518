/**
 * What is still there of a pipeline after its removal. Each server and the file system are asked themselves: what the
 * removals said of their own work proves nothing.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { launchedTasks } from '../cluster/tasks/layout.ts';
import { connectRedisAdmin } from '../frameworks/redis/admin.ts';
import type { RedisOptions } from '../frameworks/redis/spec.ts';
import type { Ledger, LedgerEntry } from '../model/ledger.ts';
import { physical } from '../model/names.ts';
import type { FrameworkName } from '../model/plan.ts';
import { frameworkAccess } from './access.ts';
import type { ActivityDeps } from './deps.ts';
import { withCassandra, withKafka } from './resources.ts';

/** All that the servers and the machine hold, of whomever; `entriesOf` finds what belongs to a pipeline. */
export interface Found {
  readonly tasks: readonly { readonly id: string; readonly owner: { readonly kind: string; readonly name: string } }[];
  /** Directories of tasks (files, logs) and of their data (checkpoints among it): name of the task, and path. */
  readonly directories: readonly {
    readonly task: string;
    readonly path: string;
    readonly holds: 'data' | 'files';
  }[];
  readonly topics: readonly string[];
  readonly groups: readonly string[];
  /** Of Kafka: who may do something, and the resource, by name or prefix. */
  readonly grants: readonly { readonly user: string; readonly resource: string }[];
  readonly keyspaces: readonly string[];
  readonly roles: readonly string[];
  readonly keys: readonly string[];
}

/** What a removal is to take, and what `--keep-data` leaves. */
export interface Remains {
  readonly tasks: readonly LedgerEntry[];
  readonly data: readonly LedgerEntry[];
}

/** Asks every server of `uses` that is recorded. Throws SERVER_UNREACHABLE: what can't be asked is not proved to be gone. */
export async function remainsOf(
  deps: ActivityDeps,
  pipeline: string,
  uses: readonly FrameworkName[],
): Promise<Remains> {
  const asks = (name: FrameworkName) => uses.includes(name) && deps.records.framework(name) !== undefined;
  const [tasks, kafka, cassandra, redis] = await Promise.all([
    deps.driver.list(),
    asks('kafka') ? inKafka(deps, pipeline) : nothing,
    asks('cassandra') ? inCassandra(deps) : nothing,
    asks('redis') ? inRedis(deps, pipeline) : nothing,
  ]);
  const none = { topics: [], groups: [], grants: [], keyspaces: [], roles: [], keys: [] };
  return entriesOf(pipeline, { ...none, tasks, directories: directories(deps), ...kafka, ...cassandra, ...redis });
}

/** `left` holds what should be gone, `kept` the data that was to stay. */
export function remainsAsLedger({ tasks, data }: Remains, keepData: boolean): Pick<Ledger, 'left' | 'kept'> {
  if (!keepData) return { left: [...tasks, ...data], kept: [] };
  return { left: tasks, kept: data.map((entry) => ({ ...entry, why: 'its data, kept by --keep-data' })) };
}

export function entriesOf(pipeline: string, found: Found): Remains {
  const entry = (kind: LedgerEntry['kind'], names: Iterable<string>): LedgerEntry[] =>
    [...new Set(names)].sort().map((name) => ({ kind, name, owner: pipeline }));
  // No name has a dot or a colon: the prefix is nobody else's.
  const prefix = physical.topic(pipeline, '');
  const starting = (names: readonly string[], with_: string) => names.filter((name) => name.startsWith(with_));
  const queues = `bull:${physical.queue(pipeline, '')}`;
  const keys = starting(found.keys, physical.redisKey(pipeline, ''));
  const folders = (holds: 'data' | 'files') =>
    found.directories.filter((each) => each.holds === holds && each.task.startsWith(prefix)).map(({ path }) => path);
  const users = found.grants
    .filter(({ user, resource }) => user === physical.user(pipeline) || resource === prefix)
    .map(({ user }) => `kafka/${user}`);
  const roles = found.roles.filter((role) => role === physical.role(pipeline)).map((role) => `cassandra/${role}`);
  const tasks = found.tasks.filter(({ owner }) => owner.kind === 'pipeline' && owner.name === pipeline);
  return {
    tasks: [
      ...entry(
        'process',
        tasks.map(({ id }) => id),
      ),
      ...entry('directory', folders('files')),
      ...entry('user', [...users, ...roles]),
    ],
    data: [
      ...entry('directory', folders('data')),
      ...entry('topic', starting(found.topics, prefix)),
      ...entry('consumer-group', starting(found.groups, physical.consumerGroup(pipeline, ''))),
      ...entry(
        'keyspace',
        found.keyspaces.filter((name) => name === physical.keyspace(pipeline)),
      ),
      ...entry(
        'queue',
        starting(found.keys, queues).map((key) => key.slice('bull:'.length).split(':')[0]!),
      ),
      ...entry('key', keys.length === 0 ? [] : [`${keys.length} keys of ${physical.redisKey(pipeline, '*')}`]),
    ],
  };
}

const nothing: Partial<Found> = {};

const inKafka = (deps: ActivityDeps, pipeline: string): Promise<Partial<Found>> =>
  withKafka(deps, async (admin) => ({
    topics: await admin.listTopics(physical.topic(pipeline, '')),
    groups: await admin.listGroups(physical.consumerGroup(pipeline, '')),
    grants: await admin.listGrants(),
  }));

const inCassandra = (deps: ActivityDeps): Promise<Partial<Found>> =>
  withCassandra(deps, async (admin) => ({ keyspaces: await admin.listKeyspaces(), roles: await admin.listRoles() }));

/** A queue of which only some keys are left is still there: all its keys are asked for, not the queues that BullMQ lists. */
async function inRedis(deps: ActivityDeps, pipeline: string): Promise<Partial<Found>> {
  const admin = await connectRedisAdmin(await frameworkAccess<RedisOptions>(deps, 'redis'));
  try {
    const own = await admin.listKeys(physical.redisKey(pipeline, ''));
    return { keys: [...own, ...(await admin.listKeys(`bull:${physical.queue(pipeline, '')}`))] };
  } finally {
    await admin.close();
  }
}

function directories({ home }: Pick<ActivityDeps, 'home'>): Found['directories'] {
  const data = existsSync(home.dataDir) ? readdirSync(home.dataDir) : [];
  return [
    ...launchedTasks(home).map((task) => ({ task, path: join(home.tasksDir, task), holds: 'files' as const })),
    ...data.map((task) => ({ task, path: join(home.dataDir, task), holds: 'data' as const })),
  ];
}
