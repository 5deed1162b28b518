/** Columns for charts out of a history. Pure. */
import type { HistoryPoint, Latency } from '../../../../../api/contract/pipelines.ts';

export interface Columns {
  readonly times: readonly number[];
  readonly rate: readonly (number | null)[];
  readonly p50: readonly (number | null)[];
  readonly p99: readonly (number | null)[];
  /** In seconds. */
  readonly lag: readonly (number | null)[];
}

/** Of one stage, or of the whole pipeline without one. A gap in time becomes a gap in the lines. */
export function columnsOf(points: readonly HistoryPoint[], stepMs: number, stage?: string): Columns {
  const rows: { readonly atMs: number; readonly of: Measures | undefined }[] = [];
  for (const point of points) {
    const last = rows.at(-1);
    if (last !== undefined && point.atMs - last.atMs > 3 * stepMs)
      rows.push({ atMs: last.atMs + stepMs, of: undefined });
    rows.push({ atMs: point.atMs, of: measuresOf(point, stage) });
  }
  return {
    times: rows.map(({ atMs }) => atMs),
    rate: rows.map(({ of }) => of?.rate ?? null),
    p50: rows.map(({ of }) => of?.latency?.p50Ms ?? null),
    p99: rows.map(({ of }) => of?.latency?.p99Ms ?? null),
    lag: rows.map(({ of }) => of?.lag ?? null),
  };
}

interface Measures {
  readonly rate: number | null;
  readonly latency: Latency | null;
  readonly lag: number | null;
}

function measuresOf(point: HistoryPoint, stage: string | undefined): Measures | undefined {
  if (stage === undefined) return { rate: point.ratePerSecond, latency: point.endToEnd, lag: point.lagSeconds };
  const found = point.stages[stage];
  return found && { rate: found.ratePerSecond, latency: found.edge, lag: found.lagSeconds };
}
