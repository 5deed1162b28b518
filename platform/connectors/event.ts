/**
 * Between records and events: a schema is compiled once into a decoder, which gives for each record either an event or the
 * reason why it is none. Fields that the schema does not know are kept and left alone.
 */
import { type EnvelopeField, type EventSchema, envelopeHeaders, type FieldType, jobAtHeader } from '../model/schema.ts';
import type { Envelope, EventRecord, Poison, PoisonReason, RawRecord } from './contract.ts';
import { isoTimeFault } from './time.ts';

export type FieldValue = string | number | boolean | null;
export type Fields = Record<string, FieldValue>;
export type Decode = (raw: RawRecord) => EventRecord | Poison;

export interface DecoderOptions {
  readonly schema: EventSchema;
  /** Values above this many bytes are `too-large`. */
  readonly maxValueBytes: number;
}

/** A record as kafkajs' producer takes it. */
export interface KafkaMessage {
  readonly key: Buffer | string | null;
  readonly value: Buffer | string | null;
  readonly headers: Record<string, Buffer | string>;
}

/** Ours where nothing says otherwise; far below what a row, a queue's job or a sorted set's member should hold. */
export const defaultMaxValueBytes = 262_144;

export function isPoison(decoded: EventRecord | Poison): decoded is Poison {
  return (decoded as Poison).reason !== undefined;
}

export function compileDecoder({ schema, maxValueBytes }: DecoderOptions): Decode {
  const checkFields = compileChecker(schema);
  return (raw) => {
    const valueBytes = raw.valueBytes ?? raw.value?.length ?? -1;
    if (valueBytes < 0) return poison(raw, 'null-value', 'the record has no value (a tombstone)');
    if (valueBytes === 0) return poison(raw, 'empty-value', 'the value has no bytes');
    if (valueBytes > maxValueBytes)
      return poison(raw, 'too-large', `${valueBytes} bytes, at most ${maxValueBytes} are taken`);
    if ((raw.keyBytes ?? raw.key?.length ?? 0) <= 0) return poison(raw, 'missing-key', 'the record has no key');
    const envelope = raw.envelope ?? envelopeOf(raw.headers);
    const { event_id: id, event_time: time } = envelope;
    if (id === undefined || id === '')
      return poison(raw, 'missing-id', `header ${envelopeHeaders.event_id} is missing`);
    const timeFault = time === undefined ? 'is missing' : isoTimeFault(time);
    if (timeFault !== undefined) return poison(raw, 'bad-time', `header ${envelopeHeaders.event_time} ${timeFault}`);
    const json = raw.valueText?.() ?? raw.value!.toString();
    const parsed = parseJson(json);
    if (parsed instanceof Error) return poison(raw, 'bad-json', parsed.message);
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
      return poison(raw, 'not-an-object', `expected an object, got ${kindOf(parsed)}`);
    const fields = parsed as Fields;
    const fault = checkFields(fields, json);
    if (fault !== undefined) return poison(raw, fault.reason, fault.detail);
    return {
      id,
      time: time as string,
      type: envelope.event_type ?? schema.name,
      source: envelope.event_source ?? '',
      traceparent: envelope.traceparent,
      pathway: envelope.pathway,
      jobAt: envelope.jobAt,
      fields,
      raw,
    };
  };
}

export interface FieldFault {
  readonly reason: PoisonReason;
  readonly detail: string;
}
/**
 * Wider than the check at the front door (model/check.ts), and never narrower: what was acknowledged must not end as a dead letter.
 * Undefined: the fields are as the schema says. May replace a long beyond 2^53 by its digits, taken from `json`.
 */
type CheckFields = (fields: Fields, json: string) => FieldFault | undefined;

function compileChecker(schema: EventSchema): CheckFields {
  const names = Object.keys(schema.fields);
  const types = names.map((name) => schema.fields[name]!.type);
  const nullable = names.map((name) => schema.fields[name]!.nullable);
  const checks = types.map((type) => fieldChecks[type]);
  return (fields, json) => {
    for (let i = 0; i < names.length; i++) {
      const name = names[i]!;
      const value = fields[name];
      if (value === undefined || value === null) {
        if (nullable[i]) continue;
        const detail = `${name}: expected ${types[i]}, got ${value === null ? 'null' : 'nothing'}`;
        return { reason: 'missing-field', detail };
      }
      if (checks[i]!(value)) continue;
      if (types[i] === 'long' && restoreLong(fields, name, json)) continue;
      return fieldFault(name, types[i]!, value);
    }
    return undefined;
  };
}

const fieldChecks: Record<FieldType, (value: unknown) => boolean> = {
  string: (value) => typeof value === 'string',
  int: (value) => typeof value === 'number' && (value | 0) === value,
  long: (value) => Number.isSafeInteger(value) || isLongDigits(value),
  double: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
  timestamp: (value) => typeof value === 'string' && isoTimeFault(value) === undefined,
};

const [longMin, longMax] = [-(2n ** 63n), 2n ** 63n - 1n];

/** A long that JSON's numbers can't carry comes as a string of digits. */
function isLongDigits(value: unknown): boolean {
  return typeof value === 'string' && /^-?\d{1,19}$/.test(value) && BigInt.asIntN(64, BigInt(value)) === BigInt(value);
}

/** JSON.parse has rounded a long beyond 2^53: read its digits from the text, and keep them as a string. */
function restoreLong(fields: Fields, name: string, json: string): boolean {
  if (!Number.isInteger(fields[name])) return false;
  const digitsIn = new Map<unknown, string | undefined>();
  const revive = function (this: unknown, key: string, value: unknown, context?: { source?: string }): unknown {
    if (key === name) digitsIn.set(this, context?.source);
    return value;
  };
  // The reviver's third argument (ES2025, JSON.parse source text access) is not in TypeScript's library yet.
  const top = JSON.parse(json, revive as (key: string, value: unknown) => unknown) as Fields;
  const digits = digitsIn.get(top);
  if (digits === undefined || !/^-?\d{1,19}$/.test(digits)) return false;
  const exact = BigInt(digits);
  if (exact < longMin || exact > longMax) return false;
  fields[name] = digits;
  return true;
}

function fieldFault(name: string, type: FieldType, value: unknown): FieldFault {
  if (type === 'timestamp' && typeof value === 'string')
    return { reason: 'bad-time', detail: `${name} ${isoTimeFault(value)}` };
  const got = typeof value === 'number' ? `${value}` : kindOf(value);
  return { reason: 'wrong-type', detail: `${name}: expected ${type}, got ${got}` };
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    return error;
  }
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/** The envelope's headers as text. */
export function envelopeOf(headers: RawRecord['headers']): Envelope {
  return {
    event_id: text(headers[envelopeHeaders.event_id]),
    event_time: text(headers[envelopeHeaders.event_time]),
    event_type: text(headers[envelopeHeaders.event_type]),
    event_source: text(headers[envelopeHeaders.event_source]),
    traceparent: text(headers[envelopeHeaders.traceparent]),
    pathway: text(headers[envelopeHeaders.pathway]),
    jobAt: text(headers[jobAtHeader]),
  };
}

function text(header: Buffer | string | undefined): string | undefined {
  return typeof header === 'string' || header === undefined ? header : header.toString();
}

export function poison(raw: RawRecord, reason: PoisonReason, detail: string): Poison {
  return { raw, reason, detail };
}

/** The event as a record of a topic whose key is the field `keyField` (or `event_id`, also where the field is null). */
export function encodeEvent(event: EventRecord, keyField: string): KafkaMessage {
  const headers: Record<string, string> = { ce_specversion: '1.0', 'content-type': 'application/json' };
  const envelope: Record<EnvelopeField, string | undefined> = {
    event_id: event.id,
    event_time: event.time,
    event_type: event.type,
    event_source: event.source,
    traceparent: event.traceparent,
    pathway: event.pathway,
  };
  for (const field of Object.keys(envelope) as EnvelopeField[]) {
    const value = envelope[field];
    if (value !== undefined) headers[envelopeHeaders[field]] = value;
  }
  const key = keyField === 'event_id' ? event.id : String(event.fields[keyField] ?? event.id);
  return { key, value: JSON.stringify(event.fields), headers };
}
