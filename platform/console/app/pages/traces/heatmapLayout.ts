/** Latency against time as cells of a grid: where they lie, how strong they are, which one is meant. Row 0 is at the bottom. */
import type { Heatmap } from '../../../../api/contract/traces.ts';
import { formatClock, formatDuration } from '../../format/times.ts';

export interface Grid {
  readonly columns: number;
  readonly rows: number;
  readonly widthPx: number;
  readonly heightPx: number;
}
export interface Cell {
  readonly column: number;
  readonly row: number;
}
export interface HeatCell extends Cell {
  readonly count: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly leastMs: number;
  /** Null: the topmost row has no upper bound. */
  readonly mostMs: number | null;
  /** Null: no trace of this cell is known. */
  readonly traceId: string | null;
}

export function gridOf(heatmap: Heatmap, widthPx: number, heightPx: number): Grid {
  return { columns: heatmap.counts.length, rows: heatmap.latencyBoundsMs.length, widthPx, heightPx };
}

/** Edges fall on whole pixels, and neighbours touch: no seams, no overlap. */
export function cellRectangle(
  grid: Grid,
  { column, row }: Cell,
): { x: number; y: number; width: number; height: number } {
  const x = Math.round((column * grid.widthPx) / grid.columns);
  const y = Math.round(((grid.rows - 1 - row) * grid.heightPx) / grid.rows);
  const right = Math.round(((column + 1) * grid.widthPx) / grid.columns);
  const bottom = Math.round(((grid.rows - row) * grid.heightPx) / grid.rows);
  return { x, y, width: right - x, height: bottom - y };
}

/** The cell under a point; undefined outside. */
export function cellAt(grid: Grid, x: number, y: number): Cell | undefined {
  if (grid.columns === 0 || grid.rows === 0 || x < 0 || y < 0 || x >= grid.widthPx || y >= grid.heightPx)
    return undefined;
  const near: Cell = {
    column: Math.min(grid.columns - 1, Math.floor((x / grid.widthPx) * grid.columns)),
    row: grid.rows - 1 - Math.min(grid.rows - 1, Math.floor((y / grid.heightPx) * grid.rows)),
  };
  // Rectangles are rounded to pixels; the point may lie in a neighbour.
  for (const dx of [0, -1, 1])
    for (const dy of [0, -1, 1]) {
      const cell = { column: near.column + dx, row: near.row + dy };
      if (cell.column < 0 || cell.row < 0 || cell.column >= grid.columns || cell.row >= grid.rows) continue;
      const box = cellRectangle(grid, cell);
      if (x >= box.x && x < box.x + box.width && y >= box.y && y < box.y + box.height) return cell;
    }
  return near;
}

export function countAt(heatmap: Heatmap, { column, row }: Cell): number {
  return heatmap.counts[column]?.[row] ?? 0;
}

/** Classes of the style sheet, `heat-1` to `heat-7`. */
export const heatClasses = ['heat-1', 'heat-2', 'heat-3', 'heat-4', 'heat-5', 'heat-6', 'heat-7'] as const;
export const heatSteps = heatClasses.length;
/** So that a few traces do not look like many where there are no more. */
const leastMost = 20;
/**
 * 0: empty; 1 to `heatSteps`: by the logarithm of the count, so that one slow trace among thousands is seen. The darkest stands
 * for `mostCount`, and for no less than `leastMost`.
 */
export function heatStep(count: number, mostCount: number): number {
  if (count <= 0) return 0;
  const most = Math.max(leastMost, mostCount);
  return 1 + Math.round((Math.log(Math.min(count, most)) / Math.log(most)) * (heatSteps - 1));
}

export function mostCountOf(heatmap: Heatmap): number {
  return heatmap.counts.reduce((most, column) => column.reduce((max, count) => Math.max(max, count), most), 0);
}

export function heatCell(heatmap: Heatmap, cell: Cell): HeatCell {
  const fromMs = heatmap.fromMs + cell.column * heatmap.stepMs;
  const exemplar = heatmap.exemplars.find(({ column, row }) => column === cell.column && row === cell.row);
  return {
    ...cell,
    count: countAt(heatmap, cell),
    fromMs,
    toMs: fromMs + heatmap.stepMs,
    leastMs: heatmap.latencyBoundsMs[cell.row] ?? 0,
    mostMs: heatmap.latencyBoundsMs[cell.row + 1] ?? null,
    traceId: exemplar?.traceId ?? null,
  };
}

/** Cells with traces, newest first, slowest first within a column: the table that stands for the picture. */
export function filledCells(heatmap: Heatmap): HeatCell[] {
  const cells: HeatCell[] = [];
  for (let column = heatmap.counts.length - 1; column >= 0; column--)
    for (let row = heatmap.latencyBoundsMs.length - 1; row >= 0; row--)
      if (countAt(heatmap, { column, row }) > 0) cells.push(heatCell(heatmap, { column, row }));
  return cells;
}

/** `16 ms – 32 ms`, `over 8.19 s`. */
export function latencyRange({ leastMs, mostMs }: Pick<HeatCell, 'leastMs' | 'mostMs'>): string {
  return mostMs === null ? `over ${formatDuration(leastMs)}` : `${formatDuration(leastMs)} – ${formatDuration(mostMs)}`;
}

export function timeRange({ fromMs, toMs }: Pick<HeatCell, 'fromMs' | 'toMs'>): string {
  return `${formatClock(fromMs)} – ${formatClock(toMs)}`;
}

const moves: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};
/** The next cell with traces in the direction of an arrow key, or the same one; Home and End: the first and last column's slowest. */
export function moveBy(heatmap: Heatmap, from: Cell, key: string): Cell {
  const filled = filledCells(heatmap);
  if (key === 'End') return filled[0] ?? from;
  if (key === 'Home') return filled.find(({ column }) => column === filled.at(-1)?.column) ?? from;
  const move = moves[key];
  if (move === undefined) return from;
  const [dx, dy] = move;
  // Along the arrow first; sideways counts more, so that the eye is not led astray.
  const cost = (cell: Cell) => {
    const [ahead, aside] =
      dx !== 0
        ? [(cell.column - from.column) * dx, Math.abs(cell.row - from.row)]
        : [(cell.row - from.row) * dy, Math.abs(cell.column - from.column)];
    return ahead <= 0 ? Number.POSITIVE_INFINITY : ahead + aside * 3;
  };
  const best = filled.toSorted((a, b) => cost(a) - cost(b))[0];
  return best !== undefined && Number.isFinite(cost(best)) ? { column: best.column, row: best.row } : from;
}
