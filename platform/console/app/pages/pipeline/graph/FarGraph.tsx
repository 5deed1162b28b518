/** The graph from afar: plain boxes, and one path for all lines of a kind. Thousands of them are a few elements. */
import { memo } from 'react';
import type { PipelineGraph } from '../../../../../api/contract/pipelines.ts';
import { type Tone, toneOf } from '../../../ui/StateBadge.tsx';
import { lateSeconds } from './EdgeView.tsx';
import { plainPath } from './paths.ts';
import type { Box, Layout } from './shape.ts';

export interface FarGraphProps {
  readonly graph: PipelineGraph;
  readonly layout: Layout;
  readonly chosen: string | undefined;
  readonly onChoose: (id: string) => void;
}

export const FarGraph = memo(function FarGraph({ graph, layout, chosen, onChoose }: FarGraphProps) {
  const lines = (late: boolean) =>
    graph.edges
      .filter(({ lagSeconds }) => (lagSeconds ?? 0) >= lateSeconds === late)
      .map(({ id }) => plainPath(layout.lines.get(id) ?? []))
      .join('');
  const byTone = new Map<Tone, string[]>();
  for (const { id, state } of graph.nodes) {
    const tone = toneOf(state);
    byTone.set(tone, [...(byTone.get(tone) ?? []), outline(layout.boxes.get(id)!)]);
  }
  const box = chosen === undefined ? undefined : layout.boxes.get(chosen);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the table of hops below says and opens the same by keyboard
    <g
      className="far"
      onClick={(event) => {
        const svg = event.currentTarget;
        const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM()!.inverse());
        const hit = [...layout.boxes].find(([, box]) => holds(box, at));
        if (hit !== undefined) onChoose(hit[0]);
      }}
    >
      <path className="bed" d={lines(false)} />
      <path className="bed late" d={lines(true)} />
      {[...byTone].map(([tone, outlines]) => (
        <path key={tone} className={`boxes ${tone}`} d={outlines.join('')} />
      ))}
      {box && <path className="chosen" d={outline(box)} />}
    </g>
  );
});

function outline({ x, y, width, height }: Box): string {
  return `M${Math.round(x)} ${Math.round(y)}h${width}v${height}h${-width}z`;
}

function holds({ x, y, width, height }: Box, at: { readonly x: number; readonly y: number }): boolean {
  return at.x >= x && at.x <= x + width && at.y >= y && at.y <= y + height;
}
