/**
 * The check of data that comes in against its topic's schema: by the ingress, which refuses what does not fit, and by the plan,
 * for the blueprint's own event. Compiled once per schema; no allocation on the good path.
 *
 * Records that come out of Kafka have a check of their own (connectors/event.ts), which accepts all that this one does and
 * more: fields of a newer schema, and longs beyond 2^53, which Spark writes and a JSON number can't hold.
 */
import type { EventSchema, Field, FieldType } from './schema.ts';

export const faultKinds = ['not-an-object', 'missing-field', 'wrong-type', 'unknown-field'] as const;
export type FaultKind = (typeof faultKinds)[number];

export interface Fault {
  readonly kind: FaultKind;
  /** JSON Pointer (RFC 6901) of the fault within the data: `` for the whole, `/delay_minutes` for a field. */
  readonly path: string;
  /** What was expected and what was there: `expected int, got string`. */
  readonly reason: string;
}

export type Checker = (data: unknown) => Fault | undefined;

/**
 * Makes the checker of `schema`. Integers: `int` is 32 bits, `long` stays within what a JSON number holds exactly (2^53).
 * `timestamp` must be RFC 3339 in UTC, ending in `Z`. A nullable field may be null or absent. Fields that the schema does
 * not have are refused, or ignored when `unknownFields` says so (a consumer older than its producer).
 */
export function compileChecker(schema: EventSchema, unknownFields: 'refuse' | 'ignore' = 'refuse'): Checker {
  const fields = Object.entries(schema.fields);
  const names = fields.map(([name]) => name);
  const nullable = fields.map(([, field]) => field.nullable);
  const accepts = fields.map(([, field]) => acceptors[field.type]);
  const known = new Set(names);
  const declared = fields.map(([, field]) => field);

  return (data) => {
    if (typeof data !== 'object' || data === null || Array.isArray(data)) {
      return { kind: 'not-an-object', path: '', reason: `expected an object, got ${nameOfType(data)}` };
    }
    const row = data as Record<string, unknown>;
    for (let i = 0; i < names.length; i++) {
      const value = Object.hasOwn(row, names[i]!) ? row[names[i]!] : undefined;
      if (value === undefined || value === null ? nullable[i] : accepts[i]!(value)) continue;
      return faultOf(names[i]!, declared[i]!, value);
    }
    if (unknownFields === 'refuse') {
      for (const name of Object.keys(row)) if (!known.has(name)) return unknown(name, names);
    }
    return undefined;
  };
}

const acceptors: Record<FieldType, (value: unknown) => boolean> = {
  string: (value) => typeof value === 'string',
  int: (value) => typeof value === 'number' && (value | 0) === value,
  long: (value) => Number.isSafeInteger(value),
  double: (value) => typeof value === 'number' && Number.isFinite(value),
  boolean: (value) => typeof value === 'boolean',
  timestamp: (value) => typeof value === 'string' && value.endsWith('Z') && parseTimestampMs(value) !== undefined,
};

const expectations: Record<FieldType, string> = {
  string: 'string',
  int: 'int (32 bits)',
  long: 'long (whole, at most 2^53)',
  double: 'double',
  boolean: 'boolean',
  timestamp: 'timestamp (RFC 3339 in UTC, such as 2026-11-23T09:30:00.000Z)',
};

const rfc3339 =
  /^(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/** Milliseconds since 1970 of an RFC 3339 date-time with any offset; undefined when it is not one (30 February, too). */
export function parseTimestampMs(text: string): number | undefined {
  const parts = rfc3339.exec(text);
  if (parts === null) return undefined;
  const [year, month, day] = [Number(parts[1]), Number(parts[2]), Number(parts[3])];
  // Date.parse takes 2026-02-30 for 2 March; day 0 of the next month is the last day of this one.
  if (month < 1 || month > 12 || day < 1 || day > new Date(Date.UTC(year, month, 0)).getUTCDate()) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

function faultOf(name: string, field: Field, value: unknown): Fault {
  const path = `/${name}`;
  if (value === undefined)
    return { kind: 'missing-field', path, reason: `is missing: expected ${expectations[field.type]}` };
  return { kind: 'wrong-type', path, reason: `expected ${expectations[field.type]}, got ${describe(value)}` };
}

function unknown(name: string, names: readonly string[]): Fault {
  const pointer = name.replaceAll('~', '~0').replaceAll('/', '~1').slice(0, 100);
  return { kind: 'unknown-field', path: `/${pointer}`, reason: `is not in the schema, which has: ${names.join(', ')}` };
}

/** A number or a string that has the right JSON type is shown, since its value is what is wrong with it. */
function describe(value: unknown): string {
  if (typeof value === 'number') return `${value}`;
  if (typeof value === 'string')
    return `string ${JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)}`;
  return nameOfType(value);
}

function nameOfType(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'nothing';
  return Array.isArray(value) ? 'an array' : typeof value === 'object' ? 'an object' : typeof value;
}
