/**
 * A layout in time linear in the graph's size, for the first paint of large graphs, until ELK's is there: layers by the longest
 * path, in each layer by the mean place of what leads into it. Cycles are cut where a walk meets them. Pure.
 */
import { type Box, type Layout, nodeSize, type Point, type Shape } from './shape.ts';

const gap = { x: 136, y: 22 };
const margin = 16;

export function quickLayout(shape: Shape): Layout {
  const layers = order(shape, layersOf(shape));
  const tallest = Math.max(1, ...layers.map(({ length }) => length));
  const rowHeight = nodeSize.height + gap.y;
  const boxes = new Map<string, Box>();
  for (const [column, layer] of layers.entries()) {
    const top = margin + ((tallest - layer.length) * rowHeight) / 2;
    for (const [row, id] of layer.entries()) {
      boxes.set(id, { x: margin + column * (nodeSize.width + gap.x), y: top + row * rowHeight, ...nodeSize });
    }
  }
  const lines = new Map<string, readonly Point[]>();
  for (const { id, from, to } of shape.edges) lines.set(id, lineBetween(boxes.get(from)!, boxes.get(to)!));
  return {
    boxes,
    lines,
    labels: new Map(),
    width: 2 * margin + layers.length * (nodeSize.width + gap.x) - gap.x,
    height: 2 * margin + tallest * rowHeight - gap.y,
  };
}

function lineBetween(from: Box, to: Box): Point[] {
  const start = { x: from.x + from.width, y: from.y + from.height / 2 };
  const end = { x: to.x, y: to.y + to.height / 2 };
  const middle = (start.x + end.x) / 2;
  return [start, { x: middle, y: start.y }, { x: middle, y: end.y }, end];
}

/** Kahn's order; what is left when only cycles are left is taken as it comes. */
function layersOf({ nodes, edges }: Shape): ReadonlyMap<string, number> {
  const after = groupBy(edges, ({ from }) => from);
  const waits = new Map(nodes.map((id) => [id, 0]));
  for (const { to } of edges) waits.set(to, waits.get(to)! + 1);
  const layer = new Map(nodes.map((id) => [id, 0]));
  const done = new Set<string>();
  const ready = nodes.filter((id) => waits.get(id) === 0);
  for (let next = 0; done.size < nodes.length; next += 1) {
    const id = ready[next] ?? nodes.find((each) => !done.has(each))!;
    if (ready[next] === undefined) ready.push(id);
    if (done.has(id)) continue;
    done.add(id);
    for (const { to } of after.get(id) ?? []) {
      if (done.has(to)) continue;
      layer.set(to, Math.max(layer.get(to)!, layer.get(id)! + 1));
      waits.set(to, waits.get(to)! - 1);
      if (waits.get(to) === 0) ready.push(to);
    }
  }
  return layer;
}

function order({ nodes, edges }: Shape, layerOf: ReadonlyMap<string, number>): string[][] {
  const before = groupBy(edges, ({ to }) => to);
  const layers: string[][] = [];
  for (const id of nodes) {
    const layer = layerOf.get(id)!;
    while (layers.length <= layer) layers.push([]);
    layers[layer]!.push(id);
  }
  const place = new Map<string, number>();
  for (const layer of layers) {
    const mean = new Map(layer.map((id, at) => [id, meanPlace(id) ?? at]));
    layer.sort((one, other) => mean.get(one)! - mean.get(other)!);
    for (const [at, id] of layer.entries()) place.set(id, at / layer.length);
  }
  return layers;

  function meanPlace(id: string): number | undefined {
    const places = (before.get(id) ?? []).flatMap(({ from }) => place.get(from) ?? []);
    return places.length === 0 ? undefined : places.reduce((sum, each) => sum + each, 0) / places.length;
  }
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): ReadonlyMap<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group === undefined) groups.set(key(item), [item]);
    else group.push(item);
  }
  return groups;
}
