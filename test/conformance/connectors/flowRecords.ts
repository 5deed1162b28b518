/** The records of the flow suite: each at a known place of its topic, good or not to be processed for a known reason. */
import type { PoisonReason } from '../../../platform/connectors/contract.ts';
import { eventSchema } from '../../../platform/model/schema.ts';

export const partitions = 4;

export const visitSchema = eventSchema.parse({
  name: 'visit',
  fields: {
    id: { type: 'string' },
    place: { type: 'string' },
    minutes: { type: 'int', nullable: true },
    seen_at: { type: 'timestamp' },
    note: { type: 'string', nullable: true },
  },
});

export interface SentRecord {
  readonly id: string;
  readonly partition: number;
  /** As long as nothing else is sent to the topic, and records are sent in this order. */
  readonly offset: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Record<string, string>;
  /** Undefined: it is to reach the store. */
  readonly reason?: PoisonReason;
}

/** What makes a record one that can't be processed: what is to be changed in a good one. */
export type Fault = Partial<Pick<SentRecord, 'key' | 'value' | 'headers'>> & { readonly reason: PoisonReason };

const startMs = Date.UTC(2026, 10, 24);

/** Record `first`, and the `count - 1` after it. `faultOf` spoils some. */
export function recordsFrom(
  first: number,
  count: number,
  faultOf: (i: number) => Fault | undefined = () => undefined,
  note: string | null = null,
): SentRecord[] {
  return Array.from({ length: count }, (_, j) => {
    const i = first + j;
    const [id, seen_at] = [`visit-${i}`, new Date(startMs + i).toISOString()];
    const good: SentRecord = {
      ...{ id, partition: i % partitions, offset: Math.floor(i / partitions), key: id },
      value: JSON.stringify(fieldsOf(i, { note })),
      headers: { ce_id: id, ce_time: seen_at, ce_type: 'visit', ce_source: '/suite' },
    };
    return { ...good, ...faultOf(i) };
  });
}

export function fieldsOf(i: number, given: object = {}) {
  const seen_at = new Date(startMs + i).toISOString();
  return { id: `visit-${i}`, place: `place-${i % 20}`, minutes: i, seen_at, note: null, ...given };
}

/** Bad JSON, for one record of a thousand. */
export const seldomBad = (i: number): Fault | undefined =>
  i % 1000 === 500 ? { value: `{"id": ${i}`, reason: 'bad-json' } : undefined;

/** One of each kind that the decoder finds, whatever the store. A flow takes 262,144 bytes (event.ts). */
export const faults: readonly Fault[] = [
  { value: null, reason: 'null-value' },
  { value: '', reason: 'empty-value' },
  { value: JSON.stringify(fieldsOf(0, { minutes: 'ten' })), reason: 'wrong-type' },
  { value: JSON.stringify(fieldsOf(0, { place: undefined })), reason: 'missing-field' },
  { value: '[1, 2]', reason: 'not-an-object' },
  { value: '{"id": "visit', reason: 'bad-json' },
  { key: null, reason: 'missing-key' },
  { headers: { ce_time: '2026-11-24T00:00:00.000Z' }, reason: 'missing-id' },
  { headers: { ce_id: 'late', ce_time: 'yesterday' }, reason: 'bad-time' },
  { value: JSON.stringify(fieldsOf(0, { note: 'x'.repeat(262_144) })), reason: 'too-large' },
];

export const isGood = ({ reason }: SentRecord) => reason === undefined;
