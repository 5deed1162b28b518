/** Fields of events and columns of tables, each carrying its literal type so that wiring is checked by the compiler. */
import type { EventSchema, FieldType } from '../model/schema.ts';

export interface FieldRef<T extends FieldType = FieldType, N extends boolean = boolean> {
  readonly type: T;
  readonly nullable: N;
  readonly doc: string;
}
export type Fields = Readonly<Record<string, FieldRef>>;

const field =
  <T extends FieldType>(type: T) =>
  (doc = ''): FieldRef<T, false> => ({ type, nullable: false, doc });

export const string = field('string');
export const int = field('int');
export const long = field('long');
export const double = field('double');
export const boolean = field('boolean');
/** ISO-8601 in UTC on the wire. */
export const timestamp = field('timestamp');

/** The same field, which may also be null or absent. */
export function nullable<T extends FieldType>(of: FieldRef<T>): FieldRef<T, true> {
  return { type: of.type, nullable: true, doc: of.doc };
}

/** A schema of events: what the JSON object in a record's value holds. */
export interface SchemaRef<F extends Fields = Fields> {
  readonly name: string;
  readonly version: number;
  readonly fields: F;
}

/** Names an event's fields. `version` grows with every change that readers can see. */
export function schema<const F extends Fields>(name: string, fields: F, version = 1): SchemaRef<F> {
  return { name, version, fields };
}

export function eventSchemaOf({ name, version, fields }: SchemaRef): EventSchema {
  return { name, version, fields: { ...fields } };
}

/** Types of the envelope's columns (model/schema.ts, `envelopeTypes`), as literals. */
export interface EnvelopeRefs {
  readonly event_id: FieldRef<'string', false>;
  readonly event_time: FieldRef<'timestamp', false>;
  readonly event_type: FieldRef<'string', true>;
  readonly event_source: FieldRef<'string', true>;
  readonly traceparent: FieldRef<'string', true>;
  readonly pathway: FieldRef<'string', true>;
}

/** What a reader of a topic with fields `F` finds: its fields, and the envelope where the fields have no such name. */
export type Readable<F extends Fields> = F & Omit<EnvelopeRefs, keyof F>;

/** Names of the readable fields of one of the types `T`. */
export type NamesOf<F extends Fields, T extends FieldType, N extends boolean = boolean> = {
  [K in keyof F & string]: F[K] extends FieldRef<T, N> ? K : never;
}[keyof F & string];

/** The envelope's columns for a table: `envelope.event_id`. */
export const envelope: EnvelopeRefs = {
  event_id: { type: 'string', nullable: false, doc: 'CloudEvents id of the event' },
  event_time: { type: 'timestamp', nullable: false, doc: 'When the event happened' },
  event_type: { type: 'string', nullable: true, doc: 'CloudEvents type' },
  event_source: { type: 'string', nullable: true, doc: 'CloudEvents source' },
  traceparent: { type: 'string', nullable: true, doc: 'W3C trace context, kept where the event was sampled' },
  pathway: { type: 'string', nullable: true, doc: 'Pathway header of the event' },
};
