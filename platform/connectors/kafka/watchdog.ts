/**
 * Notices a reader that stands still though records wait. kafkajs can stop reading a partition without an error: it waits for an
 * answer that never comes, or has forgotten the partition, and goes on sending heartbeats. Pure: the time comes as data.
 *
 * A partition is well when it moves on, when all of it is read, and when nothing can be known of it: its batch is in hand (the
 * store decides how long: back-pressure), or its broker does not answer. It is stuck when it was not well for `stuckMs`.
 */

export interface WatchTimes {
  /** After this long without a sign that a partition is well, its broker is asked where it ends. */
  readonly askMs: number;
  /**
   * So long a reader may stand still before records. Far above what is normal at high load: an answer to a fetch takes a second,
   * a request that fails is given up after 15 s, a group that is formed anew waits 15 s. Far below what people would notice first.
   */
  readonly stuckMs: number;
}

export const watchTimes: WatchTimes = { askMs: 30_000, stuckMs: 60_000 };

export interface StuckPartition {
  readonly partition: number;
  /** Undefined: not even that could be found out, where the brokers could be asked. */
  readonly position: bigint | undefined;
  /** What the next record will get. */
  readonly end: bigint;
  /** When it was well last. */
  readonly sinceMs: number;
}

export class Watchdog {
  readonly #positionOf: (partition: number) => bigint | undefined;
  readonly #times: WatchTimes;
  readonly #wellMs = new Map<number, number>();
  readonly #inHand = new Set<number>();

  /** `positionOf`: the offset that is to be read next; undefined where it is not known. */
  constructor(positionOf: (partition: number) => bigint | undefined, times: WatchTimes = watchTimes) {
    this.#positionOf = positionOf;
    this.#times = times;
  }

  /** After a join: these are read, and no others. */
  assign(partitions: readonly number[], nowMs: number): void {
    this.#wellMs.clear();
    for (const partition of partitions) this.#wellMs.set(partition, nowMs);
  }

  /** A batch of it was handed out. */
  taken(partition: number): void {
    this.#inHand.add(partition);
  }

  /** The batch is done, or comes again. */
  handedBack(partition: number, nowMs: number): void {
    this.#inHand.delete(partition);
    this.#well(partition, nowMs);
  }

  /** A fetch was answered: nothing can be read from `end` on. */
  answered(partition: number, end: bigint, nowMs: number): void {
    if (this.#isRead(partition, end)) this.#well(partition, nowMs);
  }

  /** Whether the brokers are to be asked where partitions end: see `judge` and `excuse`. */
  isInDoubt(nowMs: number): boolean {
    return this.#quiet(nowMs).length > 0;
  }

  /** The brokers did not answer: what is quiet may have no leader. Its time begins anew. */
  excuse(nowMs: number): void {
    for (const partition of this.#quiet(nowMs)) this.#well(partition, nowMs);
  }

  /** What is stuck, once the brokers have said where partitions end. One that is not named has no leader. */
  judge(ends: ReadonlyMap<number, bigint>, nowMs: number): StuckPartition[] {
    const stuck: StuckPartition[] = [];
    for (const partition of this.#quiet(nowMs)) {
      const end = ends.get(partition);
      const position = this.#positionOf(partition);
      if (end === undefined || (position ?? 0n) >= end) {
        this.#well(partition, nowMs);
        continue;
      }
      const sinceMs = this.#wellMs.get(partition)!;
      if (nowMs - sinceMs >= this.#times.stuckMs) stuck.push({ partition, position, end, sinceMs });
    }
    return stuck;
  }

  #quiet(nowMs: number): number[] {
    return [...this.#wellMs]
      .filter(([partition, wellMs]) => !this.#inHand.has(partition) && nowMs - wellMs >= this.#times.askMs)
      .map(([partition]) => partition);
  }

  #isRead(partition: number, end: bigint): boolean {
    const position = this.#positionOf(partition);
    return position !== undefined && position >= end;
  }

  #well(partition: number, nowMs: number): void {
    if (this.#wellMs.has(partition)) this.#wellMs.set(partition, nowMs);
  }
}

/** What is said of it, in the log and as what the flow waits for. `atMs`: when it was well last, in ms since 1970. */
export function stuckText(topic: string, stuck: readonly StuckPartition[], atMs: number): string {
  const which = stuck.map(({ partition }) => partition).join(', ');
  const waiting = stuck.reduce((sum, { position, end }) => sum + (position === undefined ? 0n : end - position), 0n);
  const records = waiting > 0n ? `${waiting} records` : 'records';
  const since = new Date(atMs).toISOString();
  return `nothing was read of partitions ${which} of ${topic} since ${since}, though ${records} wait there; the consumer is made anew`;
}
