/** Between our shape and ELK's JSON. Pure. */
import type { ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk-api.js';
import { type Box, type Layout, labelSize, nodeSize, type Point, type Shape } from './shape.ts';

export function elkInput({ nodes, edges }: Shape): ElkNode {
  const large = nodes.length > 300;
  return {
    id: 'graph',
    layoutOptions: {
      'elk.algorithm': 'layered',
      'elk.direction': 'RIGHT',
      'elk.edgeRouting': large ? 'POLYLINE' : 'ORTHOGONAL',
      'elk.layered.nodePlacement.strategy': large ? 'LINEAR_SEGMENTS' : 'NETWORK_SIMPLEX',
      'elk.layered.thoroughness': large ? '1' : '10',
      'elk.layered.spacing.nodeNodeBetweenLayers': '30',
      'elk.spacing.nodeNode': '22',
      'elk.spacing.edgeNode': '18',
      'elk.spacing.edgeEdge': '12',
      'elk.spacing.componentComponent': '40',
      'elk.padding': '[left=14,top=14,right=14,bottom=14]',
    },
    children: nodes.map((id) => ({ id, ...nodeSize })),
    edges: edges.map(({ id, from, to, labelled }) => ({
      id,
      sources: [from],
      targets: [to],
      ...(labelled
        ? { labels: [{ text: 'measures', ...labelSize, layoutOptions: { 'elk.edgeLabels.inline': 'true' } }] }
        : {}),
    })),
  };
}

export function layoutOfElk(root: ElkNode): Layout {
  const boxes = new Map<string, Box>();
  for (const { id, x = 0, y = 0, width = nodeSize.width, height = nodeSize.height } of root.children ?? []) {
    boxes.set(id, { x, y, width, height });
  }
  const lines = new Map<string, readonly Point[]>();
  const labels = new Map<string, Point>();
  for (const edge of root.edges ?? []) {
    lines.set(edge.id, pointsOf(edge));
    const label = edge.labels?.[0];
    if (label?.x === undefined || label.y === undefined) continue;
    labels.set(edge.id, { x: label.x + (label.width ?? 0) / 2, y: label.y + (label.height ?? 0) / 2 });
  }
  return { boxes, lines, labels, width: root.width ?? 0, height: root.height ?? 0 };
}

function pointsOf({ sections }: ElkExtendedEdge): Point[] {
  return (sections ?? []).flatMap(({ startPoint, bendPoints, endPoint }) => [
    startPoint,
    ...(bendPoints ?? []),
    endPoint,
  ]);
}
