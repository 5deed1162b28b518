/** Hops of a graph: which node and which edge stand for which measured stage. Pure. */
import type { GraphEdge, GraphNode, PipelineGraph } from '../../../../../api/contract/pipelines.ts';

export interface Hop {
  readonly stage: string;
  readonly edge: GraphEdge;
  /** The ingress, job, flow or queue that is measured. */
  readonly node: GraphNode | undefined;
}

/** The stage whose measures are a node's; of a queue those of who works it off, and the stage is named as the node is. */
function stageOf({ id, kind, name }: GraphNode): readonly string[] {
  if (kind === 'queue') return [id];
  return ['ingress', 'job', 'flow'].includes(kind) ? [name] : [];
}

export function hopsOf({ nodes, edges }: PipelineGraph): readonly Hop[] {
  const measured = new Map(nodes.flatMap((node) => stageOf(node).map((stage) => [stage, node] as const)));
  return edges.flatMap((edge) =>
    edge.stage === null ? [] : [{ stage: edge.stage, edge, node: measured.get(edge.stage) }],
  );
}

export interface Chosen {
  readonly id: string;
  readonly stage: string | undefined;
  readonly node: GraphNode | undefined;
  readonly edge: GraphEdge | undefined;
}

/** What is meant by the id of a node or of an edge; undefined when it is not in the graph (any more). */
export function chosenOf(graph: PipelineGraph, id: string | undefined): Chosen | undefined {
  const hops = hopsOf(graph);
  const edge = graph.edges.find((each) => each.id === id);
  if (edge !== undefined) {
    const hop = hops.find((each) => each.edge === edge);
    return { id: edge.id, stage: hop?.stage, node: hop?.node, edge };
  }
  const node = graph.nodes.find((each) => each.id === id);
  if (node === undefined) return undefined;
  const hop = hops.find((each) => each.node === node);
  return { id: node.id, stage: hop?.stage, node, edge: hop?.edge };
}

/**
 * The hop whose oldest record has waited longest, when that is long enough to be worth a word. Where nobody knows how long, records
 * count: what takes as long at the hop's present rate is behind, and may be the oldest of all.
 */
export function guiltyOf(graph: PipelineGraph, fromSeconds = 5): Hop | undefined {
  const hops = hopsOf(graph);
  const isUndated = ({ lagSeconds, lagRecords, ratePerSecond }: GraphEdge) =>
    lagSeconds === null &&
    ratePerSecond !== null &&
    (lagRecords ?? 0) > 0 &&
    lagRecords! >= ratePerSecond * fromSeconds;
  const undated = hops.filter(({ edge }) => isUndated(edge));
  if (undated.length > 0) return undated.sort((one, other) => other.edge.lagRecords! - one.edge.lagRecords!)[0];
  const behind = hops.filter(({ edge }) => (edge.lagSeconds ?? 0) >= fromSeconds);
  return behind.sort((one, other) => (other.edge.lagSeconds ?? 0) - (one.edge.lagSeconds ?? 0))[0];
}

/** The hop that the slowest of its events take longest to pass; undefined: none is measured yet. */
export function slowestOf(graph: PipelineGraph): Hop | undefined {
  const measured = hopsOf(graph).filter(({ edge }) => edge.latency !== null);
  return measured.sort((one, other) => (other.edge.latency?.p99Ms ?? 0) - (one.edge.latency?.p99Ms ?? 0))[0];
}

/** Each stage once: of the edges that lead in and out, the one at which its latency is measured. */
export function stagesOf(graph: PipelineGraph): readonly Hop[] {
  const stages = new Map<string, Hop>();
  for (const hop of hopsOf(graph)) {
    const known = stages.get(hop.stage);
    if (known === undefined || (known.edge.latency === null && hop.edge.latency !== null)) stages.set(hop.stage, hop);
  }
  return [...stages.values()];
}
