import { memo } from 'react';
import type { GraphNode } from '../../../../../api/contract/pipelines.ts';
import { toneOf } from '../../../ui/StateBadge.tsx';
import { kindMarks } from './kinds.ts';
import { type Box, nodeSize } from './shape.ts';

export interface NodeViewProps {
  readonly node: GraphNode;
  readonly box: Box;
  readonly chosen: boolean;
  /** Whether Tab reaches it: one of them does, the arrow keys lead on. */
  readonly reachable: boolean;
  readonly onChoose: (id: string) => void;
  readonly onFocus: (id: string) => void;
}

/** Characters that fit. A name that is cut is said whole, after what is seen of it. */
const longest = 16;

export const NodeView = memo(function NodeView({ node, box, chosen, reachable, onChoose, onFocus }: NodeViewProps) {
  const { id, kind, name, state, reason } = node;
  const shown = name.length > longest ? `${name.slice(0, longest - 1)}…` : name;
  return (
    // biome-ignore lint/a11y/useSemanticElements: SVG has no button of its own
    <g
      className={`node ${toneOf(state)}${chosen ? ' chosen' : ''}`}
      transform={`translate(${box.x} ${box.y})`}
      data-node={id}
      role="button"
      tabIndex={reachable ? 0 : -1}
      aria-pressed={chosen}
      aria-label={`${shown} ${kind} ${state}. ${shown === name ? '' : `${name}. `}${reason}`}
      onClick={() => onChoose(id)}
      onFocus={() => onFocus(id)}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        onChoose(id);
      }}
    >
      <title>{`${kind} ${name}: ${state}. ${reason}`}</title>
      <rect className="box" width={nodeSize.width} height={nodeSize.height} rx={8} />
      <rect className="edge-mark" width={4} height={nodeSize.height - 16} x={0} y={8} rx={2} />
      <path className="kind-mark" d={kindMarks[kind]} transform="translate(13 8)" />
      <text className="name" x={34} y={20}>
        {shown}
      </text>
      <text className="kind" x={34} y={36}>
        {` ${kind}`}
        <tspan className="state" dx={3}>
          {` ${state}`}
        </tspan>
      </text>
    </g>
  );
});
