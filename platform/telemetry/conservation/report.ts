/** What the balance compares, and what it tells; data. */
import type { StageSnapshot, TallyKind } from './cell.ts';
import type { TallyValue } from './tally.ts';

export interface LedgerStage {
  readonly name: string;
  /**
   * Of a job: whether it hands on some of its events (`filter`), or makes results of its own out of them (`aggregate`).
   * A job counts by batches, and a batch that is cut off takes its counts with it until it is repeated.
   */
  readonly job?: 'filter' | 'aggregate';
  /** The topic that it reads; undefined at an ingress. */
  readonly reads?: string;
  /** The topic that it writes; undefined for a store. */
  readonly writes?: string;
  /** Pages of all its instances; undefined: this stage does not count, or could not be asked. */
  readonly pages: readonly StageSnapshot[] | undefined;
  /** Whether it has read all that was in its topic when its pages were taken. */
  readonly drained: boolean;
  /**
   * Told by who watches for long: all that entered the pipeline before this time has reached the stage's topic, and was read
   * before its pages were taken. So windows can be judged of a stage that always has something to read.
   */
  readonly clearedMs?: number;
  /** Windows that began before were counted in part by instances that are gone, with what they had counted. */
  readonly countedFromMs?: number;
}

export type WindowState = 'balanced' | 'in-flight' | 'unbalanced' | 'unknown';

/** Count, sum and exclusive or of what the stage has passed on (its `out`), and the tallies of each kind that it has. */
export interface StageTallies extends TallyValue, Partial<Record<TallyKind, TallyValue>> {
  readonly name: string;
}

export interface LedgerFault {
  /** Where the books do not meet: in a stage, or between the topic's writer and it. */
  readonly stage: string;
  readonly kind: 'lost' | 'doubled' | 'exchanged';
  readonly events: number;
  /** The hash of the event's id, where it is one event: `eventHash`. */
  readonly hash?: string;
  readonly text: string;
  /** Somebody has seen it: then, in milliseconds since 1970, and with which note. It counts on, and no longer makes trouble. */
  readonly acknowledged?: { readonly atMs: number; readonly note: string | null };
}

export interface WindowBalance {
  /** Start of the window of origin time, milliseconds since 1970, and ISO-8601. */
  readonly originMs: number;
  readonly origin: string;
  readonly state: WindowState;
  /** The same as `state`. */
  readonly balance: WindowState;
  readonly stages: readonly StageTallies[];
  readonly faults: readonly LedgerFault[];
  /** Stages that could not be compared, and those that something is still on its way to. */
  readonly waitsFor: readonly string[];
}

export interface LedgerReport {
  readonly windowMs: number;
  readonly windows: readonly WindowBalance[];
  readonly lost: number;
  readonly duplicated: number;
  readonly replayed: number;
}
