/** Latency against time: how many of the traces that match fall into each cell, and the newest of each as its exemplar. */
import type { DatabaseSync } from 'node:sqlite';
import type { TraceHeatmap, TraceSearch } from './contract.ts';
import { conditionOf } from './search.ts';

/** Lower bounds of the rows are 0 and the powers of two from 1 ms to 2^22 ms (70 minutes). */
const maxPower = 22;

/**
 * `columns` of equal width from `fromMs` to `toMs`, or, where these are not given, from the first to the last trace that matches.
 * Rows reach as high as the traces do.
 */
export function traceHeatmap(db: DatabaseSync, search: TraceSearch, columns: number): TraceHeatmap {
  const { from, sql, values } = conditionOf(db, search);
  const bounds = db
    .prepare(`SELECT min(start_us) AS first, max(start_us) AS last FROM ${from} WHERE ${sql}`)
    .get(...values) as { first: number | null; last: number | null };
  const fromUs = search.fromMs !== undefined ? search.fromMs * 1000 : bounds.first;
  const toUs = search.toMs !== undefined ? search.toMs * 1000 : (search.before ?? 0) * 1000 || bounds.last;
  if (fromUs === null || toUs === null || bounds.first === null)
    return { fromMs: search.fromMs ?? 0, stepMs: 0, latencyBoundsMs: [0], counts: [], exemplars: [] };
  const stepUs = Math.max(1, Math.ceil((toUs - fromUs + 1) / columns));
  const cells = db
    .prepare(
      `SELECT CAST((start_us - ?) / ? AS INTEGER) AS col,
              CASE WHEN duration_us < 1000 THEN 0 ELSE min(${maxPower + 1}, 1 + CAST(floor(log2(duration_us / 1000.0)) AS INTEGER)) END AS row,
              count(*) AS traces, max(start_us), trace_id
       FROM ${from} WHERE ${sql} GROUP BY col, row ORDER BY col, row`,
    )
    .all(fromUs, stepUs, ...values) as unknown as { col: number; row: number; traces: number; trace_id: Uint8Array }[];
  const rows = 1 + cells.reduce((most, { row }) => Math.max(most, row), 0);
  const counts = Array.from({ length: columns }, () => new Array<number>(rows).fill(0));
  const exemplars = [];
  for (const { col, row, traces, trace_id } of cells) {
    const column = Math.min(col, columns - 1);
    counts[column]![row]! += traces;
    exemplars.push({ column, row, traceId: Buffer.from(trace_id).toString('hex') });
  }
  const latencyBoundsMs = Array.from({ length: rows }, (_, row) => (row === 0 ? 0 : 2 ** (row - 1)));
  return { fromMs: fromUs / 1000, stepMs: stepUs / 1000, latencyBoundsMs, counts, exemplars };
}
