/**
 * The statement that writes one event as one row, and how its values come out of the event. A column takes the field of its
 * name, else the envelope's. Values are encoded here (native protocol 4, section 6), which costs a third of what the driver's
 * own guessing does.
 *
 * The write timestamp is the record's Kafka timestamp in microseconds, its last three digits those of the offset. So of two
 * results for one row the one that was produced later wins, in whatever order and however often they are written.
 */
import { types } from 'cassandra-driver';
import { fail } from '../../errors.ts';
import type { TableSpec } from '../../model/blueprint.ts';
import { type EnvelopeField, type EventSchema, envelopeTypes, type FieldType } from '../../model/schema.ts';
import { isSampled } from '../../telemetry/context.ts';
import type { EventRecord, RawRecord } from '../contract.ts';
import type { FieldValue } from '../event.ts';
import { epochMsOf } from '../time.ts';

/** `unset` leaves the column as it is. */
export type EncodedValue = Buffer | null | typeof types.unset;

export interface Row {
  readonly event: EventRecord;
  readonly values: readonly EncodedValue[];
  /** Bytes of the values. */
  readonly bytes: number;
  /** The routing key, one character per byte: equal for rows of one partition. */
  readonly partition: string;
}

export interface Upsert {
  readonly cql: string;
  /** Row, or why the event can't be one. */
  bind(event: EventRecord): Row | string;
}

type Encode = (value: Exclude<FieldValue, null>) => Buffer;
interface Column {
  readonly name: string;
  readonly inKey: boolean;
  read(event: EventRecord): EncodedValue;
}

/** Throws INVALID_BLUEPRINT when a column has no source or one of another type. */
export function compileUpsert(name: string, table: TableSpec, schema: EventSchema): Upsert {
  const keys = new Set([...table.partitionKey, ...table.clusteringKey.map(({ column }) => column)]);
  const columns = Object.entries(table.columns).map(([column, { type }]): Column => {
    return { name: column, inKey: keys.has(column), read: compileColumn(name, column, type, schema) };
  });
  const partitionIndexes = table.partitionKey.map((key) => columns.findIndex((column) => column.name === key));
  const names = columns.map((column) => `"${column.name}"`).join(', ');
  const marks = columns.map(() => '?').join(', ');
  return {
    cql: `INSERT INTO "${name}" (${names}) VALUES (${marks}) USING TIMESTAMP ?`,
    bind: (event) => bindRow(event, columns, partitionIndexes),
  };
}

function bindRow(event: EventRecord, columns: readonly Column[], partitionIndexes: readonly number[]): Row | string {
  const values: EncodedValue[] = new Array(columns.length + 1);
  let bytes = 8;
  for (let i = 0; i < columns.length; i++) {
    const column = columns[i]!;
    const value = column.read(event);
    if (value instanceof Buffer) bytes += value.length;
    else if (column.inKey) return `${column.name}: a column of the primary key is empty`;
    values[i] = value;
  }
  values[columns.length] = longBytes(writeTimestampMicros(event.raw));
  let partition = '';
  for (const index of partitionIndexes) {
    const key = values[index] as Buffer;
    if (key.length === 0 && partitionIndexes.length === 1) return `${columns[index]!.name}: the partition key is empty`;
    partition += partitionIndexes.length === 1 ? key.toString('latin1') : routingPart(key);
  }
  return { event, values, bytes, partition };
}

/** A part of a composite routing key: its length, its bytes, a zero. */
function routingPart(key: Buffer): string {
  return `${String.fromCharCode(key.length >> 8, key.length & 255)}${key.toString('latin1')}\0`;
}

export function writeTimestampMicros({ timestampMs, offset }: RawRecord): number {
  return timestampMs * 1000 + Number(offset.length > 3 ? offset.slice(-3) : offset);
}

function compileColumn(table: string, column: string, type: FieldType, schema: EventSchema): Column['read'] {
  const field = schema.fields[column];
  const source = field ?? (Object.hasOwn(envelopeTypes, column) ? envelopeTypes[column as EnvelopeField] : undefined);
  const refuse = (reason: string) =>
    fail('INVALID_BLUEPRINT', { name: schema.name, path: `tables.${table}.columns.${column}`, reason });
  if (source === undefined) return refuse('neither a field of the schema nor the envelope has this name');
  if (source.type !== type && !widens(source.type, type)) return refuse(`${source.type} does not fit into ${type}`);
  const encode = encoders[type];
  if (field !== undefined)
    return ({ fields }) => {
      const value = fields[column];
      return value === null || value === undefined ? null : encode(value);
    };
  if (column === 'traceparent')
    return ({ traceparent }) => (isSampled(traceparent) ? encode(traceparent) : types.unset);
  const read = envelopeReaders[column as Exclude<EnvelopeField, 'traceparent'>];
  return (event) => {
    const value = read(event);
    return value === undefined ? types.unset : encode(value);
  };
}

const envelopeReaders: Record<Exclude<EnvelopeField, 'traceparent'>, (event: EventRecord) => string | undefined> = {
  event_id: (event) => event.id,
  event_time: (event) => event.time,
  event_type: (event) => event.type,
  event_source: (event) => event.source,
  pathway: (event) => event.pathway,
};

function widens(from: FieldType, to: FieldType): boolean {
  return (from === 'int' && (to === 'long' || to === 'double')) || (from === 'timestamp' && to === 'string');
}

const yes = Buffer.from([1]);
const no = Buffer.from([0]);
const encoders: Record<FieldType, Encode> = {
  string: (value) => Buffer.from(value as string),
  int: (value) => {
    const bytes = Buffer.allocUnsafe(4);
    bytes.writeInt32BE(value as number);
    return bytes;
  },
  long: (value) => (typeof value === 'number' ? longBytes(value) : digitsBytes(value as string)),
  double: (value) => {
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeDoubleBE(value as number);
    return bytes;
  },
  boolean: (value) => (value ? yes : no),
  timestamp: (value) => longBytes(epochMsOf(value as string)),
};

/** A safe integer as 64 bits, without a BigInt. */
function longBytes(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  const high = Math.floor(value / 0x1_0000_0000);
  bytes.writeInt32BE(high, 0);
  bytes.writeUInt32BE(value - high * 0x1_0000_0000, 4);
  return bytes;
}

function digitsBytes(digits: string): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigInt64BE(BigInt(digits));
  return bytes;
}
