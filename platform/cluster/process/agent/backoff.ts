/** When a task that ended is started again. Pure. */

export const backoff = { firstMs: 500, maxMs: 30_000, resetAfterMs: 60_000 } as const;

/** Delay before the start that follows `quickEnds` ends in a row, each sooner than `resetAfterMs` after its start. */
export function delayMs(quickEnds: number): number {
  return Math.min(backoff.firstMs * 2 ** Math.max(0, Math.min(quickEnds, 30) - 1), backoff.maxMs);
}

/** Ends in a row, counting one that came after `ranMs`: a long run starts the count again. */
export function countQuickEnds(before: number, ranMs: number): number {
  return ranMs >= backoff.resetAfterMs ? 1 : before + 1;
}
