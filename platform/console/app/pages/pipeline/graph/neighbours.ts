/** Where an arrow key leads in the graph. Pure. */
import type { Box, Layout, Shape } from './shape.ts';

export type Arrow = 'ArrowRight' | 'ArrowLeft' | 'ArrowUp' | 'ArrowDown';

/** Right and left along the edges; up and down to the next box above or below that is nearest. Undefined: nowhere. */
export function neighbour({ nodes, edges }: Shape, { boxes }: Layout, id: string, arrow: Arrow): string | undefined {
  const here = boxes.get(id);
  if (here === undefined) return nodes[0];
  if (arrow === 'ArrowRight') return nearest(edges.filter(({ from }) => from === id).map(({ to }) => to));
  if (arrow === 'ArrowLeft') return nearest(edges.filter(({ to }) => to === id).map(({ from }) => from));
  const sign = arrow === 'ArrowDown' ? 1 : -1;
  return nearest(nodes.filter((other) => other !== id && sign * (boxes.get(other)!.y - here.y) > 1));

  function nearest(ids: readonly string[]): string | undefined {
    return [...ids].sort((one, other) => far(boxes.get(one)!) - far(boxes.get(other)!))[0];
  }
  function far(box: Box): number {
    // What stands in the same column is nearer than what only stands at the same height.
    return Math.abs(box.x - here!.x) * 3 + Math.abs(box.y - here!.y);
  }
}
