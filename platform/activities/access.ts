/** How activities reach frameworks that were recorded, and what a pipeline's tasks are told about them. */

import type { CassandraAccess, KafkaAccess, RedisAccess } from '../connectors/config.ts';
import { fail } from '../errors.ts';
import { cassandraAccess } from '../frameworks/cassandra/access.ts';
import type { CassandraOptions } from '../frameworks/cassandra/spec.ts';
import type { FrameworkAccess, ProbeAccess } from '../frameworks/contract.ts';
import { kafkaAccess } from '../frameworks/kafka/access.ts';
import type { KafkaOptions } from '../frameworks/kafka/spec.ts';
import { redisAccess } from '../frameworks/redis/access.ts';
import type { RedisOptions } from '../frameworks/redis/spec.ts';
import { frameworks, optionsOf } from '../frameworks/registry.ts';
import { physical } from '../model/names.ts';
import type { FrameworkName } from '../model/plan.ts';
import type { FrameworkRecord } from '../model/records.ts';
import type { ActivityDeps } from './deps.ts';

/** Throws NOT_INSTALLED (retryable: another workflow may be installing it) when the framework has no record. */
export function frameworkRecord(deps: Pick<ActivityDeps, 'records'>, name: FrameworkName): FrameworkRecord {
  return deps.records.framework(name) ?? fail('NOT_INSTALLED', { framework: name });
}

export async function frameworkAccess<O>(deps: ActivityDeps, name: FrameworkName): Promise<FrameworkAccess<O>> {
  return accessOf(deps, frameworkRecord(deps, name)) as Promise<FrameworkAccess<O>>;
}

export async function accessOf(deps: ActivityDeps, record: FrameworkRecord): Promise<FrameworkAccess<unknown>> {
  return {
    options: optionsOf(frameworks[record.framework], record.plan.options),
    placements: record.plan.placements,
    identity: record.identity,
    artifacts: await deps.artifacts(),
    secret: (name) => deps.secrets.get(record.framework, name),
  };
}

export interface PipelineAccess {
  readonly kafka?: KafkaAccess;
  readonly cassandra?: CassandraAccess;
  readonly redis?: RedisAccess;
}

/** What it takes to reach a framework as a client. */
type AccessDeps = Pick<ActivityDeps, 'records' | 'secrets'>;

/** Logins of the pipeline's own user to each framework of its plan; needs the frameworks' records, not their readiness. */
export async function pipelineAccess(
  deps: AccessDeps,
  pipeline: string,
  names: readonly FrameworkName[],
): Promise<PipelineAccess> {
  const password = deps.secrets.get(physical.secret(pipeline), 'login');
  const has = (name: FrameworkName) => names.includes(name);
  const login = { keyspace: physical.keyspace(pipeline), role: physical.role(pipeline), password };
  return {
    ...(has('kafka') && {
      kafka: kafkaAccess(clientAccess<KafkaOptions>(deps, 'kafka'), physical.user(pipeline), password),
    }),
    ...(has('cassandra') && { cassandra: cassandraAccess(clientAccess<CassandraOptions>(deps, 'cassandra'), login) }),
    ...(has('redis') && { redis: redisAccess(clientAccess<RedisOptions>(deps, 'redis')) }),
  };
}

function clientAccess<O>(deps: AccessDeps, name: FrameworkName): ProbeAccess<O> {
  const record = frameworkRecord(deps, name);
  return {
    options: optionsOf(frameworks[name], record.plan.options) as O,
    placements: record.plan.placements,
    identity: record.identity,
    secret: (secret) => deps.secrets.get(name, secret),
  };
}
