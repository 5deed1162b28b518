/**
 * The telemetry store of this home: SQLite in a file, a thread that writes and another that reads. The process that opens it only
 * puts things into a bounded queue and hands batches over.
 */
import { Worker } from 'node:worker_threads';
import type { SpanData } from '../span.ts';
import { defaultStoreBounds } from './bounds.ts';
import type {
  LogSearch,
  MetricFilter,
  Origin,
  StoredLog,
  StoredMetricPoint,
  StoreStats,
  TelemetryStore,
  TraceSearch,
} from './contract.ts';
import type { Batch, FromWriter, ThreadOptions, ToWriter } from './messages.ts';
import { lockStore } from './openDatabase.ts';
import { errorOf, StoreReader } from './reader.ts';

export interface TelemetryStoreOptions {
  /** `home.storeDir`. Made where it is not there. */
  readonly directory: string;
  /** Of the file. 1 GiB where not given; 16 MiB at least. */
  readonly maxBytes?: number;
  /** 7 days where not given. */
  readonly retentionMs?: number;
  /** Told, at most once a minute, why something can't be stored. */
  readonly log?: (text: string) => void;
}

/** A store that also follows span files (tailSpanFiles.ts). */
export interface EmbeddedStore extends TelemetryStore {
  /** Takes in the span files of `spansDir`, as they grow, from where it had come to. */
  followSpanFiles(spansDir: string): void;
  /** Resolves when what is in the span files now is stored. */
  caughtUp(): Promise<void>;
}

const leastMaxBytes = 16 * 1024 ** 2;
/** Spans, points and logs that are not stored yet; more are dropped as `queue full`. */
export const maxQueued = 50_000;
const batchItems = 2000;
const batchEveryMs = 200;

/** Throws TELEMETRY_STORE_TAKEN, _CORRUPT, _FOREIGN, _UNAVAILABLE. One process at a time. */
export async function openTelemetryStore(options: TelemetryStoreOptions): Promise<EmbeddedStore> {
  const threadOptions: ThreadOptions = {
    directory: options.directory,
    maxBytes: Math.max(leastMaxBytes, options.maxBytes ?? defaultStoreBounds.maxBytes),
    retentionMs: options.retentionMs ?? defaultStoreBounds.retentionMs,
  };
  const lock = lockStore(options.directory);
  const thread = new Worker(new URL('./writerThread.ts', import.meta.url), { workerData: threadOptions });
  try {
    const stats = await firstWord(thread);
    return new Store(threadOptions, thread, lock, stats, options.log ?? (() => {}));
  } catch (thrown) {
    await thread.terminate();
    lock.close();
    throw thrown;
  }
}

function firstWord(thread: Worker): Promise<StoreStats> {
  return new Promise((resolve, reject) => {
    thread.once('message', (message: FromWriter) => {
      if (message.kind === 'ready') resolve(message.stats);
      if (message.kind === 'refused') reject(errorOf(message.error));
    });
    thread.once('error', reject);
    thread.once('exit', () => reject(new Error('the writing thread has ended before it began')));
  });
}

class Store implements EmbeddedStore {
  readonly #thread: Worker;
  readonly #reader: StoreReader;
  readonly #lock: { close(): void };
  readonly #log: (text: string) => void;
  readonly #dropped: Record<string, number> = {};
  #stats: StoreStats;
  #spans: { origin: Origin; spans: readonly SpanData[] }[] = [];
  #points: StoredMetricPoint[] = [];
  #logs: StoredLog[] = [];
  /** Items in the three queues. */
  #queued = 0;
  /** Items of each batch that the thread has not answered yet. */
  readonly #handedOver: number[] = [];
  #inFlight = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #idle: (() => void)[] = [];
  readonly #catchUps = new Map<number, () => void>();
  #catchUpId = 0;
  #ended = false;
  #onClosed: () => void = () => {};

  constructor(
    options: ThreadOptions,
    thread: Worker,
    lock: { close(): void },
    stats: StoreStats,
    log: (text: string) => void,
  ) {
    this.#thread = thread;
    this.#reader = new StoreReader(options);
    this.#lock = lock;
    this.#stats = stats;
    this.#log = log;
    thread.on('message', (message: FromWriter) => this.#take(message));
    thread.on('error', (error) => this.#broken((error as Error).message));
    thread.on('exit', () => this.#broken('its thread has ended'));
    thread.unref();
  }

  addSpans(origin: Origin, spans: readonly SpanData[]): void {
    this.#add(spans.length, () => this.#spans.push({ origin, spans }));
  }

  addMetrics(points: readonly StoredMetricPoint[]): void {
    this.#add(points.length, () => {
      for (const point of points) this.#points.push(point);
    });
  }

  addLogs(logs: readonly StoredLog[]): void {
    this.#add(logs.length, () => {
      for (const log of logs) this.#logs.push(log);
    });
  }

  room(): number {
    return this.#ended ? 0 : maxQueued - this.#queued - this.#inFlight;
  }

  async flush(): Promise<void> {
    this.#handOver();
    if (this.#inFlight > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  searchTraces(search: TraceSearch) {
    return this.#reader.ask('searchTraces', search);
  }
  trace(traceId: string) {
    return this.#reader.ask('trace', traceId);
  }
  heatmap(search: TraceSearch, columns: number) {
    return this.#reader.ask('heatmap', search, columns);
  }
  metric(name: string, filter: MetricFilter, fromMs: number, toMs: number) {
    return this.#reader.ask('metric', name, filter, fromMs, toMs);
  }
  metricNames() {
    return this.#reader.ask('metricNames');
  }
  searchLogs(search: LogSearch) {
    return this.#reader.ask('searchLogs', search);
  }

  stats(): StoreStats {
    const dropped: Record<string, number> = { ...this.#stats.dropped };
    for (const [reason, count] of Object.entries(this.#dropped)) dropped[reason] = (dropped[reason] ?? 0) + count;
    return { ...this.#stats, dropped };
  }

  followSpanFiles(spansDir: string): void {
    this.#say({ kind: 'follow', spansDir });
  }

  caughtUp(): Promise<void> {
    if (this.#ended) return Promise.resolve();
    this.#catchUpId += 1;
    const id = this.#catchUpId;
    return new Promise((resolve) => {
      this.#catchUps.set(id, resolve);
      this.#say({ kind: 'catchUp', id });
    });
  }

  async close(): Promise<void> {
    if (this.#ended) return;
    await this.flush();
    await this.#reader.close();
    if (!this.#ended) {
      const closed = new Promise<void>((resolve) => {
        this.#onClosed = resolve;
      });
      this.#say({ kind: 'close' });
      await closed;
    }
    this.#ended = true;
    await this.#thread.terminate();
    this.#lock.close();
  }

  /** Where there is no room for so many more, they are dropped and counted. */
  #add(count: number, queue: () => void): void {
    if (count === 0) return;
    if (this.#ended || this.#queued + this.#inFlight + count > maxQueued) {
      const reason = this.#ended ? 'closed' : 'queue full';
      this.#dropped[reason] = (this.#dropped[reason] ?? 0) + count;
      return;
    }
    queue();
    this.#queued += count;
    if (this.#queued >= batchItems) this.#handOver();
    else if (this.#timer === undefined) this.#timer = setTimeout(() => this.#handOver(), batchEveryMs).unref();
  }

  #handOver(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#queued === 0 || this.#ended) return;
    const batch: Batch = { spans: this.#spans, points: this.#points, logs: this.#logs };
    this.#say({ kind: 'write', batch });
    this.#handedOver.push(this.#queued);
    this.#inFlight += this.#queued;
    [this.#spans, this.#points, this.#logs, this.#queued] = [[], [], [], 0];
  }

  #say(message: ToWriter): void {
    if (this.#ended) return;
    if (message.kind !== 'follow') this.#thread.ref();
    this.#thread.postMessage(message);
  }

  #take(message: FromWriter): void {
    if ('stats' in message) this.#stats = message.stats;
    if (message.kind === 'trouble') this.#log(message.text);
    if (message.kind === 'written') this.#inFlight -= this.#handedOver.shift() ?? 0;
    if (message.kind === 'caughtUp') this.#settle(message.id);
    if (message.kind === 'closed') this.#onClosed();
    if (this.#inFlight > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
    if (this.#catchUps.size === 0) this.#thread.unref();
  }

  #settle(id: number): void {
    this.#catchUps.get(id)?.();
    this.#catchUps.delete(id);
  }

  /** The thread is gone: what it had and what comes is dropped, the process goes on. */
  #broken(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#log(`The telemetry store has ended: ${reason}. What comes in is dropped until the process starts anew.`);
    this.#dropped['store broken'] = this.#inFlight + this.#queued;
    this.#inFlight = 0;
    for (const resolve of this.#idle.splice(0)) resolve();
    for (const id of [...this.#catchUps.keys()]) this.#settle(id);
    this.#onClosed();
  }
}
