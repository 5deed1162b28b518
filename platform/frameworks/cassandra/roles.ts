/** Roles and what they may do. Each verb is idempotent. */
import type { Client } from 'cassandra-driver';
import { dataCenter } from './access.ts';
import { identifier, literal } from './cql.ts';

/** Lets `role` log in with `password`, read and write every table of the keyspace, and nothing else. */
export async function ensureRole(client: Client, role: string, password: string, keyspace: string): Promise<void> {
  const login = `PASSWORD = ${literal(password)} AND LOGIN = true AND SUPERUSER = false`;
  const verb = (await hasRole(client, role)) ? 'ALTER ROLE' : 'CREATE ROLE IF NOT EXISTS';
  await client.execute(`${verb} ${identifier(role)} WITH ${login}`);
  for (const permission of ['SELECT', 'MODIFY']) {
    await client.execute(`GRANT ${permission} ON KEYSPACE ${identifier(keyspace)} TO ${identifier(role)}`);
  }
}

/** Takes away the role with its grants; one that is not there is no error. Answers whether there was one. */
export async function removeRole(client: Client, role: string): Promise<boolean> {
  const existed = await hasRole(client, role);
  if (existed) await client.execute(`DROP ROLE IF EXISTS ${identifier(role)}`);
  return existed;
}

export async function listRoles(client: Client): Promise<readonly string[]> {
  const { rows } = await client.execute('SELECT role FROM system_auth.roles');
  return rows.map((row) => String(row.get('role'))).sort();
}

async function hasRole(client: Client, role: string): Promise<boolean> {
  const query = 'SELECT role FROM system_auth.roles WHERE role = ?';
  return (await client.execute(query, [role], { prepare: true })).rowLength > 0;
}

/**
 * Keeps roles and grants on every node, and removes the default superuser where one is found (data of a Cassandra that ran
 * without our role manager). Answers what had to be changed.
 */
export async function secure(client: Client, nodes: number): Promise<readonly string[]> {
  const changed: string[] = [];
  for (const keyspace of ['system_auth', 'system_distributed', 'system_traces']) {
    if ((await replicasOf(client, keyspace)) === nodes) continue;
    const replication = `{'class': 'NetworkTopologyStrategy', '${dataCenter}': ${nodes}}`;
    await client.execute(`ALTER KEYSPACE ${keyspace} WITH replication = ${replication}`);
    changed.push(keyspace);
  }
  if (await removeRole(client, 'cassandra')) changed.push('role cassandra');
  return changed;
}

async function replicasOf(client: Client, keyspace: string): Promise<number> {
  const query = 'SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = ?';
  const row = (await client.execute(query, [keyspace], { prepare: true })).first();
  const replication: Record<string, string> = row?.get('replication') ?? {};
  return Number(replication.replication_factor ?? replication[dataCenter] ?? 0);
}
