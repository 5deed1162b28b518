/** CQL text. Identifiers are always quoted: case is kept, and no reserved word gets in the way. */
import type { FieldType } from '../../model/schema.ts';

export const cqlTypes: Readonly<Record<FieldType, string>> = {
  string: 'text',
  int: 'int',
  long: 'bigint',
  double: 'double',
  boolean: 'boolean',
  timestamp: 'timestamp',
};

export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
