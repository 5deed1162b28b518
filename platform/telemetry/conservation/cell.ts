/** The pages of the conservation ledger as data: what stages tell, and what their journals hold. */
import type { TallyValue } from './tally.ts';

/**
 * `in`: came to the stage for the first time. `out`: its store, or the broker, has acknowledged it. `filtered`: left out on
 * purpose. `deadLettered`: handed to the dead-letter topic. `offered`: handed to a store whose answer is not known (yet).
 * `aggregated`: handed to a job's aggregation. `replayed`: came again.
 */
export const tallyKinds = ['in', 'out', 'filtered', 'deadLettered', 'aggregated', 'offered', 'replayed'] as const;
export type TallyKind = (typeof tallyKinds)[number];

/** Ten seconds: short enough to name when something went wrong, long enough that its counts are worth their place. */
export const windowMs = 10_000;

/** Of one stage in one process: when there are more, an eighth is given up, the oldest windows first. */
export const maxCells = 4096;

export interface LedgerCell {
  /** Start of the window of origin time, in milliseconds since 1970. */
  readonly originMs: number;
  /** Id of the pathway by which the events came; of the stage itself at an ingress. */
  readonly pathway: string;
  /** Tells this cell from an earlier one of the same window that was given up: their tallies add up. */
  readonly since: number;
  readonly tallies: Readonly<Partial<Record<TallyKind, TallyValue>>>;
}

/** What was counted earlier is gone: windows that began before that time are unknown, neither balanced nor lost. */
export interface UnknownBefore {
  /** Milliseconds since 1970. */
  readonly ms: number;
  /** Half a sentence: which file, and why. */
  readonly why: string;
  /** The fault of the page that says so while it lasts, and what to do. */
  readonly fault?: string;
}

export interface StageSnapshot {
  readonly stage: string;
  readonly cells: readonly LedgerCell[];
  /** Next offset of each partition of the stage's topic, by `topic/partition`; told by jobs, whose offsets Kafka does not know. */
  readonly positions?: Readonly<Record<string, number>>;
  /** Events that went to the dead-letter topic since the process started. */
  readonly deadLettered?: number;
  /**
   * Of a job: in windows that begin then or later, in milliseconds since 1970, an end is counted of all that it reads, so that
   * what is missing was lost. Undefined: it leaves events out without counting them.
   */
  readonly completeFromMs?: number;
  readonly unknownBefore?: UnknownBefore;
  /** Events without a pathway header: they belong to no window. */
  readonly withoutOrigin: number;
  /** Windows that were given up to keep memory bounded. */
  readonly forgottenWindows: number;
  /** Why the journal can't be kept: after the next death of its process this stage will not know what it had counted. */
  readonly fault: string | undefined;
}
