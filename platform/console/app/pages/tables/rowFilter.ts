/** Filter of a table's rows by its partition key; its place is the URL: `key.COLUMN=value`. */
import type { TableInfo } from '../../../../api/contract/data.ts';

export type KeyFilter = Readonly<Record<string, string>>;

export function partitionKey(table: TableInfo): string[] {
  return table.columns.filter(({ key }) => key === 'partition').map(({ name }) => name);
}

export function keyFromUrl(query: Readonly<Record<string, string>>): KeyFilter {
  const ours = Object.entries(query).filter(([name, value]) => name.startsWith('key.') && value !== '');
  return Object.fromEntries(ours.map(([name, value]) => [name.slice('key.'.length), value]));
}

/** A filter names the whole partition key or nothing: Cassandra finds rows by all of it. */
export function keyFault(table: TableInfo, filter: KeyFilter): string | undefined {
  const columns = partitionKey(table);
  const given = columns.filter((column) => (filter[column] ?? '') !== '');
  if (given.length === 0 || given.length === columns.length) return undefined;
  const missing = columns.filter((column) => !given.includes(column));
  return `Rows are found by the whole partition key: ${missing.join(', ')} is missing.`;
}

/** `{ 'key.event_id': 'a' }`; columns that are no part of the partition key are left out. */
export function keyQuery(table: TableInfo, filter: KeyFilter): Record<string, string> {
  const given = partitionKey(table).filter((column) => (filter[column] ?? '') !== '');
  return Object.fromEntries(given.map((column) => [`key.${column}`, filter[column] ?? '']));
}

/** The filter that finds an event's rows; undefined when the table is not keyed by the event's id. */
export function eventFilter(table: TableInfo, eventId: string): KeyFilter | undefined {
  const columns = partitionKey(table);
  return columns.length === 1 && columns[0] === 'event_id' ? { event_id: eventId } : undefined;
}
