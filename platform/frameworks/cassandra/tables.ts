/** Keyspace and table verbs. Each is idempotent: asked twice, it changes nothing the second time. */
import type { Client } from 'cassandra-driver';
import { fail } from '../../errors.ts';
import type { TableSpec } from '../../model/blueprint.ts';
import { dataCenter } from './access.ts';
import { cqlTypes, identifier } from './cql.ts';

export interface TableRequest {
  /** Name in CQL. */
  readonly name: string;
  readonly spec: TableSpec;
}

export interface TableChanges {
  readonly created: readonly string[];
  /** `table.column` */
  readonly columnsAdded: readonly string[];
  /** Tables whose time to live was changed; rows that are there keep theirs. */
  readonly timeToLiveChanged: readonly string[];
}

/** A table as system_schema has it. */
interface FoundTable {
  readonly types: ReadonlyMap<string, string>;
  readonly partitionKey: readonly string[];
  /** `column asc`, `column desc` */
  readonly clusteringKey: readonly string[];
  readonly ttlSeconds: number;
}

/**
 * Makes the keyspace with every row on `replicas` nodes; answers whether it was missing. The replication of one that exists
 * is left as it is: new replicas would answer with nothing until a repair.
 */
export async function ensureKeyspace(client: Client, keyspace: string, replicas: number): Promise<boolean> {
  if (await hasKeyspace(client, keyspace)) return false;
  const replication = `{'class': 'NetworkTopologyStrategy', '${dataCenter}': ${replicas}}`;
  await client.execute(`CREATE KEYSPACE IF NOT EXISTS ${identifier(keyspace)} WITH replication = ${replication}`);
  return true;
}

export async function dropKeyspace(client: Client, keyspace: string): Promise<boolean> {
  const existed = await hasKeyspace(client, keyspace);
  if (existed) await client.execute(`DROP KEYSPACE IF EXISTS ${identifier(keyspace)}`);
  return existed;
}

/** Drops those that are there, one after the other, and names them. */
export async function dropTables(
  client: Client,
  keyspace: string,
  tables: readonly string[],
): Promise<readonly string[]> {
  const dropped: string[] = [];
  for (const table of tables) {
    if (!(await find(client, keyspace, table))) continue;
    await client.execute(`DROP TABLE IF EXISTS ${identifier(keyspace)}.${identifier(table)}`);
    dropped.push(table);
  }
  return dropped;
}

/**
 * Creates what is missing and adds new columns; columns that are no longer asked for stay. Everything is checked before
 * anything is changed; statements run one after the other, as concurrent changes of a schema may collide.
 * Throws TABLE_CHANGED when a key, a clustering order or the type of a column differs.
 */
export async function ensureTables(
  client: Client,
  keyspace: string,
  requests: readonly TableRequest[],
): Promise<TableChanges> {
  const found = new Map<string, FoundTable>();
  for (const { name, spec } of requests) {
    const table = await find(client, keyspace, name);
    if (table === undefined) continue;
    refuseChange(name, spec, table);
    found.set(name, table);
  }
  const changes = { created: [] as string[], columnsAdded: [] as string[], timeToLiveChanged: [] as string[] };
  for (const request of requests) {
    const table = found.get(request.name);
    if (table === undefined) {
      await client.execute(createStatement(keyspace, request));
      changes.created.push(request.name);
      continue;
    }
    changes.columnsAdded.push(...(await addColumns(client, keyspace, request, table)));
    if (await alterTimeToLive(client, keyspace, request, table)) changes.timeToLiveChanged.push(request.name);
  }
  return changes;
}

async function hasKeyspace(client: Client, keyspace: string): Promise<boolean> {
  const query = 'SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = ?';
  return (await client.execute(query, [keyspace], { prepare: true })).rowLength > 0;
}

async function find(client: Client, keyspace: string, table: string): Promise<FoundTable | undefined> {
  const where = 'WHERE keyspace_name = ? AND table_name = ?';
  const ask = (query: string) => client.execute(`${query} ${where}`, [keyspace, table], { prepare: true });
  const settings = (await ask('SELECT default_time_to_live FROM system_schema.tables')).first();
  if (!settings) return undefined;
  const { rows } = await ask('SELECT column_name, kind, position, clustering_order, type FROM system_schema.columns');
  const keys = (kind: string) =>
    rows.filter((row) => row.kind === kind).sort((one, other) => one.position - other.position);
  return {
    types: new Map(rows.map((row) => [row.column_name, row.type])),
    partitionKey: keys('partition_key').map((row) => row.column_name),
    clusteringKey: keys('clustering').map((row) => `${row.column_name} ${row.clustering_order}`),
    ttlSeconds: settings.default_time_to_live,
  };
}

const clusteringOf = (spec: TableSpec) => spec.clusteringKey.map(({ column, order }) => `${column} ${order}`);

function refuseChange(table: string, spec: TableSpec, found: FoundTable): void {
  const refuse = (what: string, from: readonly string[], to: readonly string[]) =>
    fail('TABLE_CHANGED', {
      table,
      reason: `its ${what} is (${from.join(', ')}), and (${to.join(', ')}) was asked for`,
    });
  const differs = (from: readonly string[], to: readonly string[]) => from.join('\n') !== to.join('\n');
  if (differs(found.partitionKey, spec.partitionKey)) refuse('partition key', found.partitionKey, spec.partitionKey);
  if (differs(found.clusteringKey, clusteringOf(spec)))
    refuse('clustering key', found.clusteringKey, clusteringOf(spec));
  for (const [column, { type }] of Object.entries(spec.columns)) {
    const is = found.types.get(column);
    if (is === undefined || is === cqlTypes[type]) continue;
    fail('TABLE_CHANGED', {
      table,
      reason: `its column "${column}" is of type ${is}, and ${cqlTypes[type]} was asked for`,
    });
  }
}

function createStatement(keyspace: string, { name, spec }: TableRequest): string {
  const columns = Object.entries(spec.columns).map(([column, { type }]) => `${identifier(column)} ${cqlTypes[type]}`);
  const partition = `(${spec.partitionKey.map(identifier).join(', ')})`;
  const key = [partition, ...spec.clusteringKey.map(({ column }) => identifier(column))].join(', ');
  const order = spec.clusteringKey.map(({ column, order }) => `${identifier(column)} ${order}`).join(', ');
  const options = [
    ...(order === '' ? [] : [`CLUSTERING ORDER BY (${order})`]),
    `default_time_to_live = ${spec.ttlSeconds}`,
  ];
  const table = `${identifier(keyspace)}.${identifier(name)}`;
  return `CREATE TABLE IF NOT EXISTS ${table} (${columns.join(', ')}, PRIMARY KEY (${key})) WITH ${options.join(' AND ')}`;
}

async function addColumns(
  client: Client,
  keyspace: string,
  { name, spec }: TableRequest,
  found: FoundTable,
): Promise<string[]> {
  const added = Object.entries(spec.columns).filter(([column]) => !found.types.has(column));
  for (const [column, { type }] of added) {
    const table = `${identifier(keyspace)}.${identifier(name)}`;
    await client.execute(`ALTER TABLE ${table} ADD IF NOT EXISTS ${identifier(column)} ${cqlTypes[type]}`);
  }
  return added.map(([column]) => `${name}.${column}`);
}

async function alterTimeToLive(
  client: Client,
  keyspace: string,
  { name, spec }: TableRequest,
  found: FoundTable,
): Promise<boolean> {
  if (found.ttlSeconds === spec.ttlSeconds) return false;
  const table = `${identifier(keyspace)}.${identifier(name)}`;
  await client.execute(`ALTER TABLE ${table} WITH default_time_to_live = ${spec.ttlSeconds}`);
  return true;
}
