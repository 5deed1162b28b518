/** Ends a session whose consumer gives no sign of life, or stands still before records (watchdog.ts). */
import { pause, reasonOf } from '../backoff.ts';
import { stuckText, Watchdog, type WatchTimes, watchTimes } from './watchdog.ts';

/** Without any sign of life for this long a session is given up (https://github.com/tulios/kafkajs/issues/1720). */
const silenceMs = 60_000;
const mostCheckMs = 5000;
/** A broker that has not said by then where a partition ends does not answer: a reader can not move there either. */
const mostAskMs = 10_000;

/** A consumer stood still though records waited. */
export class StuckReader extends Error {
  /** Where it stood, by partition. */
  readonly positions: ReadonlyMap<number, bigint | undefined>;

  constructor(message: string, positions: ReadonlyMap<number, bigint | undefined>) {
    super(message);
    this.positions = positions;
  }
}

export interface SessionWatchOptions {
  readonly topic: string;
  readonly times: WatchTimes | undefined;
  /** The offset that is to be read next. */
  readonly positionOf: (partition: number) => bigint | undefined;
  /** Asks the brokers where partitions end. */
  readonly ends: () => Promise<ReadonlyMap<number, bigint>>;
  /** Told why the session has to end. */
  readonly onTrouble: (reason: Error) => void;
}

export class SessionWatch {
  readonly #options: SessionWatchOptions;
  readonly #times: WatchTimes;
  readonly #watchdog: Watchdog;
  readonly #inHand = new Set<Promise<void>>();
  #signMs = performance.now();

  constructor(options: SessionWatchOptions) {
    this.#options = options;
    this.#times = options.times ?? watchTimes;
    this.#watchdog = new Watchdog(options.positionOf, this.#times);
  }

  /** The consumer lives: it has fetched, or sent a heartbeat. */
  readonly sign = () => {
    this.#signMs = performance.now();
  };

  readonly answered = (partition: number, end: bigint) => {
    this.#watchdog.answered(partition, end, performance.now());
  };

  assign(partitions: readonly number[]): void {
    this.#watchdog.assign(partitions, performance.now());
  }

  /** A batch of the partition is in the hand of the flow, until what it returns is called. */
  taken(partition: number): () => void {
    const back = Promise.withResolvers<void>();
    this.#inHand.add(back.promise);
    this.#watchdog.taken(partition);
    return () => {
      if (!this.#inHand.delete(back.promise)) return;
      this.#watchdog.handedBack(partition, performance.now());
      back.resolve();
    };
  }

  /** Resolves when no batch is in hand any more. */
  async allBack(): Promise<void> {
    while (this.#inHand.size > 0) await Promise.all(this.#inHand);
  }

  /** Until `signal` fires. */
  async run(signal: AbortSignal): Promise<void> {
    const checkMs = Math.min(mostCheckMs, this.#times.askMs / 2);
    for (await pause(checkMs, signal); !signal.aborted; await pause(checkMs, signal)) {
      const silentMs = performance.now() - this.#signMs;
      if (silentMs > silenceMs)
        this.#options.onTrouble(new Error(`the consumer has been silent for ${Math.round(silentMs / 1000)} s`));
      else if (this.#watchdog.isInDoubt(performance.now())) await this.#ask(signal);
    }
  }

  async #ask(signal: AbortSignal): Promise<void> {
    const late = pause(Math.min(mostAskMs, this.#times.askMs), signal).then(() => undefined);
    const ends = await Promise.race([this.#options.ends().catch(reasonOf), late]);
    if (signal.aborted) return;
    const nowMs = performance.now();
    if (ends === undefined || typeof ends === 'string') return this.#watchdog.excuse(nowMs);
    const stuck = this.#watchdog.judge(ends, nowMs);
    if (stuck.length === 0) return;
    const sinceMs = Date.now() - nowMs + Math.min(...stuck.map((each) => each.sinceMs));
    const positions = new Map(stuck.map(({ partition, position }) => [partition, position]));
    this.#options.onTrouble(new StuckReader(stuckText(this.#options.topic, stuck, sinceMs), positions));
  }
}
