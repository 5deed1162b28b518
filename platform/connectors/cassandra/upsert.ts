/**
 * The statement that writes one event as one row, and how its values come out of the event. A column takes the field of its
 * name, else the envelope's.
 *
 * The write timestamp is the record's Kafka timestamp in microseconds, its last three digits those of the offset. So of two
 * results for one row the one that was produced later wins, in whatever order and however often they are written.
 */
import { fail } from '../../errors.ts';
import type { TableSpec } from '../../model/blueprint.ts';
import { type EnvelopeField, type EventSchema, envelopeTypes, type FieldType } from '../../model/schema.ts';
import { isSampled } from '../../telemetry/context.ts';
import type { EventRecord, RawRecord } from '../contract.ts';
import type { FieldValue } from '../event.ts';
import { epochMsOf } from '../time.ts';
import { RowBuffer } from './rowBuffer.ts';

export interface Row {
  readonly event: EventRecord;
  /** Where its values lie in the row buffer. */
  readonly start: number;
  readonly end: number;
  /** Equal for rows of one partition. */
  readonly partition: string;
}

export interface Upsert {
  readonly cql: string;
  /** Appends the row's values; or answers why the event can't be a row, and appends nothing. */
  bind(event: EventRecord, values: RowBuffer): Row | string;
  /** The bytes that decide which nodes keep the row. */
  routingKey(event: EventRecord): Buffer;
}

/** `undefined` leaves the column as it is. */
type Read = (event: EventRecord) => FieldValue | undefined;
type Put = (values: RowBuffer, value: Exclude<FieldValue, null>) => void;
interface Column {
  readonly name: string;
  readonly inKey: boolean;
  readonly read: Read;
  readonly put: Put;
}

/** Throws INVALID_BLUEPRINT when a column has no source or one of another type. */
export function compileUpsert(name: string, table: TableSpec, schema: EventSchema): Upsert {
  const keys = new Set([...table.partitionKey, ...table.clusteringKey.map(({ column }) => column)]);
  const columns = Object.entries(table.columns).map(([column, { type }]): Column => {
    const read = compileRead(name, column, type, schema);
    return { name: column, inKey: keys.has(column), read, put: putters[type] };
  });
  const partitionKey = table.partitionKey.map((key) => columns.find((column) => column.name === key)!);
  const names = columns.map((column) => `"${column.name}"`).join(', ');
  const marks = columns.map(() => '?').join(', ');
  return {
    cql: `INSERT INTO "${name}" (${names}) VALUES (${marks}) USING TIMESTAMP ?`,
    bind: (event, values) => bindRow(event, values, columns, partitionKey),
    routingKey: (event) => routingKeyOf(event, partitionKey),
  };
}

function bindRow(
  event: EventRecord,
  values: RowBuffer,
  columns: readonly Column[],
  partitionKey: readonly Column[],
): Row | string {
  const start = values.length;
  for (let i = 0; i < columns.length; i++) {
    const { name, inKey, read, put } = columns[i]!;
    const value = read(event);
    if (value !== null && value !== undefined) put(values, value);
    else if (inKey) {
      values.length = start;
      return `${name}: a column of the primary key has no value`;
    } else if (value === null) values.putNull();
    else values.putUnset();
  }
  values.putLong(writeTimestampMicros(event.raw));
  const partition = partitionOf(event, partitionKey);
  if (partition === '') {
    values.length = start;
    return `${partitionKey[0]!.name}: the partition key is empty`;
  }
  return { event, start, end: values.length, partition };
}

function partitionOf(event: EventRecord, partitionKey: readonly Column[]): string {
  if (partitionKey.length === 1) return String(partitionKey[0]!.read(event));
  return JSON.stringify(partitionKey.map(({ read }) => read(event)));
}

/** A single column: its bytes. Several: of each the length in 16 bits, the bytes, a zero. */
function routingKeyOf(event: EventRecord, partitionKey: readonly Column[]): Buffer {
  const parts = partitionKey.map(({ read, put }) => {
    const encoded = new RowBuffer(64);
    put(encoded, read(event)!);
    const part = Buffer.allocUnsafe(encoded.length - 4);
    encoded.copy(4, encoded.length, part, 0);
    return part;
  });
  if (parts.length === 1) return parts[0]!;
  return Buffer.concat(parts.flatMap((part) => [Buffer.of(part.length >> 8, part.length & 255), part, Buffer.of(0)]));
}

export function writeTimestampMicros({ timestampMs, offset }: RawRecord): number {
  return timestampMs * 1000 + Number(offset.length > 3 ? offset.slice(-3) : offset);
}

function compileRead(table: string, column: string, type: FieldType, schema: EventSchema): Read {
  const field = schema.fields[column];
  const source = field ?? (Object.hasOwn(envelopeTypes, column) ? envelopeTypes[column as EnvelopeField] : undefined);
  const refuse = (reason: string) =>
    fail('INVALID_BLUEPRINT', { name: schema.name, path: `tables.${table}.columns.${column}`, reason });
  if (source === undefined) return refuse('neither a field of the schema nor the envelope has this name');
  if (source.type !== type && !widens(source.type, type)) return refuse(`${source.type} does not fit into ${type}`);
  return field === undefined ? envelopeReads[column as EnvelopeField] : ({ fields }) => fields[column] ?? null;
}

/** Of the trace context only what was sampled is kept: the rest would name traces that do not exist. */
const envelopeReads: Record<EnvelopeField, Read> = {
  event_id: (event) => event.id,
  event_time: (event) => event.time,
  event_type: (event) => event.type,
  event_source: (event) => event.source,
  traceparent: ({ traceparent }) => (isSampled(traceparent) ? traceparent : undefined),
  pathway: (event) => event.pathway,
};

function widens(from: FieldType, to: FieldType): boolean {
  return (from === 'int' && (to === 'long' || to === 'double')) || (from === 'timestamp' && to === 'string');
}

const putters: Record<FieldType, Put> = {
  string: (values, value) => values.putText(value as string),
  int: (values, value) => values.putInt(value as number),
  long: (values, value) => (typeof value === 'number' ? values.putLong(value) : values.putLongDigits(value as string)),
  double: (values, value) => values.putDouble(value as number),
  boolean: (values, value) => values.putBoolean(value as boolean),
  timestamp: (values, value) => values.putLong(epochMsOf(value as string)),
};
