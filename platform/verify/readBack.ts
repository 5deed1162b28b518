/**
 * Reads events back from the public API until each was seen or the time is up.
 *
 * How latency is measured: a sample of the events is watched from the moment of its acknowledgement. A watched event is asked
 * for after 20 ms, then every 20 ms at first and every eighth of the time that has passed later on, so that the figure is at
 * most 20 ms or an eighth too great, and never too small. It counts from the first attempt to send the event until the
 * answer of the API that had it. All other events are read from one second after their acknowledgement, with a bounded number
 * of requests at once, so that verification does not slow down what it measures.
 */
import { pause } from '../connectors/backoff.ts';
export interface ReadBackOptions {
  readonly urlOf: (id: string) => string;
  /** Every how many events one is watched. */
  readonly watchEvery: number;
  readonly onSeen: (id: string) => void;
}

export interface ReadBack {
  /** `sentMs`: `performance.now()` of the first attempt, or undefined for events of an earlier run: they are not timed. */
  expect(ids: readonly string[], sentMs: number | undefined): void;
  /** Resolves when all expected events were seen, or at `deadlineMs` of `performance.now()`. */
  finish(deadlineMs: number): Promise<void>;
  readonly missing: ReadonlySet<string>;
  readonly latenciesMs: readonly number[];
}

interface Pending {
  readonly id: string;
  /** Not to be asked for before. */
  dueMs: number;
  attempts: number;
}

const readers = 16;
const maxWatched = 64;
const firstLookMs = 1000;
const watchMs = 20;
const requestTimeoutMs = 5000;

export function createReadBack(options: ReadBackOptions): ReadBack {
  return new PollingReadBack(options);
}

class PollingReadBack implements ReadBack {
  readonly missing = new Set<string>();
  readonly latenciesMs: number[] = [];
  readonly #options: ReadBackOptions;
  #queue: Pending[] = [];
  #expected = 0;
  #watched = 0;
  #active = 0;
  #deadlineMs = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #settle: (() => void) | undefined;

  constructor(options: ReadBackOptions) {
    this.#options = options;
  }

  expect(ids: readonly string[], sentMs: number | undefined): void {
    const nowMs = performance.now();
    for (const id of ids) {
      const isSample = this.#expected++ % this.#options.watchEvery === 0;
      this.missing.add(id);
      if (sentMs !== undefined && isSample && this.#watched < maxWatched) void this.#watch(id, sentMs);
      else this.#queue.push({ id, dueMs: sentMs === undefined ? nowMs : nowMs + firstLookMs, attempts: 0 });
    }
    this.#pump();
  }

  async finish(deadlineMs: number): Promise<void> {
    this.#deadlineMs = deadlineMs;
    const timer = setTimeout(() => this.#settle?.(), Math.max(0, deadlineMs - performance.now()));
    await new Promise<void>((resolve) => {
      this.#settle = resolve;
      if (this.missing.size === 0) resolve();
    });
    clearTimeout(timer);
    clearTimeout(this.#timer);
    this.#deadlineMs = 0;
  }

  async #watch(id: string, sentMs: number): Promise<void> {
    this.#watched += 1;
    const ackMs = performance.now();
    for (let waitMs = watchMs; performance.now() < this.#deadlineMs; ) {
      await pause(waitMs);
      if (await this.#isThere(id)) {
        this.latenciesMs.push(performance.now() - sentMs);
        this.#seen(id);
        break;
      }
      waitMs = Math.max(watchMs, (performance.now() - ackMs) / 8);
    }
    this.#watched -= 1;
  }

  /** Starts as many readers as there are due events and free places; sets a timer for the next that falls due. */
  #pump(): void {
    clearTimeout(this.#timer);
    const nowMs = performance.now();
    if (nowMs >= this.#deadlineMs) return;
    while (this.#active < readers && this.#queue.length > 0 && this.#queue[0]!.dueMs <= nowMs) {
      void this.#read(this.#queue.shift()!);
    }
    const next = this.#queue[0];
    if (next === undefined || this.#active >= readers) return;
    this.#timer = setTimeout(() => this.#pump(), next.dueMs - nowMs);
  }

  async #read(pending: Pending): Promise<void> {
    this.#active += 1;
    const found = await this.#isThere(pending.id);
    this.#active -= 1;
    if (found) this.#seen(pending.id);
    else {
      pending.attempts += 1;
      pending.dueMs = performance.now() + Math.min(1000, 100 * pending.attempts);
      // Nearly in the order of their times: one that comes a little late does no harm.
      this.#queue.push(pending);
    }
    this.#pump();
  }

  #seen(id: string): void {
    this.missing.delete(id);
    this.#options.onSeen(id);
    if (this.missing.size === 0) this.#settle?.();
  }

  /** An API that is down or restarting has not answered yet; it is asked again. */
  async #isThere(id: string): Promise<boolean> {
    try {
      const response = await fetch(this.#options.urlOf(id), { signal: AbortSignal.timeout(requestTimeoutMs) });
      await response.arrayBuffer();
      return response.status === 200;
    } catch {
      return false;
    }
  }
}
