/** Rows of a table, as text that JSON can carry: for people who look, never for the data path. */
import { errors } from 'cassandra-driver';
import { fail } from '../../errors.ts';
import type { TableSpec } from '../../model/blueprint.ts';
import type { FieldType } from '../../model/schema.ts';
import type { CassandraAccess } from '../config.ts';
import { createCassandraConnection } from './connection.ts';

export interface RowsAsked {
  /** Name in CQL. */
  readonly table: string;
  readonly spec: TableSpec;
  /** Values of partition key columns; a part of the key can't be looked up. */
  readonly key: Readonly<Record<string, string>>;
  readonly limit: number;
}
export interface FoundRows {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly more: boolean;
}

const readTimeoutMs = 8000;

/** Throws REQUEST_INVALID for a key that is not whole, SERVER_UNREACHABLE, WRONG_IDENTITY. */
export async function rowsOf(access: CassandraAccess, asked: RowsAsked): Promise<FoundRows> {
  const { columns, where, values } = statementOf(asked);
  const connection = createCassandraConnection(access, () => {});
  try {
    const client = await connection.acquire();
    const names = columns.map(quoted).join(', ');
    const query = `SELECT ${names} FROM ${quoted(access.keyspace)}.${quoted(asked.table)}${where} LIMIT ${asked.limit + 1}`;
    const { rows } = await client.execute(query, values, { prepare: true, readTimeout: readTimeoutMs });
    const shown = rows
      .slice(0, asked.limit)
      .map((row) => Object.fromEntries(columns.map((name) => [name, plain(row[name])])));
    return { rows: shown, more: rows.length > asked.limit };
  } catch (error) {
    if (error instanceof errors.ResponseError || (error as Error).name === 'TypeError')
      return fail('REQUEST_INVALID', { place: 'query', name: 'key', reason: (error as Error).message }, error);
    const isClients = ['NoHostAvailableError', 'OperationTimedOutError', 'BusyConnectionError'].includes(
      (error as Error).name,
    );
    if (!isClients) throw error;
    const details = { framework: 'Cassandra', endpoint: access.contactPoints, reason: (error as Error).message };
    return fail('SERVER_UNREACHABLE', details, error);
  } finally {
    await connection.release().catch(() => {});
  }
}

function statementOf({ spec, key }: RowsAsked) {
  const given = Object.keys(key);
  const foreign = given.find((name) => !spec.partitionKey.includes(name));
  const missing = spec.partitionKey.find((name) => given.length > 0 && !given.includes(name));
  const refuse = (name: string, reason: string) =>
    fail('REQUEST_INVALID', { place: 'query', name: `key.${name}`, reason });
  if (foreign !== undefined) refuse(foreign, `the partition key is ${spec.partitionKey.join(', ')}`);
  if (missing !== undefined) refuse(missing, 'the partition key must be given whole');
  const conditions = given.map((name) => `${quoted(name)} = ?`).join(' AND ');
  return {
    columns: Object.keys(spec.columns),
    where: given.length === 0 ? '' : ` WHERE ${conditions}`,
    values: given.map((name) => keyValue(name, spec.columns[name]!.type, key[name]!)),
  };
}

function keyValue(name: string, type: FieldType, text: string): unknown {
  const refuse = () => fail('REQUEST_INVALID', { place: 'query', name: `key.${name}`, reason: `it must be a ${type}` });
  if (type === 'string') return text;
  if (type === 'boolean') return /^(true|false)$/.test(text) ? text === 'true' : refuse();
  if (type === 'timestamp') return Number.isNaN(Date.parse(text)) ? refuse() : new Date(text);
  if (type === 'long') return /^-?\d{1,19}$/.test(text) ? text : refuse();
  const value = Number(text);
  return text === '' || !Number.isFinite(value) || (type === 'int' && !Number.isInteger(value)) ? refuse() : value;
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
const longestValue = 64 * 1024;

/** A number beyond 2^53 and everything else that JSON lacks becomes text. */
function plain(value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return value;
  if (value instanceof Date) return value.toISOString();
  return String(value).slice(0, longestValue);
}
