/** Puts points of metrics, and logs, into the tables. */
import type { DatabaseSync } from 'node:sqlite';
import type { StoredLog, StoredMetricPoint } from './contract.ts';
import { maxAheadMs } from './spanWriter.ts';

const maxSeries = 50_000;
const maxLogCharacters = 64 * 1024;

export interface Written {
  stored: number;
  readonly dropped: Record<string, number>;
}

export class PointWriter {
  readonly #series = new Map<string, number>();
  readonly #retentionMs: number;
  readonly #db: DatabaseSync;
  readonly #addSeries;
  readonly #seen;
  readonly #addPoint;
  readonly #addLog;
  readonly #count;

  constructor(db: DatabaseSync, retentionMs: number) {
    this.#db = db;
    this.#retentionMs = retentionMs;
    this.#addSeries = db.prepare(
      'INSERT INTO series (key, service, instance, name, unit, attributes, last_ms) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    this.#seen = db.prepare('UPDATE series SET last_ms = max(last_ms, ?) WHERE id = ?');
    this.#addPoint = db.prepare('INSERT OR IGNORE INTO points (series, at_ms, value, histogram) VALUES (?, ?, ?, ?)');
    this.#addLog = db.prepare(
      'INSERT INTO logs (at_ms, service, instance, severity, body, trace_id, attributes) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    this.#count = db.prepare('UPDATE counts SET count = count + ? WHERE what = ?');
    this.reload();
  }

  /** After a transaction that failed, and after series were removed. */
  reload(): void {
    this.#series.clear();
    for (const row of this.#db.prepare('SELECT id, key FROM series').iterate())
      this.#series.set(row.key as string, row.id as number);
  }

  /** Within a transaction, as `writeLogs`. One point of a series and millisecond is kept. */
  writePoints(points: readonly StoredMetricPoint[], nowMs: number): Written {
    const written: Written = { stored: 0, dropped: {} };
    for (const point of points) {
      const reason = this.#refusal(point.atMs, nowMs) ?? this.#writePoint(point, written);
      if (reason !== undefined) written.dropped[reason] = (written.dropped[reason] ?? 0) + 1;
    }
    if (written.stored > 0) this.#count.run(written.stored, 'points');
    return written;
  }

  #writePoint(point: StoredMetricPoint, written: Written): string | undefined {
    const attributes = JSON.stringify(Object.entries(point.attributes).sort(([a], [b]) => (a < b ? -1 : 1)));
    const key = JSON.stringify([point.service, point.instance, point.name, point.unit, attributes]);
    const atMs = Math.round(point.atMs);
    let series = this.#series.get(key);
    if (series === undefined) {
      if (this.#series.size >= maxSeries) return 'too many series';
      const { service, instance, name, unit } = point;
      series = Number(this.#addSeries.run(key, service, instance, name, unit, attributes, atMs).lastInsertRowid);
      this.#series.set(key, series);
    }
    const histogram = point.histogram === undefined ? null : JSON.stringify(point.histogram);
    const { changes } = this.#addPoint.run(series, atMs, point.value ?? null, histogram);
    this.#seen.run(atMs, series);
    written.stored += Number(changes);
    return undefined;
  }

  writeLogs(logs: readonly StoredLog[], nowMs: number): Written {
    const written: Written = { stored: 0, dropped: {} };
    for (const log of logs) {
      const attributes = JSON.stringify(log.attributes);
      const isLarge = log.body.length + attributes.length > maxLogCharacters;
      const reason = this.#refusal(log.atMs, nowMs) ?? (isLarge ? 'log too large' : undefined);
      if (reason !== undefined) {
        written.dropped[reason] = (written.dropped[reason] ?? 0) + 1;
        continue;
      }
      const traceId = log.traceId === undefined ? null : Buffer.from(log.traceId, 'hex');
      const { service, instance, severity, body } = log;
      this.#addLog.run(Math.round(log.atMs), service, instance, severity, body, traceId, attributes);
      written.stored += 1;
    }
    if (written.stored > 0) this.#count.run(written.stored, 'logs');
    return written;
  }

  #refusal(atMs: number, nowMs: number): string | undefined {
    if (!Number.isFinite(atMs)) return 'malformed';
    if (atMs < nowMs - this.#retentionMs) return 'too old';
    return atMs > nowMs + maxAheadMs ? 'in the future' : undefined;
  }
}
