/** Where one topic ended at the looks before: dates its records without asking for each. Bounded. */
export interface TrailSample {
  readonly atMs: number;
  /** Next offset to be written, by partition. */
  readonly ends: ReadonlyMap<number, number>;
  /** Everything that entered the pipeline before this time, and comes into this topic at all, was in it. */
  readonly clearedMs: number;
}

/** At a look every two seconds: the newest four minutes whole, then thinner and thinner. */
const maxSamples = 240;

export class Trail {
  #samples: TrailSample[] = [];

  /** In order of time. A topic that was made anew begins a new trail. */
  add(sample: TrailSample): void {
    const last = this.#samples.at(-1);
    if (last !== undefined && isShorter(sample, last)) this.#samples = [];
    this.#samples.push(sample);
    if (this.#samples.length > maxSamples) this.#thin();
  }

  /** The record was written by then, and not seen at the look before; null: it was there at the first look, or is not yet. */
  writtenByMs(partition: number, offset: number): number | null {
    const at = this.#samples.findIndex(({ ends }) => (ends.get(partition) ?? 0) > offset);
    return at <= 0 ? null : this.#samples[at]!.atMs;
  }

  /** For a reader that is at these positions: all that entered before this time it has read. 0: not known. */
  clearedMs(positions: readonly { readonly partition: number; readonly position: number }[]): number {
    const position = new Map(positions.map((each) => [each.partition, each.position]));
    const passed = this.#samples.filter(({ ends }) =>
      [...ends].every(([partition, end]) => (position.get(partition) ?? 0) >= end),
    );
    return Math.max(0, ...passed.map(({ clearedMs }) => clearedMs));
  }

  /** Every second one of the older half goes. */
  #thin(): void {
    const half = this.#samples.length >> 1;
    this.#samples = this.#samples.filter((_, at) => at >= half || at % 2 === 0);
  }
}

function isShorter(now: TrailSample, before: TrailSample): boolean {
  return [...before.ends].some(([partition, end]) => (now.ends.get(partition) ?? 0) < end);
}
