/** Rates and latencies of each stage between two looks at its tasks. Pure. */
import type { Latency } from '../../api/contract/pipelines.ts';
import {
  addHistograms,
  emptyHistogram,
  type HistogramSnapshot,
  histogramSince,
  quantileOf,
} from '../../telemetry/pathway/histogram.ts';
import type { CheckpointSnapshot, PathwaySnapshot } from '../../telemetry/pathway/pathways.ts';
import type { Hop } from '../hops.ts';
import { tasksOf } from '../stages.ts';
import type { Answer } from './look.ts';

/** What a task's stage had counted at a time; without the ledger's pages, so that many can be kept. */
export interface Count {
  readonly task: string;
  readonly stage: string;
  readonly atMs: number;
  readonly checkpoint: CheckpointSnapshot;
  readonly deadLettered: number | undefined;
}

export interface StageMeasure {
  readonly stage: string;
  /** Over the interval, in milliseconds; 0: nothing to compare with yet. */
  readonly intervalMs: number;
  /** Events that have passed the stage. Null: not known. */
  readonly ratePerSecond: number | null;
  /** From the checkpoint before; from the ingress. Of the interval. */
  readonly edge: HistogramSnapshot;
  readonly endToEnd: HistogramSnapshot;
  /** Events of the interval whose clocks ran backwards: they are in the rate, and in no latency. */
  readonly clockSkewed: number;
  readonly deadLettered: number;
  /** When the last event passed; null: none since its tasks started. */
  readonly lastPassedMs: number | null;
}

export function countsOf(answers: readonly Answer[]): readonly Count[] {
  return answers.flatMap(({ task, stages, answeredMs }) =>
    stages.map(({ checkpoint, ledger }) => ({
      ...{ task, stage: ledger.stage, atMs: answeredMs, checkpoint },
      deadLettered: ledger.deadLettered ?? deadLetteredIn(ledger.cells),
    })),
  );
}

function deadLetteredIn(cells: Answer['stages'][number]['ledger']['cells']): number {
  return cells.reduce((total, { tallies }) => total + (tallies.deadLettered?.count ?? 0), 0);
}

/** Of each hop, in their order. A stage with no answer has no rate. */
export function measuresOf(
  pipeline: string,
  hops: readonly Hop[],
  before: readonly Count[],
  now: readonly Count[],
): readonly StageMeasure[] {
  const former = new Map(before.map((count) => [`${count.task}/${count.stage}`, count]));
  return hops.map((hop) => {
    const counts = tasksOf(pipeline, hop.part, now).filter(({ stage }) => stage === hop.name);
    return measureOf(hop.name, counts, former);
  });
}

function measureOf(stage: string, counts: readonly Count[], former: ReadonlyMap<string, Count>): StageMeasure {
  const pairs = counts.map((now) => difference(former.get(`${now.task}/${stage}`), now));
  const known = pairs.filter((pair) => pair !== undefined);
  const passed = counts.flatMap(({ checkpoint }) => checkpoint.pathways.map(({ lastPassedMs }) => lastPassedMs));
  return {
    stage,
    intervalMs: Math.max(0, ...known.map(({ ms }) => ms)),
    ratePerSecond: known.length === 0 ? null : known.reduce((total, { count, ms }) => total + (count * 1000) / ms, 0),
    edge: known.reduce((sum, { edge }) => addHistograms(sum, edge), emptyHistogram),
    endToEnd: known.reduce((sum, { endToEnd }) => addHistograms(sum, endToEnd), emptyHistogram),
    clockSkewed: known.reduce((total, { clockSkewed }) => total + clockSkewed, 0),
    deadLettered: known.reduce((total, each) => total + each.deadLettered, 0),
    lastPassedMs: passed.length === 0 || Math.max(...passed) === 0 ? null : Math.max(...passed),
  };
}

/** Undefined: there is nothing to compare with. A process that has started in between has counted all of it since. */
function difference(before: Count | undefined, now: Count) {
  if (before === undefined || now.atMs <= before.atMs) return undefined;
  const anew = before.checkpoint.startMs !== now.checkpoint.startMs;
  const was = new Map(anew ? [] : before.checkpoint.pathways.map((each) => [each.parent, each]));
  const pathways = now.checkpoint.pathways.map((each) => since(was.get(each.parent), each));
  const deadBefore = anew ? 0 : (before.deadLettered ?? 0);
  return {
    ms: now.atMs - before.atMs,
    count: pathways.reduce((total, { count }) => total + count, 0),
    edge: pathways.reduce((sum, { edge }) => addHistograms(sum, edge), emptyHistogram),
    endToEnd: pathways.reduce((sum, { endToEnd }) => addHistograms(sum, endToEnd), emptyHistogram),
    clockSkewed: pathways.reduce((total, { clockSkewed }) => total + clockSkewed, 0),
    deadLettered: Math.max(0, (now.deadLettered ?? 0) - deadBefore),
  };
}

/** A job's counts may go back, when a batch is repeated: that is no negative rate. */
function since(before: PathwaySnapshot | undefined, now: PathwaySnapshot) {
  const clockSkewed = Math.max(now.negativeEdge, now.negativeEndToEnd);
  if (before === undefined) return { count: now.count, edge: now.edge, endToEnd: now.endToEnd, clockSkewed };
  if (now.count < before.count) return { count: 0, edge: emptyHistogram, endToEnd: emptyHistogram, clockSkewed: 0 };
  return {
    count: now.count - before.count,
    edge: histogramSince(before.edge, now.edge),
    endToEnd: histogramSince(before.endToEnd, now.endToEnd),
    clockSkewed: Math.max(0, clockSkewed - Math.max(before.negativeEdge, before.negativeEndToEnd)),
  };
}

/** Null of an empty histogram. */
export function latencyOf(histogram: HistogramSnapshot): Latency | null {
  if (histogram.count === 0) return null;
  const rounded = (quantile: number) => Math.round(quantileOf(histogram, quantile) * 10) / 10;
  return { p50Ms: rounded(0.5), p99Ms: rounded(0.99), count: histogram.count };
}

/** From the ingress to the acknowledgement of each store, all sinks together. */
export function endToEndOf(hops: readonly Hop[], measures: readonly StageMeasure[]): Latency | null {
  const sinks = new Set(hops.filter(({ kind }) => kind === 'sink').map(({ name }) => name));
  return latencyOf(
    measures
      .filter(({ stage }) => sinks.has(stage))
      .reduce((sum, { endToEnd }) => addHistograms(sum, endToEnd), emptyHistogram),
  );
}

/** Events a second that the ingresses have taken in; null: none of them tells. */
export function inputRateOf(hops: readonly Hop[], measures: readonly StageMeasure[]): number | null {
  const ingresses = new Set(hops.filter(({ kind }) => kind === 'ingress').map(({ name }) => name));
  const rates = measures.flatMap(({ stage, ratePerSecond }) =>
    ingresses.has(stage) && ratePerSecond !== null ? [ratePerSecond] : [],
  );
  return rates.length === 0 ? null : rates.reduce((total, rate) => total + rate, 0);
}
