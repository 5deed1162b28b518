/** What part of the graph is seen: a scale, and where the graph's corner lies in the frame. Pure. */
import type { Box, Layout, Point } from './shape.ts';

export interface View extends Point {
  readonly scale: number;
}
export interface Size {
  readonly width: number;
  readonly height: number;
}

export const scales = { least: 0.04, most: 2.5, largestFit: 1.15 };
/** Below this nothing can be read: boxes are plain, lines are one path. */
export const farScale = 0.4;

export function fitAll({ width, height }: Size, frame: Size): View {
  if (width === 0 || height === 0 || frame.width === 0 || frame.height === 0) return { scale: 1, x: 0, y: 0 };
  const scale = clamp(Math.min(frame.width / width, frame.height / height, scales.largestFit));
  return { scale, x: (frame.width - width * scale) / 2, y: (frame.height - height * scale) / 2 };
}

/** Where a box is looked at, its name and measures can be read: 14 px of text become 8.4. */
export const readableScale = 0.6;

/**
 * What is seen until somebody moves it. The whole graph, where its names are drawn then; of one that is `large` always. Else
 * its beginning, and the rest is panned to.
 */
export function restOf(layout: Size, frame: Size, large: boolean): View {
  const whole = fitAll(layout, frame);
  if (large || whole.scale >= farScale) return whole;
  return within({ scale: readableScale, x: 0, y: 0 }, layout, frame);
}

/** The view moved as little as it takes to read `box`: it keeps a scale that can be read, else takes the least that can. */
export function lookAt(view: View, box: Box, layout: Size, frame: Size): View {
  if (frame.width === 0 || frame.height === 0) return view;
  if (view.scale >= readableScale) return reveal(view, box, frame);
  const scale = readableScale;
  const centred = {
    scale,
    x: frame.width / 2 - (box.x + box.width / 2) * scale,
    y: frame.height / 2 - (box.y + box.height / 2) * scale,
  };
  return within(centred, layout, frame);
}

/** Moved sideways, as far as something is hidden there. Undefined: nothing is. */
export function slide(view: View, byX: number, { width }: Size, frame: Size): View | undefined {
  const least = Math.min(view.x, frame.width - width * view.scale);
  const most = Math.max(view.x, 0);
  const x = Math.min(most, Math.max(least, view.x + byX));
  return width * view.scale <= frame.width || x === view.x ? undefined : { ...view, x };
}

/** No empty margin on one side while something is hidden on the other; what fits is in the middle. */
function within({ scale, x, y }: View, { width, height }: Size, frame: Size): View {
  const along = (at: number, length: number, room: number) =>
    length <= room ? (room - length) / 2 : Math.min(0, Math.max(room - length, at));
  return { scale, x: along(x, width * scale, frame.width), y: along(y, height * scale, frame.height) };
}

/** The graph's point under `at` stays where it is. */
export function zoom(view: View, factor: number, at: Point): View {
  const scale = clamp(view.scale * factor);
  const real = scale / view.scale;
  return { scale, x: at.x - (at.x - view.x) * real, y: at.y - (at.y - view.y) * real };
}

/** Moves as little as it takes for the box to be seen whole, with a margin. */
export function reveal(view: View, box: Box, frame: Size, margin = 24): View {
  const left = box.x * view.scale + view.x;
  const top = box.y * view.scale + view.y;
  return {
    scale: view.scale,
    x: view.x + into(left, left + box.width * view.scale, frame.width, margin),
    y: view.y + into(top, top + box.height * view.scale, frame.height, margin),
  };
}

/** Which boxes and lines can be seen. A line counts when the box around its points does. */
export function visible({ boxes, lines }: Layout, view: View, frame: Size) {
  const area = {
    left: -view.x / view.scale,
    top: -view.y / view.scale,
    right: (frame.width - view.x) / view.scale,
    bottom: (frame.height - view.y) / view.scale,
  };
  const meets = (left: number, top: number, right: number, bottom: number) =>
    right >= area.left && left <= area.right && bottom >= area.top && top <= area.bottom;
  const seenBoxes = [...boxes].filter(([, { x, y, width, height }]) => meets(x, y, x + width, y + height));
  const seenLines = [...lines].filter(([, points]) => {
    const xs = points.map(({ x }) => x);
    const ys = points.map(({ y }) => y);
    return points.length > 0 && meets(Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys));
  });
  return { nodes: new Set(seenBoxes.map(([id]) => id)), edges: new Set(seenLines.map(([id]) => id)) };
}

function into(from: number, to: number, length: number, margin: number): number {
  if (from < margin) return margin - from;
  if (to > length - margin) return length - margin - to;
  return 0;
}

function clamp(scale: number): number {
  return Math.min(scales.most, Math.max(scales.least, scale));
}
