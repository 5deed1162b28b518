/**
 * Keeps the store within its bounds, a slice at a time, so that writing goes on in between. All kinds share one horizon: what is
 * older than `retentionMs` goes; while the file is larger than it may be, the oldest twentieth of the time that is held goes.
 */
import type { DatabaseSync } from 'node:sqlite';
import { blockBits, pageBytes, transaction } from './schema.ts';

export interface Bounds {
  readonly maxBytes: number;
  readonly retentionMs: number;
}

const tracesPerSlice = 500;
const rowsPerSlice = 20_000;
/** Room for what comes in while a slice is removed, and for the journal. */
const fullAt = 0.9;

export class Retention {
  readonly #db: DatabaseSync;
  readonly #bounds: Bounds;
  readonly #pages;
  readonly #free;
  /** The horizon of a removal by size that is under way. */
  #horizonMs = 0;
  #seriesGone = false;

  constructor(db: DatabaseSync, bounds: Bounds) {
    this.#db = db;
    this.#bounds = bounds;
    this.#pages = db.prepare('PRAGMA page_count');
    this.#free = db.prepare('PRAGMA freelist_count');
  }

  /** Bytes of the file that hold something. */
  usedBytes(): number {
    const free = this.#free.get() as { freelist_count: number };
    return (this.#pageCount() - free.freelist_count) * pageBytes;
  }

  fileBytes(): number {
    return this.#pageCount() * pageBytes;
  }

  #pageCount(): number {
    return (this.#pages.get() as { page_count: number }).page_count;
  }

  /** Removes one slice in one transaction. True: there may be more to remove. */
  step(nowMs: number): boolean {
    let horizonMs = nowMs - this.#bounds.retentionMs;
    if (this.isFull()) {
      const oldest = oldestMs(this.#db) ?? nowMs;
      if (this.#horizonMs <= oldest) this.#horizonMs = this.#nextHorizon(oldest, nowMs);
      horizonMs = Math.max(horizonMs, this.#horizonMs);
    }
    const removed = transaction(this.#db, () => this.#removeBefore(horizonMs));
    const hasShrunk = this.#giveBack();
    return removed || hasShrunk;
  }

  /** Whether series were removed since it was last asked: whoever knows their ids must forget them before it writes again. */
  takeSeriesGone(): boolean {
    const gone = this.#seriesGone;
    this.#seriesGone = false;
    return gone;
  }

  /** A twentieth of the time that is held, and a slice at least: clocks that are ahead make that time short. */
  #nextHorizon(oldest: number, nowMs: number): number {
    const trace = this.#db
      .prepare('SELECT start_us / 1000 AS at_ms FROM traces ORDER BY start_us LIMIT 1 OFFSET ?')
      .get(tracesPerSlice);
    const log = this.#db.prepare('SELECT at_ms FROM logs ORDER BY at_ms LIMIT 1 OFFSET ?').get(rowsPerSlice);
    const slices = [trace, log].map((row) => (row?.at_ms as number | undefined) ?? Number.POSITIVE_INFINITY);
    const slice = Math.min(...slices);
    return oldest + Math.max(1, (nowMs - oldest) / 20, Number.isFinite(slice) ? slice - oldest : 0);
  }

  isFull(): boolean {
    return this.usedBytes() > this.#bounds.maxBytes * fullAt;
  }

  /** Space of a file that has grown past its bound (the bound was lowered) goes back to the disk, 4 MiB at a time. */
  #giveBack(): boolean {
    if (this.fileBytes() <= this.#bounds.maxBytes) return false;
    const before = this.fileBytes();
    this.#db.prepare('PRAGMA incremental_vacuum(512)').all();
    return this.fileBytes() < before;
  }

  #removeBefore(horizonMs: number): boolean {
    const traces = this.#removeTraces(Math.floor(horizonMs * 1000));
    const logs = this.#db
      .prepare('DELETE FROM logs WHERE id IN (SELECT id FROM logs WHERE at_ms < ? ORDER BY at_ms LIMIT ?)')
      .run(Math.floor(horizonMs), rowsPerSlice);
    const points = this.#removePoints(Math.floor(horizonMs));
    this.#count('logs', Number(logs.changes));
    this.#count('points', points);
    return traces > 0 || logs.changes > 0 || points > 0;
  }

  #removeTraces(horizonUs: number): number {
    const rows = this.#db
      .prepare('SELECT id, spans FROM traces WHERE start_us < ? ORDER BY start_us LIMIT ?')
      .all(horizonUs, tracesPerSlice) as unknown as { id: number; spans: number }[];
    if (rows.length === 0) return 0;
    const spansOf = this.#db.prepare('DELETE FROM spans WHERE trace = ?');
    const traceOf = this.#db.prepare('DELETE FROM traces WHERE id = ?');
    let spans = 0;
    for (const { id } of rows) {
      spans += Number(spansOf.run(id).changes);
      traceOf.run(id);
    }
    this.#count('spans', spans);
    this.#removeBlocks(new Set(rows.map(({ id }) => Math.floor(id / 2 ** blockBits))));
    return rows.length;
  }

  /** Terms of a block whose traces are all gone, but for the block that is being filled. */
  #removeBlocks(blocks: ReadonlySet<number>): void {
    const newest = (this.#db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'traces'").get()?.seq ??
      0) as number;
    const isUsed = this.#db.prepare('SELECT 1 FROM traces WHERE id >= ? AND id < ? LIMIT 1');
    for (const block of blocks) {
      const first = block * 2 ** blockBits;
      const next = first + 2 ** blockBits;
      if (newest + 1 < next || isUsed.get(first, next) !== undefined) continue;
      this.#db.prepare('DELETE FROM postings WHERE block = ?').run(block);
    }
  }

  #removePoints(horizonMs: number): number {
    const oldest = this.#db.prepare('DELETE FROM points WHERE series = ? AND at_ms < ?');
    let removed = 0;
    for (const { id } of this.#db.prepare('SELECT id FROM series').all() as unknown as { id: number }[]) {
      removed += Number(oldest.run(id, horizonMs).changes);
      if (removed >= rowsPerSlice) break;
    }
    // Only whole: points of a series that is gone would be found by nobody, and stay.
    const { changes } = this.#db
      .prepare(
        'DELETE FROM series WHERE last_ms < ? AND NOT EXISTS (SELECT 1 FROM points WHERE points.series = series.id)',
      )
      .run(horizonMs);
    if (changes > 0) this.#seriesGone = true;
    return removed;
  }

  #count(what: string, removed: number): void {
    if (removed > 0) this.#db.prepare('UPDATE counts SET count = count - ? WHERE what = ?').run(removed, what);
  }
}

/** The oldest that is held, of whichever kind. */
export function oldestMs(db: DatabaseSync): number | null {
  const row = db
    .prepare(
      `SELECT (SELECT min(start_us) / 1000 FROM traces) AS traces, (SELECT min(at_ms) FROM logs) AS logs,
       (SELECT min(first) FROM (SELECT (SELECT min(at_ms) FROM points WHERE series = series.id) AS first FROM series)) AS points`,
    )
    .get() as { traces: number | null; logs: number | null; points: number | null };
  const found = [row.traces, row.logs, row.points].filter((each) => each !== null);
  return found.length === 0 ? null : Math.min(...found);
}
