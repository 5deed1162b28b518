/** How full a queue between a flow and its worker is. */

/** Jobs of one queue. */
export interface QueueDepth {
  /** Physical name. */
  readonly queue: string;
  readonly waiting: number;
  readonly active: number;
  /** Whose last attempt failed, and that wait for the next one. */
  readonly delayed: number;
  /** Given up after all attempts: those that are kept, and those of the last `failedSpanMs`. */
  readonly failed: number;
  readonly failedLately: number;
  /** When the oldest job that is not done was added, in milliseconds since 1970; null: there is none. */
  readonly oldestMs: number | null;
}

/** So long a job that was given up is told of, as dead letters are. */
export const failedSpanMs = 600_000;
