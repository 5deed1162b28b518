/** Writes looks into a history, each level with measures of its own interval, and makes graphs of what was written. */
import type { PipelineGraph } from '../../api/contract/pipelines.ts';
import type { PipelineRecord } from '../../model/records.ts';
import type { Hop } from '../hops.ts';
import type { HopLag } from '../lag.ts';
import { graverOf } from './coarser.ts';
import type { HopFact } from './flowState.ts';
import { graphOf } from './graph.ts';
import type { HistoryLevel, PipelineHistory } from './history.ts';
import type { StoredPoint } from './historyLines.ts';
import type { Held } from './hold.ts';
import { type Count, endToEndOf, inputRateOf, latencyOf, measuresOf } from './measure.ts';
import { greatestLag } from './summary.ts';

export interface Written {
  readonly pipeline: string;
  readonly hops: readonly Hop[];
  readonly counts: readonly Count[];
  readonly lags: readonly HopLag[];
  readonly held: Held;
  readonly graph: PipelineGraph;
  readonly nowMs: number;
}

interface WrittenHops {
  readonly hops: readonly Hop[];
  /** See observe/queues.ts. */
  readonly queueHops: readonly Hop[];
}

interface LevelState {
  readonly atMs: number;
  readonly counts: readonly Count[];
  /** The gravest since. */
  gravest: Held | undefined;
}

export class HistoryWriter {
  readonly #history: PipelineHistory;
  readonly #levels = new Map<string, LevelState>();
  #newest: StoredPoint | undefined;

  constructor(history: PipelineHistory) {
    this.#history = history;
  }

  write(written: Written): void {
    for (const level of this.#history.levels) this.#write(level, written);
  }

  #write(level: HistoryLevel, written: Written): void {
    const { nowMs, counts, held } = written;
    const before = this.#levels.get(level.name);
    if (before !== undefined) {
      const { gravest } = before;
      before.gravest = gravest === undefined || graverOf(held.state, gravest.state) === held.state ? held : gravest;
      // A look comes a little early or late: half a look is no reason to leave a step out.
      // Also after a clock that was set back.
      if (Math.abs(nowMs - before.atMs) < level.stepMs - 500) return;
      const point = pointOf(written, before);
      if (level === this.#history.levels[0]) this.#newest = point;
      this.#history.append(level, point);
    }
    this.#levels.set(level.name, { atMs: nowMs, counts, gravest: undefined });
  }

  /** Of the finest level, as it was written last; of this process. Whoever needs it at each look reads no file. */
  newest(): StoredPoint | undefined {
    return this.#newest;
  }

  /** The blueprint is today's: stages that were not there then are unknown. */
  graphAt(record: PipelineRecord, { hops, queueHops }: WrittenHops, point: StoredPoint): PipelineGraph {
    const facts = [...hops, ...queueHops].flatMap(({ name, kind, part }): HopFact[] => {
      const stage = point.stages[name];
      if (stage === undefined) return [];
      const { ratePerSecond, lagRecords, lagSeconds, endToEnd } = stage;
      const known = { ratePerSecond, lagRecords, lagSeconds, endToEndP99Ms: endToEnd?.p99Ms ?? null };
      return [{ ...{ name, kind, part }, ...known, lastPassedMs: null, stillMs: null, clockSkewed: 0 }];
    });
    const figures = Object.entries(point.stages).map(([name, { ratePerSecond, edge, lagRecords, lagSeconds }]) => {
      return [name, { ratePerSecond, latency: edge, lagRecords, lagSeconds }] as const;
    });
    const { atMs, state, reason } = point;
    const graph = graphOf(record, {
      ...{ atMs, state, reason, freshnessMs: Number.POSITIVE_INFINITY },
      ...{ tasks: [], hops: facts, edges: new Map(figures), queueHops },
    });
    const ill = new Map(point.ill.map((node) => [node.id, node]));
    return { ...graph, nodes: graph.nodes.map((node) => ({ ...node, ...ill.get(node.id) })) };
  }
}

function pointOf({ pipeline, hops, counts, lags, graph, nowMs, held }: Written, before: LevelState): StoredPoint {
  const measures = measuresOf(pipeline, hops, before.counts, counts);
  const byHop = new Map(lags.map((lag) => [lag.hop, lag]));
  const { state, reason, sinceMs } = before.gravest ?? held;
  return {
    ...{ atMs: nowMs, state, reason, sinceMs },
    ratePerSecond: inputRateOf(hops, measures),
    endToEnd: endToEndOf(hops, measures),
    lagSeconds: greatestLag(lags),
    ill: graph.nodes.filter((node) => node.state === 'degraded' || node.state === 'down'),
    stages: Object.fromEntries(
      measures.map(({ stage, ratePerSecond, edge, endToEnd, deadLettered }) => {
        const { lagRecords = null, lagSeconds = null } = byHop.get(stage) ?? {};
        const latencies = { edge: latencyOf(edge), endToEnd: latencyOf(endToEnd) };
        return [stage, { ratePerSecond, ...latencies, lagRecords, lagSeconds, deadLettered }];
      }),
    ),
  };
}
