/**
 * Latencies in fixed memory: OpenTelemetry's base-2 exponential histogram
 * (https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram) at the fixed scale 3. Bucket `i` holds
 * the values in (2^(i/8), 2^((i+1)/8)] milliseconds; a quantile is answered as the bucket's harmonic middle, so that its
 * relative error is at most (b-1)/(b+1) = 4.33 % with b = 2^(1/8). One scale for all makes histograms add up bucket by bucket.
 */

export const histogramScale = 3;
const perOctave = 2 ** histogramScale;
/** 2^27 ms are 37 hours; what takes longer is counted in the last bucket. */
const octaves = 27;
export const bucketCount = octaves * perOctave;
/** Values up to this many milliseconds are zero: clocks are read in whole milliseconds. */
export const zeroThresholdMs = 1;

/** A recorded latency of a sampled event: leads from a bucket to a trace. */
export interface Exemplar {
  readonly valueMs: number;
  readonly atMs: number;
  readonly traceId: string;
  readonly spanId: string;
}

export interface HistogramSnapshot {
  readonly count: number;
  readonly sumMs: number;
  readonly minMs: number;
  readonly maxMs: number;
  /** Values in [0, zeroThresholdMs]. */
  readonly zeroCount: number;
  /** Index of the first bucket in `buckets`; empty buckets at both ends are left out. */
  readonly offset: number;
  readonly buckets: readonly number[];
  /** The newest of each octave. */
  readonly exemplars: readonly Exemplar[];
}

export class LatencyHistogram {
  #count = 0;
  #sumMs = 0;
  #minMs = Number.POSITIVE_INFINITY;
  #maxMs = 0;
  #zeroCount = 0;
  /** Doubles, because counts go on for years: exact up to 2^53. */
  readonly #buckets = new Float64Array(bucketCount);
  readonly #exemplars: (Exemplar | undefined)[] = new Array(octaves + 1).fill(undefined);

  /** `valueMs` >= 0; negative latencies are the caller's to count. */
  record(valueMs: number): void {
    this.#count += 1;
    this.#sumMs += valueMs;
    if (valueMs < this.#minMs) this.#minMs = valueMs;
    if (valueMs > this.#maxMs) this.#maxMs = valueMs;
    if (valueMs <= zeroThresholdMs) this.#zeroCount += 1;
    else this.#buckets[bucketOf(valueMs)]! += 1;
  }

  /** Beside `record`, for a sampled event. */
  keepExemplar(exemplar: Exemplar): void {
    const octave = exemplar.valueMs <= zeroThresholdMs ? 0 : 1 + Math.floor(bucketOf(exemplar.valueMs) / perOctave);
    this.#exemplars[octave] = exemplar;
  }

  snapshot(): HistogramSnapshot {
    let first = 0;
    let end = bucketCount;
    while (first < end && this.#buckets[first] === 0) first += 1;
    while (end > first && this.#buckets[end - 1] === 0) end -= 1;
    return {
      count: this.#count,
      sumMs: this.#sumMs,
      minMs: this.#count === 0 ? 0 : this.#minMs,
      maxMs: this.#maxMs,
      zeroCount: this.#zeroCount,
      offset: first === end ? 0 : first,
      buckets: [...this.#buckets.subarray(first, end)],
      exemplars: this.#exemplars.filter((each) => each !== undefined),
    };
  }
}

/** Index of the bucket with 2^(i/8) < value <= 2^((i+1)/8). */
function bucketOf(valueMs: number): number {
  return Math.min(bucketCount - 1, Math.ceil(Math.log2(valueMs) * perOctave) - 1);
}

/**
 * The value below which `quantile` (0..1) of the recorded ones lie, by nearest rank; within 4.33 % of the true one. 0 for an
 * empty histogram.
 */
export function quantileOf({ count, zeroCount, offset, buckets, minMs, maxMs }: HistogramSnapshot, quantile: number) {
  if (count === 0) return 0;
  let left = Math.max(1, Math.ceil(quantile * count)) - zeroCount;
  if (left <= 0) return minMs;
  for (let i = 0; i < buckets.length; i++) {
    left -= buckets[i]!;
    if (left > 0) continue;
    const lower = 2 ** ((offset + i) / perOctave);
    const upper = 2 ** ((offset + i + 1) / perOctave);
    return Math.min(maxMs, Math.max(minMs, (2 * lower * upper) / (lower + upper)));
  }
  return maxMs;
}

export const emptyHistogram: HistogramSnapshot = {
  ...{ count: 0, sumMs: 0, minMs: 0, maxMs: 0, zeroCount: 0, offset: 0 },
  buckets: [],
  exemplars: [],
};

/** Both together; of exemplars the newer of each octave would need their octaves: all are kept, newest last. */
export function addHistograms(one: HistogramSnapshot, other: HistogramSnapshot): HistogramSnapshot {
  if (one.count === 0) return other;
  if (other.count === 0) return one;
  return { ...combine(one, other, 1), exemplars: [...one.exemplars, ...other.exemplars].sort(byTime) };
}

/**
 * What was recorded between two snapshots of one histogram. Its least and greatest value are not known: they are bounded by the
 * buckets. A later snapshot with a smaller count is of a process that has started anew: it is the answer as it is.
 */
export function histogramSince(before: HistogramSnapshot, now: HistogramSnapshot): HistogramSnapshot {
  if (before.count === 0 || now.count < before.count) return now;
  if (now.count === before.count) return emptyHistogram;
  const difference = combine(now, before, -1);
  const { zeroCount, offset, buckets } = difference;
  const firstUsed = buckets.findIndex((count) => count > 0);
  const lastUsed = buckets.findLastIndex((count) => count > 0);
  const minMs = zeroCount > 0 || firstUsed < 0 ? 0 : 2 ** ((offset + firstUsed) / perOctave);
  const maxMs = lastUsed < 0 ? zeroThresholdMs : Math.min(now.maxMs, 2 ** ((offset + lastUsed + 1) / perOctave));
  return { ...difference, minMs: Math.max(now.minMs, minMs), maxMs, exemplars: now.exemplars };
}

function combine(one: HistogramSnapshot, other: HistogramSnapshot, sign: 1 | -1): HistogramSnapshot {
  const used = [one, other].filter(({ buckets }) => buckets.length > 0);
  const offset = Math.min(...used.map((each) => each.offset));
  const end = Math.max(...used.map((each) => each.offset + each.buckets.length));
  const at = ({ offset: from, buckets }: HistogramSnapshot, index: number) => buckets[index - from] ?? 0;
  const length = used.length === 0 ? 0 : end - offset;
  return {
    count: one.count + sign * other.count,
    sumMs: one.sumMs + sign * other.sumMs,
    minMs: Math.min(one.minMs, other.minMs),
    maxMs: Math.max(one.maxMs, other.maxMs),
    zeroCount: one.zeroCount + sign * other.zeroCount,
    offset: length === 0 ? 0 : offset,
    buckets: Array.from({ length }, (_, i) => at(one, offset + i) + sign * at(other, offset + i)),
    exemplars: [],
  };
}

function byTime(one: Exemplar, other: Exemplar): number {
  return one.atMs - other.atMs;
}
