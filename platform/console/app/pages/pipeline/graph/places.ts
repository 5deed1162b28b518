/** Where in the graph that is which one wants to see. Pure. */
import { middleOf } from './paths.ts';
import { type Box, type Layout, labelSize, type Shape } from './shape.ts';

/** What is seen at once at a scale that can be read, beside the details, too. */
const together = { width: 480, height: 240 };

/**
 * A node's box. Of an edge what is measured of it, its label, with the box that it leads to where the two are near to each other: a
 * line may lead through all of the graph. Undefined: there is no such part.
 */
export function placeOf({ edges }: Shape, { boxes, lines, labels }: Layout, id: string | undefined): Box | undefined {
  if (id === undefined) return undefined;
  const line = lines.get(id);
  if (line === undefined) return boxes.get(id);
  const { width, height } = labelSize;
  const { x, y } = labels.get(id) ?? middleOf(line);
  const label = { x: x - width / 2, y: y - height / 2, width, height };
  const end = boxes.get(edges.find((edge) => edge.id === id)?.to ?? '');
  if (end === undefined) return label;
  const both = around(label, end);
  return both.width <= together.width && both.height <= together.height ? both : label;
}

function around(one: Box, other: Box): Box {
  const [x, y] = [Math.min(one.x, other.x), Math.min(one.y, other.y)];
  const right = Math.max(one.x + one.width, other.x + other.width);
  const bottom = Math.max(one.y + one.height, other.y + other.height);
  return { x, y, width: right - x, height: bottom - y };
}
