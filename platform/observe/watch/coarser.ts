/** Fewer points out of many. Pure. */
import type { HistoryPoint, Latency, PipelineState } from '../../api/contract/pipelines.ts';

/** The graver first. */
const gravity: readonly PipelineState[] = [
  ...(['failed', 'stalled', 'degraded', 'destroying', 'deploying', 'stopped', 'flowing', 'idle'] as const),
];

export function graverOf(one: PipelineState, other: PipelineState): PipelineState {
  return gravity.indexOf(one) <= gravity.indexOf(other) ? one : other;
}

/**
 * One point for each `stepMs` from `fromMs` on in which there is any. Rates are means, lags the greatest, p50 the mean by count
 * and p99 the greatest (an upper bound: quantiles do not add up), the state the gravest.
 */
export function coarser(points: readonly HistoryPoint[], fromMs: number, stepMs: number): readonly HistoryPoint[] {
  const groups = Map.groupBy(points, ({ atMs }) => Math.floor((atMs - fromMs) / stepMs));
  return [...groups.values()].map((group) => (group.length === 1 ? group[0]! : merged(group)));
}

function merged(points: readonly HistoryPoint[]): HistoryPoint {
  const names = new Set(points.flatMap(({ stages }) => Object.keys(stages)));
  const stages = [...names].map((name) => {
    const own = points.flatMap((point) => point.stages[name] ?? []);
    const stage = {
      ratePerSecond: mean(own.map((each) => each.ratePerSecond)),
      edge: together(own.map((each) => each.edge)),
      endToEnd: together(own.map((each) => each.endToEnd)),
      lagRecords: greatest(own.map((each) => each.lagRecords)),
      lagSeconds: greatest(own.map((each) => each.lagSeconds)),
      deadLettered: own.reduce((total, each) => total + each.deadLettered, 0),
    };
    return [name, stage] as const;
  });
  return {
    atMs: points.at(-1)!.atMs,
    state: points.map(({ state }) => state).reduce(graverOf),
    ratePerSecond: mean(points.map(({ ratePerSecond }) => ratePerSecond)),
    endToEnd: together(points.map(({ endToEnd }) => endToEnd)),
    lagSeconds: greatest(points.map(({ lagSeconds }) => lagSeconds)),
    stages: Object.fromEntries(stages),
  };
}

function mean(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((total, value) => total + value, 0) / known.length;
}

function greatest(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(...known);
}

function together(values: readonly (Latency | null)[]): Latency | null {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return null;
  const count = known.reduce((total, each) => total + each.count, 0);
  const p50Ms = known.reduce((total, each) => total + each.p50Ms * each.count, 0) / Math.max(1, count);
  return { p50Ms, p99Ms: Math.max(...known.map((each) => each.p99Ms)), count };
}
