/** What the parts of a blueprint refer to each other by: values, never strings. Made by the kit; inert. */
import type { EnvelopeRefs, FieldRef, Fields, Readable } from './fields.ts';

export interface TopicRef<F extends Fields = Fields> {
  readonly kind: 'topic';
  readonly name: string;
  readonly fields: F;
}
export interface TableRef<C extends Fields = Fields> {
  readonly kind: 'table';
  readonly name: string;
  readonly columns: C;
}
export interface DatasetRef<F extends Fields = Fields> {
  readonly kind: 'dataset';
  readonly name: string;
  readonly fields: F;
}
/** `E`: the fields that its events must have, when it is an ingress. */
export interface IngressRef<F extends Fields = Fields> {
  readonly kind: 'ingress';
  readonly name: string;
  readonly fields: F;
}
export interface ModuleServiceRef {
  readonly kind: 'module';
  readonly name: string;
}

/** A text that no reference is assignable to: what the compiler prints when wiring does not fit. */
export interface Mismatch<Text extends string> {
  readonly mismatch: Text;
}

type ColumnFault<F extends Fields, C extends Fields> = {
  [K in keyof C & string]: K extends keyof Readable<F>
    ? Readable<F>[K] extends FieldRef<infer T>
      ? C[K] extends FieldRef<T>
        ? never
        : `column "${K}" is ${C[K]['type']}, the topic's field is ${T}`
      : never
    : `column "${K}" is neither a field of the topic nor part of the envelope`;
}[keyof C & string];

type OmittedFault<F extends Fields, C extends Fields, O extends string> = {
  [K in keyof F & string]: K extends keyof C | O ? never : `field "${K}" has no column and is not in omit`;
}[keyof F & string];

/** `unknown` when each column is filled from a field or the envelope of its type and no field is left out by accident. */
export type FitsTable<F extends Fields, C extends Fields, O extends string> = [
  ColumnFault<F, C> | OmittedFault<F, C, O>,
] extends [never]
  ? unknown
  : Mismatch<ColumnFault<F, C> | OmittedFault<F, C, O>>;

type RowFault<D extends Fields, F extends Fields> =
  | {
      [K in keyof F & string]: K extends keyof D
        ? D[K] extends FieldRef<F[K]['type']>
          ? never
          : `field "${K}" is ${D[K]['type']} in the dataset, the topic's is ${F[K]['type']}`
        : F[K]['nullable'] extends true
          ? never
          : `field "${K}" is not in the dataset`;
    }[keyof F & string]
  | { [K in keyof D & string]: K extends keyof F ? never : `field "${K}" is not in the topic` }[keyof D & string];

/** `unknown` when a row of the dataset is an event of the ingress. */
export type FitsIngress<D extends Fields, F extends Fields> = [RowFault<D, F>] extends [never]
  ? unknown
  : Mismatch<RowFault<D, F>>;

interface ValueTypes {
  readonly string: string;
  readonly int: number;
  readonly long: number;
  readonly double: number;
  readonly boolean: boolean;
  readonly timestamp: string;
}
type ValueOf<R extends FieldRef> = R['nullable'] extends true ? ValueTypes[R['type']] | null : ValueTypes[R['type']];
type NullableNames<F extends Fields> = { [K in keyof F]: F[K]['nullable'] extends true ? K : never }[keyof F];

/** The JSON object of an event with these fields. */
export type EventOf<F extends Fields> = { readonly [K in Exclude<keyof F, NullableNames<F>>]: ValueOf<F[K]> } & {
  readonly [K in NullableNames<F>]?: ValueOf<F[K]>;
};

export type EnvelopeName = keyof EnvelopeRefs;
