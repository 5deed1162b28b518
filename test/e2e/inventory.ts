/**
 * What servers and disk hold, asked with clients of the tests' own: no verb of the platform that removes or lists takes part.
 * Logins are the administrators', out of the home.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { auth, Client } from 'cassandra-driver';
import { Redis } from 'ioredis';
import { Kafka, logLevel } from 'kafkajs';
import type { TaskStatus } from '../../platform/cluster/driver.ts';

export type Inventory = Readonly<
  Record<'topics' | 'groups' | 'principals' | 'keyspaces' | 'roles' | 'keys' | 'directories', readonly string[]>
>;

/** Of everything whose name holds `mark`; each list sorted. */
export async function inventoryOf(home: string, tasks: readonly TaskStatus[], mark: RegExp): Promise<Inventory> {
  const endpoint = (task: string, port: string) => {
    const found = tasks.find(({ id }) => id === task)?.ports.find(({ name }) => name === port);
    if (!found) throw new Error(`${task} has no port ${port}`);
    return { host: found.address, port: found.port };
  };
  const secret = (framework: string) => readFileSync(join(home, 'secrets', framework, 'admin'), 'utf8').trim();
  const found = {
    ...(await inKafka(endpoint('kafka.broker.0', 'client'), secret('kafka'))),
    ...(await inCassandra(endpoint('cassandra.node.0', 'cql'), secret('cassandra'))),
    keys: await inRedis(endpoint('redis.server.0', 'client'), secret('redis')),
    directories: ['tasks', 'data'].flatMap((folder) =>
      existsSync(join(home, folder)) ? readdirSync(join(home, folder)) : [],
    ),
  };
  const marked = (names: readonly string[]) => [...new Set(names)].filter((name) => mark.test(name)).sort();
  const entries = Object.entries(found).map(([kind, names]): [string, readonly string[]] => [kind, marked(names)]);
  return Object.fromEntries(entries) as unknown as Inventory;
}

interface Endpoint {
  readonly host: string;
  readonly port: number;
}

async function inKafka({ host, port }: Endpoint, password: string) {
  const sasl = { mechanism: 'scram-sha-512' as const, username: 'admin', password };
  const admin = new Kafka({ brokers: [`${host}:${port}`], sasl, logLevel: logLevel.NOTHING }).admin();
  try {
    await admin.connect();
    const any = { resourceType: 1, resourcePatternType: 1, operation: 1, permissionType: 1 };
    const { resources } = await admin.describeAcls(any);
    const { groups } = await admin.listGroups();
    return {
      topics: await admin.listTopics(),
      groups: groups.map(({ groupId }) => groupId),
      principals: resources.flatMap(({ acls }) => acls.map(({ principal }) => principal)),
    };
  } finally {
    await admin.disconnect();
  }
}

async function inCassandra({ host, port }: Endpoint, password: string) {
  const client = new Client({
    contactPoints: [`${host}:${port}`],
    localDataCenter: 'datacenter1',
    authProvider: new auth.PlainTextAuthProvider('millrace_admin', password),
  });
  const names = async (column: string, table: string) =>
    (await client.execute(`SELECT ${column} FROM ${table}`)).rows.map((row) => String(row.get(column)));
  try {
    await client.connect();
    return {
      keyspaces: await names('keyspace_name', 'system_schema.keyspaces'),
      roles: await names('role', 'system_auth.roles'),
    };
  } finally {
    await client.shutdown();
  }
}

async function inRedis({ host, port }: Endpoint, password: string): Promise<readonly string[]> {
  const redis = new Redis({ host, port, username: 'admin', password, retryStrategy: () => null });
  try {
    return await redis.keys('*');
  } finally {
    redis.disconnect();
  }
}
