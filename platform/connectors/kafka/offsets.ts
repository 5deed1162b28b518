/**
 * Guards the position of a consumer. kafkajs, told that an offset is out of range, may go on at the latest record and skip all
 * that lies between (https://github.com/tulios/kafkajs/issues/1119); so each jump is looked at here.
 */

export interface PartitionRange {
  readonly partition: number;
  /** The earliest offset that is there, and the one that the next record will get. */
  readonly low: bigint;
  readonly high: bigint;
}

/**
 * `accept`: go on with what is in hand. `seek`: drop it and read from `offset` on. `skipped` records between were deleted
 * before they could be read. `reset`: the position was gone; this is said loudly and counted.
 */
export interface PositionVerdict {
  readonly action: 'accept' | 'seek';
  readonly offset: bigint;
  readonly skipped: bigint;
  readonly reset: string | undefined;
}

/** Where to begin a partition of which the group has committed `committed`; negative: nothing yet, so the earliest. */
export function judgeCommitted(committed: bigint, { low, high }: PartitionRange): PositionVerdict {
  if (committed < 0n) return { action: 'accept', offset: low, skipped: 0n, reset: undefined };
  if (committed > high) return backToEarliest(low, 0n, `committed offset ${committed} lies behind the end ${high}`);
  if (committed < low) return backToEarliest(low, low - committed, `committed offset ${committed} was deleted`);
  return { action: 'accept', offset: committed, skipped: 0n, reset: undefined };
}

/**
 * A batch began at `first` though `expected` should have come next. Where `expected` still is in the log and was not asked
 * for again yet, it is; a second time the hole is a real one (compaction, transaction markers).
 */
export function judgeJump(
  first: bigint,
  expected: bigint,
  range: PartitionRange,
  askedAgain: boolean,
): PositionVerdict {
  const { low, high } = range;
  const accept = { action: 'accept', offset: first, skipped: 0n, reset: undefined } as const;
  if (expected > high) {
    const reset = `expected offset ${expected} lies behind the end ${high}`;
    return first <= low ? { ...accept, reset } : backToEarliest(low, 0n, reset);
  }
  if (first <= expected) return accept;
  if (expected < low) {
    const reset = `offset ${expected} was deleted`;
    return first <= low ? { ...accept, skipped: low - expected, reset } : backToEarliest(low, low - expected, reset);
  }
  if (askedAgain) return accept;
  return { action: 'seek', offset: expected, skipped: 0n, reset: `reading jumped from offset ${expected} to ${first}` };
}

function backToEarliest(low: bigint, skipped: bigint, why: string): PositionVerdict {
  return { action: 'seek', offset: low, skipped, reset: `${why}; reading goes on at the earliest, ${low}` };
}
