/** What the writing thread does: batches, span files, retention. Each in transactions of its own; a failed one is counted. */
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { MillraceError } from '../../errors.ts';
import { spanKinds } from '../span.ts';
import type { StoredSpan } from '../spanLines.ts';
import type { StoreStats } from './contract.ts';
import type { Batch, ThreadOptions } from './messages.ts';
import { isDamage, isOfDatabase, openForWriting } from './openDatabase.ts';
import { PointWriter } from './pointWriter.ts';
import { oldestMs, Retention } from './retention.ts';
import { databaseName, transaction } from './schema.ts';
import { SpanFollower } from './spanFollower.ts';
import { SpanWriter } from './spanWriter.ts';
import { TextWriter } from './texts.ts';

const oldestEveryMs = 2000;

/** Told and counted already: the file is tried again. */
class NotStored extends Error {}

export class StoreWriter {
  readonly #options: ThreadOptions;
  readonly #db: DatabaseSync;
  readonly #texts: TextWriter;
  readonly #spans: SpanWriter;
  readonly #points: PointWriter;
  readonly #retention: Retention;
  readonly #dropped: Record<string, number> = {};
  readonly #trouble: (text: string) => void;
  readonly #counts;
  #follower: SpanFollower | undefined;
  #isDamaged = false;
  #oldest: number | null = null;
  #oldestAskedMs = Number.NEGATIVE_INFINITY;

  /** Throws what openForWriting throws. `trouble` is told, in words, why something can't be stored. */
  constructor(options: ThreadOptions, trouble: (text: string) => void) {
    this.#options = options;
    this.#trouble = trouble;
    this.#db = openForWriting(options.directory);
    this.#texts = new TextWriter(this.#db);
    this.#spans = new SpanWriter(this.#db, this.#texts, options.retentionMs);
    this.#points = new PointWriter(this.#db, options.retentionMs);
    this.#retention = new Retention(this.#db, options);
    this.#counts = this.#db.prepare('SELECT what, count FROM counts');
  }

  write({ spans, points, logs }: Batch, nowMs: number): void {
    const count = spans.reduce((sum, group) => sum + group.spans.length, points.length + logs.length);
    const dropped = this.#attempt(count, () => {
      const flat = spans.flatMap(({ origin, spans: each }) => each.map((span) => storedSpan(span, origin)));
      return [
        this.#spans.write(flat, nowMs).dropped,
        this.#points.writePoints(points, nowMs).dropped,
        this.#points.writeLogs(logs, nowMs).dropped,
      ];
    });
    for (const each of dropped ?? []) this.#drop(each);
  }

  follow(spansDir: string): void {
    this.#follower = new SpanFollower(this.#db, spansDir);
  }

  changedFiles(): Promise<readonly string[]> {
    return this.#follower?.changed() ?? Promise.resolve([]);
  }

  /** True: the file holds more. What can't be stored stays in the file and is tried again. */
  takeFrom(path: string, nowMs: number): boolean {
    if (this.#isDamaged || this.#follower === undefined) return false;
    return this.#follower.take(path, nowMs, ({ spans, malformed }, save) => {
      const dropped = this.#attempt(0, () => {
        save();
        return this.#writeOrPass(spans, nowMs);
      });
      if (dropped === undefined) throw new NotStored();
      this.#drop({ ...dropped, ...(malformed > 0 ? { malformed: malformed + (dropped.malformed ?? 0) } : {}) });
    });
  }

  /** Spans that break the writer itself would be met again for ever: the file goes on after them. */
  #writeOrPass(spans: readonly StoredSpan[], nowMs: number): Readonly<Record<string, number>> {
    try {
      return this.#spans.write(spans, nowMs).dropped;
    } catch (thrown) {
      if (isOfDatabase(thrown)) throw thrown;
      this.#trouble(`Spans of a file can not be stored: ${(thrown as Error).message}.`);
      return { malformed: spans.length };
    }
  }

  /** A span file that can't be read. */
  cannotFollow(thrown: unknown): void {
    if (thrown instanceof NotStored) return;
    this.#trouble(`A span file can not be read: ${(thrown as Error).message}.`);
  }

  rememberFiles(nowMs: number): void {
    this.#attempt(0, () => this.#follower?.remember(nowMs));
  }

  /** True: there is more to remove. `onlyIfFull`: leaves what is merely old for the next time. */
  removeOld(nowMs: number, onlyIfFull: boolean): boolean {
    if (this.#isDamaged) return false;
    try {
      if (onlyIfFull && !this.#retention.isFull()) return false;
      const isMore = this.#retention.step(nowMs);
      if (this.#retention.takeSeriesGone()) this.#points.reload();
      return isMore;
    } catch (thrown) {
      this.#failed(thrown, 0);
      return false;
    }
  }

  stats(): StoreStats {
    const { maxBytes, retentionMs } = this.#options;
    const shared = { maxBytes, retentionMs, dropped: { ...this.#dropped } };
    try {
      const counts = Object.fromEntries(this.#counts.all().map((row) => [row.what, row.count])) as Record<
        string,
        number
      >;
      const { spans = 0, points: metricPoints = 0, logs = 0 } = counts;
      return { spans, metricPoints, logs, bytes: this.#retention.fileBytes(), oldestMs: this.#oldestMs(), ...shared };
    } catch (thrown) {
      this.#failed(thrown, 0);
      return { spans: 0, metricPoints: 0, logs: 0, bytes: 0, oldestMs: null, ...shared };
    }
  }

  /** Found anew every few seconds: with many series it takes a look at each. */
  #oldestMs(): number | null {
    if (performance.now() - this.#oldestAskedMs > oldestEveryMs) {
      this.#oldest = oldestMs(this.#db);
      this.#oldestAskedMs = performance.now();
    }
    return this.#oldest;
  }

  close(): void {
    this.#db.close();
  }

  /** Undefined: it failed, `count` items were dropped. */
  #attempt<T>(count: number, work: () => T): T | undefined {
    if (this.#isDamaged) {
      if (count > 0) this.#drop({ corrupt: count });
      return undefined;
    }
    try {
      return transaction(this.#db, work);
    } catch (thrown) {
      this.#failed(thrown, count);
      return undefined;
    }
  }

  #failed(thrown: unknown, count: number): void {
    if (isDamage(thrown)) {
      this.#isDamaged = true;
      const { directory } = this.#options;
      const details = { directory, file: join(directory, databaseName), reason: (thrown as Error).message };
      const { message, row } = new MillraceError('TELEMETRY_STORE_CORRUPT', details);
      this.#trouble(`${message} ${row.next.replaceAll('{directory}', directory)}`);
      if (count > 0) this.#drop({ corrupt: count });
      return;
    }
    if (count > 0) this.#drop({ [isOfDatabase(thrown) ? 'disk' : 'malformed']: count });
    this.#trouble(
      `The telemetry store in ${this.#options.directory} can not be written: ${(thrown as Error).message}.`,
    );
    try {
      this.#texts.reload();
      this.#points.reload();
    } catch (again) {
      if (isDamage(again)) this.#isDamaged = true;
    }
  }

  #drop(dropped: Readonly<Record<string, number>>): void {
    for (const [reason, count] of Object.entries(dropped)) this.#dropped[reason] = (this.#dropped[reason] ?? 0) + count;
  }
}

function storedSpan(
  span: Batch['spans'][number]['spans'][number],
  origin: Batch['spans'][number]['origin'],
): StoredSpan {
  const attributes: Record<string, string | number | boolean | readonly string[]> = {};
  for (const [key, value] of Object.entries(span.attributes)) if (value !== undefined) attributes[key] = value;
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId ?? null,
    name: span.name,
    kind: spanKinds[span.kind],
    service: span.service ?? origin.service,
    instance: origin.instance,
    startMs: span.startMs,
    endMs: Math.max(span.startMs, span.endMs),
    error: span.error ?? null,
    attributes,
  };
}
