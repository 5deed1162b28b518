/** Client verbs of Cassandra. Each is idempotent, and throws SERVER_UNREACHABLE when asking again may help. */
import type { Client } from 'cassandra-driver';
import { fail } from '../../errors.ts';
import type { FrameworkAccess } from '../contract.ts';
import { cassandraAdminRole, cassandraClusterName, cassandraEndpoint } from './access.ts';
import { asking, cqlClient } from './connect.ts';
import { ensureRole, listRoles, removeRole, secure } from './roles.ts';
import type { CassandraOptions } from './spec.ts';
import {
  dropKeyspace,
  dropTables,
  ensureKeyspace,
  ensureTables,
  type TableChanges,
  type TableRequest,
} from './tables.ts';

export interface CassandraDescription {
  readonly clusterName: string;
  readonly version: string;
  /** Addresses of all nodes that have joined, sorted. */
  readonly nodes: readonly string[];
}

export interface CassandraAdmin {
  describe(): Promise<CassandraDescription>;
  /** Names what had to be changed; see roles.ts. */
  secure(): Promise<readonly string[]>;
  /** On min(3, nodes) nodes. Answers whether it was missing. */
  ensureKeyspace(keyspace: string): Promise<boolean>;
  /** See tables.ts. Throws TABLE_CHANGED. */
  ensureTables(keyspace: string, tables: readonly TableRequest[]): Promise<TableChanges>;
  /** Keyspaces of pipelines, sorted: all but the system's own. */
  listKeyspaces(): Promise<readonly string[]>;
  /** Names those that were there. */
  dropTables(keyspace: string, tables: readonly string[]): Promise<readonly string[]>;
  /** Answers whether it was there. */
  dropKeyspace(keyspace: string): Promise<boolean>;
  /** The role may read and write the tables of the keyspace, which must exist, and nothing else. */
  ensureRole(role: string, password: string, keyspace: string): Promise<void>;
  removeRole(role: string): Promise<boolean>;
  /** All that were made, sorted; the superuser is none of them (it stands in a file of each node, README.md). */
  listRoles(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Logs in as the superuser. Throws WRONG_IDENTITY, before anything is written, when the cluster is not ours. */
export async function connectCassandraAdmin(access: FrameworkAccess<CassandraOptions>): Promise<CassandraAdmin> {
  const endpoints = access.placements.map(cassandraEndpoint);
  const { nodes } = access.options;
  const password = access.secret('admin');
  const times = { connectTimeoutMs: 5000, readTimeoutMs: 60_000 };
  const client = cqlClient({ endpoints, role: cassandraAdminRole, password, ...times });
  const ask = <T>(action: string, work: () => Promise<T>) => asking(endpoints, action, work);
  await ask('log in', async () => {
    await client.connect();
    refuseOthers(endpoints, cassandraClusterName(access.identity), (await describe(client)).clusterName);
  }).catch(async (error) => {
    await client.shutdown();
    throw error;
  });
  return {
    describe: () => ask('describe the cluster', () => describe(client)),
    secure: () => ask('keep roles on every node', () => secure(client, nodes)),
    ensureKeyspace: (keyspace) => ask('make a keyspace', () => ensureKeyspace(client, keyspace, Math.min(3, nodes))),
    ensureTables: (keyspace, tables) => ask('make tables', () => ensureTables(client, keyspace, tables)),
    listKeyspaces: () => ask('list keyspaces', () => listKeyspaces(client)),
    dropTables: (keyspace, tables) => ask('drop tables', () => dropTables(client, keyspace, tables)),
    dropKeyspace: (keyspace) => ask('drop a keyspace', () => dropKeyspace(client, keyspace)),
    ensureRole: (role, word, keyspace) => ask('make a role', () => ensureRole(client, role, word, keyspace)),
    removeRole: (role) => ask('remove a role', () => removeRole(client, role)),
    listRoles: () => ask('list roles', () => listRoles(client)),
    close: () => client.shutdown(),
  };
}

/** Both tables of the same node: each node lists itself in one and all others in the other. */
async function describe(client: Client): Promise<CassandraDescription> {
  const [host] = client.getState().getConnectedHosts();
  const ask = (query: string) => client.execute(query, [], host === undefined ? {} : { host });
  const local = (await ask('SELECT cluster_name, release_version, broadcast_address FROM system.local')).first();
  const { rows } = await ask('SELECT peer FROM system.peers_v2');
  const nodes = [local?.get('broadcast_address'), ...rows.map((row) => row.get('peer'))].map(String);
  return {
    clusterName: String(local?.get('cluster_name')),
    version: String(local?.get('release_version')),
    nodes: nodes.sort(),
  };
}

async function listKeyspaces(client: Client): Promise<readonly string[]> {
  const { rows } = await client.execute('SELECT keyspace_name FROM system_schema.keyspaces');
  const names = rows.map((row) => String(row.get('keyspace_name')));
  return names.filter((name) => !/^system(_|$)/.test(name)).sort();
}

function refuseOthers(endpoint: readonly string[], expected: string, found: string): void {
  if (found !== expected)
    fail('WRONG_IDENTITY', { endpoint, expected: `cluster "${expected}"`, found: `cluster "${found}"` });
}
