/**
 * A token bucket. Pure: the caller hands in the time, in milliseconds of any clock that never goes back. Used to admit
 * events at the ingress, to sample traces, and to pace feeds and verification.
 */
export interface TokenBucket {
  /** Takes `count` tokens and answers 0, or takes none and answers how many milliseconds from now there will be enough. */
  take(count: number, nowMs: number): number;
  /** Tokens there are now; may be negative after `force`. */
  available(nowMs: number): number;
  /** Takes `count` tokens in any case; what is owed is paid back first. For a count greater than the bucket holds. */
  force(count: number, nowMs: number): void;
}

/** Starts full with `burst` tokens. A count greater than `burst` is granted when the bucket is full, and owed. */
export function createTokenBucket(ratePerSecond: number, burst: number): TokenBucket {
  let tokens = burst;
  let lastMs = Number.NEGATIVE_INFINITY;

  function refill(nowMs: number): void {
    if (nowMs <= lastMs) return;
    if (lastMs !== Number.NEGATIVE_INFINITY)
      tokens = Math.min(burst, tokens + ((nowMs - lastMs) * ratePerSecond) / 1000);
    lastMs = nowMs;
  }

  return {
    take(count, nowMs) {
      refill(nowMs);
      const needed = Math.min(count, burst);
      if (tokens < needed) return Math.max(1, Math.ceil(((needed - tokens) * 1000) / ratePerSecond));
      tokens -= count;
      return 0;
    },
    available(nowMs) {
      refill(nowMs);
      return tokens;
    },
    force(count, nowMs) {
      refill(nowMs);
      tokens -= count;
    },
  };
}
