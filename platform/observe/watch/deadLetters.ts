/** How many records came into a pipeline's dead-letter topics of late. */
export class DeadLetterCount {
  #samples: readonly { readonly atMs: number; readonly records: number }[] = [];
  static readonly overMs = 60_000;

  /** `records`: in all of them, ever. Fewer than before: they were made anew. */
  add(atMs: number, records: number): void {
    const last = this.#samples.at(-1);
    const kept = last !== undefined && records < last.records ? [] : this.#samples;
    const firstKept = kept.findLastIndex((each) => each.atMs <= atMs - DeadLetterCount.overMs);
    this.#samples = [...kept.slice(Math.max(0, firstKept)), { atMs, records }];
  }

  recent() {
    const records = (this.#samples.at(-1)?.records ?? 0) - (this.#samples[0]?.records ?? 0);
    return { records, overMs: DeadLetterCount.overMs };
  }
}
