/** The blueprint's graph, with what is measured on it. Boxes and hops are buttons; arrow keys walk along the edges. */
import { type FocusEvent, type KeyboardEvent, useMemo, useRef, useState } from 'react';
import type { PipelineGraph } from '../../../../../api/contract/pipelines.ts';
import { Icon } from '../../../ui/Icon.tsx';
import { EdgeView } from './EdgeView.tsx';
import { FarGraph } from './FarGraph.tsx';
import { NodeView } from './NodeView.tsx';
import { type Arrow, neighbour } from './neighbours.ts';
import { placeOf } from './places.ts';
import { type Layout, labelledNodes, shapeOf } from './shape.ts';
import { useFrame } from './useFrame.ts';
import { useLayout } from './useLayout.ts';
import { farScale, readableScale, scales, visible } from './view.ts';
import './graph.css';

export interface GraphViewProps {
  readonly graph: PipelineGraph;
  readonly chosen: string | undefined;
  readonly onChoose: (id: string | undefined) => void;
}

/** Above this many lines the dashes stand: each moving one is painted anew all the time. */
const movingEdges = 150;

export function GraphView({ graph, chosen, onChoose }: GraphViewProps) {
  const frame = useRef<HTMLDivElement>(null);
  const shape = useKeptShape(graph);
  const { layout, final } = useLayout(shape);
  const large = shape.nodes.length > labelledNodes;
  const looked = useMemo(() => placeOf(shape, layout, chosen), [shape, layout, chosen]);
  const { size, view, follow, zoomBy, fitAll } = useFrame(frame, layout, { large, looked });
  const [focused, setFocused] = useState<string>();
  // Of a graph that is not large all is drawn, so that Tab reaches what is hidden, too.
  const seen = useMemo(() => (large ? visible(layout, view, size) : undefined), [layout, view, size, large]);
  const far = view.scale < farScale;
  const entry = focused !== undefined && layout.boxes.has(focused) ? focused : shape.nodes[0];

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') return onChoose(undefined);
    if (!event.key.startsWith('Arrow') || entry === undefined) return;
    event.preventDefault();
    const next = neighbour(shape, layout, entry, event.key as Arrow);
    if (next === undefined) return;
    setFocused(next);
    follow(layout.boxes.get(next)!);
    requestAnimationFrame(() => frame.current?.querySelector<SVGElement>(`[data-node="${CSS.escape(next)}"]`)?.focus());
  };

  /** By keyboard only: what moves under a pressed mouse button is not clicked. */
  const onFocus = ({ target }: FocusEvent<Element>) => {
    if (!target.matches(':focus-visible')) return;
    const { node, edge } = target.closest<SVGElement>('[data-node], [data-edge]')?.dataset ?? {};
    const box = placeOf(shape, layout, node ?? edge);
    if (box !== undefined) follow(box);
  };

  return (
    <div
      className="graph"
      ref={frame}
      style={{ height: frameHeight(layout, size.width, !large, looked !== undefined) }}
      data-final={final}
      data-far={far}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is no drawing */}
      <svg
        width={size.width}
        height={size.height}
        role="group"
        aria-label={`Graph of ${graph.pipeline}`}
        onKeyDown={onKeyDown}
        onFocus={onFocus}
      >
        <title>{`Graph of ${graph.pipeline}`}</title>
        <g transform={`translate(${view.x} ${view.y}) scale(${view.scale})`}>
          {far ? (
            <FarGraph graph={graph} layout={layout} chosen={chosen} onChoose={onChoose} />
          ) : (
            <>
              {graph.edges.map(
                (edge) =>
                  (seen === undefined || seen.edges.has(edge.id)) && (
                    <EdgeView
                      key={edge.id}
                      edge={edge}
                      points={layout.lines.get(edge.id) ?? []}
                      label={final ? layout.labels.get(edge.id) : undefined}
                      moving={shape.edges.length <= movingEdges}
                      chosen={edge.id === chosen}
                      onChoose={onChoose}
                    />
                  ),
              )}
              {graph.nodes.map(
                (node) =>
                  (seen === undefined || seen.nodes.has(node.id)) && (
                    <NodeView
                      key={node.id}
                      node={node}
                      box={layout.boxes.get(node.id)!}
                      chosen={node.id === chosen}
                      reachable={node.id === entry}
                      onChoose={onChoose}
                      onFocus={setFocused}
                    />
                  ),
              )}
            </>
          )}
        </g>
      </svg>
      <div className="graph-tools" role="toolbar" aria-label="View of the graph">
        <button
          type="button"
          className="icon-button"
          aria-label="Closer"
          title="Closer (Ctrl and wheel)"
          onClick={() => zoomBy(1.3)}
        >
          <Icon name="plus" />
        </button>
        <button
          type="button"
          className="icon-button"
          aria-label="Farther"
          title="Farther"
          onClick={() => zoomBy(1 / 1.3)}
        >
          <Icon name="minus" />
        </button>
        <button
          type="button"
          className="icon-button"
          aria-label="The whole graph"
          title="The whole graph"
          onClick={fitAll}
        >
          <Icon name="fit" />
        </button>
      </div>
    </div>
  );
}

/** As high as the graph needs at the scale that it is seen at, within what a page has room for. */
function frameHeight({ width, height }: Layout, frameWidth: number, small: boolean, looked: boolean): number {
  const whole = width === 0 ? 1 : Math.min(scales.largestFit, frameWidth / width);
  const scale = looked || (small && whole < farScale) ? Math.max(whole, readableScale) : whole;
  return Math.min(620, Math.max(260, Math.ceil(height * scale) + 48));
}

/** The same object as long as boxes and lines stay the same, so that new measures lay nothing out anew. */
function useKeptShape(graph: PipelineGraph) {
  const shape = useMemo(() => shapeOf(graph), [graph]);
  const kept = useRef(shape);
  if (kept.current.key !== shape.key) kept.current = shape;
  return kept.current;
}
