/** A graph's boxes and lines, without its measures: what layout is about. Pure. */
import type { PipelineGraph } from '../../../../../api/contract/pipelines.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}
export interface Box extends Point {
  readonly width: number;
  readonly height: number;
}
export interface Layout {
  readonly boxes: ReadonlyMap<string, Box>;
  /** From box to box, corners included. */
  readonly lines: ReadonlyMap<string, readonly Point[]>;
  /** Centre of each line's label, where the layout kept room for one. */
  readonly labels: ReadonlyMap<string, Point>;
  readonly width: number;
  readonly height: number;
}

export interface Shape {
  /** Same for the same boxes and lines, whatever is measured: a layout holds as long as it. */
  readonly key: string;
  readonly nodes: readonly string[];
  readonly edges: readonly {
    readonly id: string;
    readonly from: string;
    readonly to: string;
    readonly labelled: boolean;
  }[];
}

export const nodeSize = { width: 152, height: 48 };
export const labelSize = { width: 90, height: 38 };
/** Larger graphs get no room for labels: the layout would take too long, and nobody could read them. */
export const labelledNodes = 150;

/** An edge to a node that is not there is left out. */
export function shapeOf({ nodes, edges }: PipelineGraph): Shape {
  const ids = nodes.map(({ id }) => id);
  const known = new Set(ids);
  const withLabels = ids.length <= labelledNodes;
  const lines = edges
    .filter(({ from, to }) => known.has(from) && known.has(to))
    .map(({ id, from, to, stage }) => ({ id, from, to, labelled: withLabels && stage !== null }));
  return { key: JSON.stringify([ids, lines.map(({ id, labelled }) => [id, labelled])]), nodes: ids, edges: lines };
}
