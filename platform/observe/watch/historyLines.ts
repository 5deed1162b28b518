/** Points of the history as lines of a file: short, since thirty days of them are kept. Pure. */

import type { GraphNode } from '../../api/contract/pipelines.ts';
import { type HistoryPoint, type Latency, type PipelineState, pipelineState } from '../../api/contract/pipelines.ts';

/** What is kept of a look: what the API tells of it, and what a graph of that time needs. */
export interface StoredPoint extends HistoryPoint {
  readonly reason: string;
  /** In this state since. */
  readonly sinceMs: number;
  /** Nodes of the graph that were not well. */
  readonly ill: readonly Pick<GraphNode, 'id' | 'state' | 'reason'>[];
}

export const historyFormat = 'millrace/history/1';
const states = pipelineState.options;
const nodeStates = ['ok', 'idle', 'degraded', 'down', 'unknown'] as const;
const longestReason = 240;

type Cell = number | null;
type LatencyCells = readonly [number, number, number] | null;

/** The first line of a file, and again wherever the stages are others: points name them by their place. */
export function headerLine(stages: readonly string[]): string {
  return JSON.stringify({ format: historyFormat, stages });
}

export function pointLine(point: StoredPoint, stages: readonly string[]): string {
  const { atMs, state, sinceMs, ratePerSecond, endToEnd, lagSeconds, reason, ill } = point;
  return JSON.stringify([
    ...[atMs, states.indexOf(state), sinceMs, short(ratePerSecond), cells(endToEnd), short(lagSeconds)],
    reason.slice(0, longestReason),
    ill.map((node) => [node.id, nodeStates.indexOf(node.state), node.reason.slice(0, longestReason)]),
    stages.map((name) => {
      const stage = point.stages[name];
      if (stage === undefined) return 0;
      const { edge, endToEnd: whole, lagRecords, deadLettered } = stage;
      return [short(stage.ratePerSecond), cells(edge), cells(whole), lagRecords, short(stage.lagSeconds), deadLettered];
    }),
  ]);
}

function short(value: number | null): Cell {
  return value === null ? null : Math.round(value * 100) / 100;
}

function cells(latency: Latency | null): LatencyCells {
  return latency === null ? null : [latency.p50Ms, latency.p99Ms, latency.count];
}

/**
 * The points of a file's text. A last line that was cut short is left out; `fault` names the first other line that is none of
 * ours, and ends the reading.
 */
export function pointsIn(text: string): { readonly points: readonly StoredPoint[]; readonly fault?: string } {
  const lines = text.split('\n');
  lines.pop();
  const points: StoredPoint[] = [];
  let stages: readonly string[] | undefined;
  for (const [at, line] of lines.entries()) {
    const value = parse(line);
    const header = headerOf(value);
    if (header !== undefined) {
      stages = header;
      continue;
    }
    const point = stages && pointOf(value, stages);
    if (point === undefined) return { points, fault: `line ${at + 1} is no point of a history` };
    points.push(point);
  }
  return { points };
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function headerOf(value: unknown): readonly string[] | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { format, stages } = value as { readonly format?: unknown; readonly stages?: unknown };
  const isList = Array.isArray(stages) && stages.every((each) => typeof each === 'string');
  return format === historyFormat && isList ? stages : undefined;
}

function pointOf(value: unknown, stages: readonly string[]): StoredPoint | undefined {
  if (!Array.isArray(value) || value.length !== 9) return undefined;
  const [atMs, at, sinceMs, ratePerSecond, endToEnd, lagSeconds, reason, ill, byStage] = value as unknown[];
  const state = states[at as number] as PipelineState | undefined;
  const numbers =
    isCell(ratePerSecond) && isCell(lagSeconds) && typeof atMs === 'number' && typeof sinceMs === 'number';
  if (!numbers || state === undefined || !isLatency(endToEnd) || typeof reason !== 'string') return undefined;
  if (!Array.isArray(ill) || !Array.isArray(byStage) || byStage.length !== stages.length) return undefined;
  const kept = stages.map((name, index) => [name, stageOf(byStage[index])] as const);
  if (kept.some(([, stage]) => stage === undefined)) return undefined;
  return {
    ...{ atMs, state, sinceMs, ratePerSecond, endToEnd: latency(endToEnd), lagSeconds, reason },
    ill: ill.flatMap(illOf),
    stages: Object.fromEntries(kept.flatMap(([name, stage]) => (stage ? [[name, stage] as const] : []))),
  };
}

/** Null: the stage was not seen; undefined: this is no stage. */
function stageOf(value: unknown): HistoryPoint['stages'][string] | null | undefined {
  if (value === 0) return null;
  if (!Array.isArray(value) || value.length !== 6) return undefined;
  const [ratePerSecond, edge, endToEnd, lagRecords, lagSeconds, deadLettered] = value as unknown[];
  if (!isCell(ratePerSecond) || !isLatency(edge) || !isLatency(endToEnd)) return undefined;
  if (!isCell(lagRecords) || !isCell(lagSeconds) || typeof deadLettered !== 'number') return undefined;
  return { ratePerSecond, edge: latency(edge), endToEnd: latency(endToEnd), lagRecords, lagSeconds, deadLettered };
}

function illOf(value: unknown): StoredPoint['ill'] {
  if (!Array.isArray(value)) return [];
  const [id, at, reason] = value as unknown[];
  const state = nodeStates[at as number];
  return typeof id === 'string' && typeof reason === 'string' && state !== undefined ? [{ id, state, reason }] : [];
}

function isCell(value: unknown): value is Cell {
  return value === null || typeof value === 'number';
}

function isLatency(value: unknown): value is LatencyCells {
  return (
    value === null || (Array.isArray(value) && value.length === 3 && value.every((each) => typeof each === 'number'))
  );
}

function latency(value: LatencyCells): Latency | null {
  return value === null ? null : { p50Ms: value[0], p99Ms: value[1], count: value[2] };
}
