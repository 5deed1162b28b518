/** Data points out of what was seen of the pipelines: cumulative, as they stand. */
import { tallyKinds } from '../conservation/cell.ts';
import type { HistogramSnapshot } from '../pathway/histogram.ts';
import type { CheckpointSnapshot, PathwaySnapshot } from '../pathway/pathways.ts';
import type { StageReport } from '../stageMeter.ts';
import type { LedgerCounts } from './ledgerCounts.ts';
import { type MetricKey, metricAttribute as of } from './metrics.ts';
import type { HopSight, LedgerSight, ObjectiveSight, PipelineSight } from './sight.ts';

export type PointAttributes = Readonly<Record<string, string>>;

export interface NumberPoint {
  readonly metric: MetricKey;
  readonly attributes: PointAttributes;
  /** Since when a sum has been counting; of a gauge, when it was read. */
  readonly startMs: number;
  readonly value: number;
}

export interface HistogramPoint {
  readonly metric: MetricKey;
  readonly attributes: PointAttributes;
  readonly startMs: number;
  readonly histogram: HistogramSnapshot;
}

export type Point = NumberPoint | HistogramPoint;

export interface PointOptions {
  readonly nowMs: number;
  /** When the export began: since then the counters count that are made here. */
  readonly startMs: number;
  readonly ledgerCounts: LedgerCounts;
}

/** The states by data; another (`deploying`) is told besides while the pipeline is in it. */
const states = ['flowing', 'idle', 'degraded', 'stalled', 'stopped'] as const;

export function pointsOf(sights: readonly PipelineSight[], options: PointOptions): readonly Point[] {
  options.ledgerCounts.keep(new Set(sights.map(({ pipeline }) => pipeline)));
  return sights.flatMap((sight) => [...stagePoints(sight, options), ...comparedPoints(sight, options)]);
}

function stagePoints({ pipeline, tasks }: PipelineSight, options: PointOptions): Point[] {
  return tasks.flatMap(({ task, stages }) =>
    stages.flatMap((report) => [
      ...checkpointPoints({ [of.pipeline]: pipeline, [of.task]: task }, report, options.nowMs),
      ...pagePoints(pipeline, task, report, options),
    ]),
  );
}

function checkpointPoints(owner: PointAttributes, { checkpoint, ledger }: StageReport, nowMs: number): Point[] {
  const { startMs, withoutHeader, overflowed, pathways } = checkpoint;
  const attributes = { ...owner, [of.stage]: ledger.stage, [of.checkpoint]: checkpoint.checkpoint };
  return [
    { metric: 'unmarked', attributes, startMs, value: withoutHeader },
    { metric: 'overflowed', attributes, startMs: nowMs, value: overflowed ? 1 : 0 },
    ...pathways.flatMap((pathway) => pathwayPoints(attributes, checkpoint, pathway, nowMs)),
  ];
}

function pathwayPoints(
  checkpoint: PointAttributes,
  { startMs }: CheckpointSnapshot,
  seen: PathwaySnapshot,
  nowMs: number,
): Point[] {
  const attributes = { ...checkpoint, [of.pathway]: seen.pathway };
  const since = { attributes, startMs };
  const negative = (latency: string, value: number): Point => ({
    ...{ metric: 'negative', startMs, value },
    attributes: { ...attributes, [of.latency]: latency },
  });
  return [
    { metric: 'edge', ...since, histogram: seen.edge },
    { metric: 'endToEnd', ...since, histogram: seen.endToEnd },
    { metric: 'events', ...since, value: seen.count },
    negative('edge', seen.negativeEdge),
    negative('end-to-end', seen.negativeEndToEnd),
    ...gauge('newestOrigin', attributes, seen.newestOriginMs === 0 ? null : seen.newestOriginMs / 1000, nowMs),
  ];
}

function pagePoints(pipeline: string, task: string, report: StageReport, options: PointOptions): Point[] {
  const { startMs, ledgerCounts } = options;
  const attributes = { [of.pipeline]: pipeline, [of.task]: task, [of.stage]: report.ledger.stage };
  const counts = ledgerCounts.add(pipeline, task, report);
  return [
    // From zero on: the first event of a kind is an increase, too.
    ...tallyKinds.map(
      (kind): Point => ({
        ...{ metric: 'tallied', startMs, value: counts[kind] ?? 0 },
        attributes: { ...attributes, [of.kind]: kind },
      }),
    ),
    { metric: 'forgotten', attributes, startMs: report.checkpoint.startMs, value: report.ledger.forgottenWindows },
  ];
}

function comparedPoints(sight: PipelineSight, { nowMs, startMs }: PointOptions): Point[] {
  const { pipeline, ledger, lag, state, objectives = [], spansDropped = {} } = sight;
  const attributes = { [of.pipeline]: pipeline };
  const dropped = Object.entries(spansDropped).map(
    ([task, value]): Point => ({
      ...{ metric: 'dropped', startMs, value },
      attributes: { ...attributes, [of.task]: task, [of.signal]: 'spans' },
    }),
  );
  return [
    ...(ledger === undefined ? [] : balancePoints(attributes, ledger, nowMs)),
    ...(lag?.hops ?? []).flatMap((hop) => hopPoints(attributes, hop, nowMs)),
    ...(state === undefined ? [] : statePoints(attributes, state, nowMs)),
    ...objectives.flatMap((objective) => objectivePoints(attributes, objective, nowMs)),
    ...dropped,
  ];
}

function balancePoints(owner: PointAttributes, { windows, lost, duplicated }: LedgerSight, nowMs: number): Point[] {
  const counts = { balanced: 0, 'in-flight': 0, unbalanced: 0, acknowledged: 0, unknown: 0 };
  // Apart, so that an alert on `unbalanced` ends, too, when somebody has seen what is wrong.
  for (const { state, faults = [] } of windows) {
    const isSeen = faults.length > 0 && faults.every(({ acknowledged }) => acknowledged !== undefined);
    counts[isSeen ? 'acknowledged' : state] += 1;
  }
  return [
    ...Object.entries(counts).flatMap(([state, count]) =>
      gauge('windows', { ...owner, [of.windowState]: state }, count, nowMs),
    ),
    ...gauge('lost', owner, lost, nowMs),
    ...gauge('duplicated', owner, duplicated, nowMs),
  ];
}

function hopPoints(owner: PointAttributes, hop: HopSight, nowMs: number): Point[] {
  const attributes = { ...owner, [of.stage]: hop.hop, [of.topic]: hop.topic };
  return [
    ...gauge('lagRecords', attributes, hop.lagRecords, nowMs),
    ...gauge('lagTime', attributes, hop.lagSeconds, nowMs),
    ...gauge('drainTime', attributes, hop.drainSeconds, nowMs),
  ];
}

function statePoints(owner: PointAttributes, present: string, nowMs: number): Point[] {
  return [...new Set([...states, present])].flatMap((state) =>
    gauge('state', { ...owner, [of.state]: state }, state === present ? 1 : 0, nowMs),
  );
}

function objectivePoints(owner: PointAttributes, objective: ObjectiveSight, nowMs: number): Point[] {
  const attributes = { ...owner, [of.objective]: objective.name };
  return [
    ...gauge('target', attributes, objective.target, nowMs),
    ...gauge('reached', attributes, objective.reached, nowMs),
    ...Object.entries(objective.burnRates).flatMap(([window, rate]) =>
      gauge('burnRate', { ...attributes, [of.window]: window }, rate, nowMs),
    ),
  ];
}

/** What is not known is not told: null is not 0. */
function gauge(metric: MetricKey, attributes: PointAttributes, value: number | null, nowMs: number): NumberPoint[] {
  return value === null ? [] : [{ metric, attributes, startMs: nowMs, value }];
}
