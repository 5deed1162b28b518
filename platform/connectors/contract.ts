/**
 * The contract of the data path. A source hands batches to the flow, the flow decodes each record, hands the good ones to a
 * sink, and tells the source what may be committed.
 *
 * Rules that hold for every implementation, checked by test/conformance/connectors:
 * - A source delivers at least once. It commits an offset only after `Batch.done()`.
 * - A sink's `write` resolves only after the store has acknowledged every record; writing a record twice leaves one effect.
 * - A record that can't be processed is a `Poison` with its reason; it goes to the dead-letter topic, is counted, and the
 *   flow goes on. A store that is down is not poison: `write` rejects, the flow retries with backoff, nothing is skipped.
 * - Back-pressure: a source hands out the next batch of a partition only after the former is done.
 */
import type { EnvelopeField } from '../model/schema.ts';

/** A record as read: nothing decoded yet. Absent and empty are different things, and both are kept. */
export interface RawRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  /** The offset as a number, where a source has it. */
  readonly position?: number;
  /** Milliseconds since 1970 at which the broker or producer stamped the record. */
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer | string | undefined>>;
  /** The envelope's headers as text, where a source reads them more cheaply than through `headers`. */
  readonly envelope?: Envelope;
  /** The same for key and value: their lengths in bytes (negative: null), and the value as text, without a Buffer of each. */
  readonly keyBytes?: number;
  readonly valueBytes?: number;
  valueText?(): string;
}

export type Envelope = { readonly [field in EnvelopeField]: string | undefined } & {
  /** Header `millrace-job-at`: see EventRecord. */
  readonly jobAt: string | undefined;
};

/** A decoded event with what travels with it (see model/schema.ts, `envelopeHeaders`). */
export interface EventRecord {
  readonly id: string;
  /** ISO-8601, UTC. */
  readonly time: string;
  readonly type: string;
  readonly source: string;
  /** W3C traceparent, or undefined when the event carries none. */
  readonly traceparent: string | undefined;
  readonly pathway: string | undefined;
  /**
   * `partition:offset` of the record that a job made this one of, one to one: a repetition of the job makes it again at another
   * offset, and is known by this. Undefined where no job did, or where it made it of several.
   */
  readonly jobAt: string | undefined;
  /** The fields of the topic's schema; timestamps are ISO-8601 strings. */
  readonly fields: Readonly<Record<string, string | number | boolean | null>>;
  readonly raw: RawRecord;
}

export const poisonReasons = [
  'null-value',
  'empty-value',
  'bad-json',
  'not-an-object',
  'wrong-type',
  'missing-field',
  'missing-key',
  'missing-id',
  'bad-time',
  'too-large',
  'refused-by-store',
] as const;
export type PoisonReason = (typeof poisonReasons)[number];

export interface Poison {
  readonly raw: RawRecord;
  readonly reason: PoisonReason;
  /** Where in the record, and what was expected: `delay_minutes: expected int, got string`. */
  readonly detail: string;
}

export interface Batch {
  readonly records: readonly RawRecord[];
  /** The partition was made anew before this batch: its offsets begin again, and name other records than before. */
  readonly anew?: boolean;
  /** Everything in the batch is stored or dead-lettered: it may be committed. Resolves when the commit is recorded. */
  done(): Promise<void>;
}

export interface Source {
  /**
   * Calls `onBatch` with one batch of each partition at a time until `stop`. Resolves once connected, however long that
   * takes: a server that is not there, or that is not ours, is waited for (see `state`). After that the source mends its
   * connection by itself.
   */
  start(onBatch: (batch: Batch) => Promise<void>): Promise<void>;
  state(): SourceState;
  /** Lets batches in flight end (up to 10 s), commits them, disconnects. */
  stop(): Promise<void>;
}

export interface SourceState {
  /** What it waits for, as a phrase for a progress line; empty when records can flow. */
  readonly waitingFor: string;
  /** Records not yet handed out and done, or null before this is known. */
  readonly lagRecords: number | null;
  /** How often the position was gone (deleted records, a topic made anew) and reading went back to the earliest record. */
  readonly offsetResets: number;
  /** Records that were deleted by retention before they could be read. */
  readonly skippedRecords: number;
  /** How often the reader stood still though records waited, and was made anew. */
  readonly stalls: number;
}

export interface WriteOutcome {
  /** Records the store refused for good, each with its reason; all others are acknowledged. */
  readonly poison: readonly Poison[];
}

export interface Sink {
  /** One attempt: rejects when the store is not there, is not ours or lacks the target; the flow tries again. */
  open(): Promise<void>;
  /** Resolves when the store has acknowledged all records but the poison. Rejects when the store can't be reached. */
  write(records: readonly EventRecord[]): Promise<WriteOutcome>;
  close(): Promise<void>;
}

/** Counters of one flow, since its process started; served at `/metrics.json` of its process. */
export interface FlowCounters {
  received: number;
  written: number;
  /** Events that the flow's `where` leaves out. */
  passedOver: number;
  deadLettered: Record<PoisonReason, number>;
  retries: number;
  /** Kafka records not yet consumed, or null before the first batch. */
  lagRecords: number | null;
  /** See SourceState. */
  offsetResets: number;
  skippedRecords: number;
  stalls: number;
  /** When the newest write was acknowledged, ISO-8601. */
  lastEventAt: string | null;
}

/**
 * `waiting`: a server is not there yet. `flowing`: records pass, or there are none. `retrying`: the store or the dead-letter
 * topic fails, and the batch in hand is tried again and again. `stopped`: ended on request.
 */
export type FlowPhase = 'waiting' | 'flowing' | 'retrying' | 'stopped';

export interface FlowState {
  readonly phase: FlowPhase;
  /** Empty while flowing. */
  readonly waitingFor: string;
}

/** When a batch came and when the store took it, in milliseconds since 1970. */
export interface WriteTiming {
  /** How many the store has acknowledged. */
  readonly records: number;
  readonly receivedMs: number;
  readonly startMs: number;
  readonly endMs: number;
}

/** Says one line in the task's log. */
export type Log = (message: string) => void;
