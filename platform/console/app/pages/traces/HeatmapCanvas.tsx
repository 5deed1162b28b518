import { type KeyboardEvent, type MouseEvent, useEffect, useId, useRef, useState } from 'react';
import type { Heatmap } from '../../../../api/contract/traces.ts';
import { plural } from '../../format/numbers.ts';
import { formatClock, formatDuration } from '../../format/times.ts';
import { useIsDark } from '../../shell/theme.ts';
import {
  type Cell,
  cellAt,
  cellRectangle,
  countAt,
  filledCells,
  gridOf,
  type HeatCell,
  heatCell,
  heatClasses,
  heatStep,
  latencyRange,
  mostCountOf,
  moveBy,
  timeRange,
} from './heatmapLayout.ts';

const heightPx = 168;

interface CanvasProps {
  readonly heatmap: Heatmap;
  /** Enter or a click on a cell with traces. */
  readonly onOpen: (cell: HeatCell) => void;
  /** The same with Shift: all traces of the cell. */
  readonly onNarrow: (cell: HeatCell) => void;
}

export function HeatmapCanvas({ heatmap, onOpen, onNarrow }: CanvasProps) {
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const widthPx = useWidth(frame);
  const [cell, setCell] = useState<Cell>();
  const readoutId = useId();
  useDrawing(canvas, frame, heatmap, widthPx, cell);
  const isFilled = cell !== undefined && countAt(heatmap, cell) > 0;
  const choose = (isShifted: boolean, at: Cell | undefined) => {
    if (at === undefined || countAt(heatmap, at) === 0) return;
    (isShifted ? onNarrow : onOpen)(heatCell(heatmap, at));
  };
  const cellOf = (event: MouseEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    return cellAt(gridOf(heatmap, widthPx, heightPx), event.clientX - box.left, event.clientY - box.top);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' || event.key === ' ') choose(event.shiftKey, cell);
    else if (/^Arrow|^Home$|^End$/.test(event.key))
      setCell(cell === undefined ? filledCells(heatmap)[0] : moveBy(heatmap, cell, event.key));
    else return;
    event.preventDefault();
  };
  return (
    <div className="heatmap">
      <LatencyAxis heatmap={heatmap} />
      <div
        ref={frame}
        className={isFilled ? 'heat-frame can-open' : 'heat-frame'}
        role="application"
        aria-label="Heat map of latency against time: arrow keys move between cells, Enter opens an example, Shift and Enter list all"
        aria-describedby={readoutId}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: an application takes the keys itself (WAI-ARIA 1.2)
        tabIndex={0}
        onKeyDown={onKeyDown}
        onFocus={() => setCell((now) => now ?? filledCells(heatmap)[0])}
        onMouseMove={(event) => setCell(cellOf(event))}
        onClick={(event) => choose(event.shiftKey, cellOf(event))}
      >
        <canvas ref={canvas} style={{ width: widthPx, height: heightPx }} />
        {heatClasses.map((each) => (
          <span key={each} className={`heat-probe ${each}`} aria-hidden="true" />
        ))}
      </div>
      <TimeAxis heatmap={heatmap} />
      <p className="heat-readout" id={readoutId} aria-live="polite">
        {cell === undefined ? 'Point at a cell, or move to it with the arrow keys.' : tell(heatCell(heatmap, cell))}
      </p>
    </div>
  );
}

function tell(cell: HeatCell): string {
  const where = `${timeRange(cell)}, ${latencyRange(cell)}: ${plural(cell.count, 'trace')}`;
  if (cell.count === 0) return where;
  return `${where} – ${cell.traceId === null ? 'open to list them' : 'open to see one; with Shift: all of them'}`;
}

function useWidth(frame: React.RefObject<HTMLDivElement | null>): number {
  const [widthPx, setWidthPx] = useState(600);
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const observer = new ResizeObserver(([entry]) =>
      setWidthPx(Math.max(60, Math.floor(entry?.contentRect.width ?? 600))),
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [frame]);
  return widthPx;
}

/** Colours come from the style sheet, by elements that carry them: a canvas knows no variables. */
function useDrawing(
  canvas: React.RefObject<HTMLCanvasElement | null>,
  frame: React.RefObject<HTMLDivElement | null>,
  heatmap: Heatmap,
  widthPx: number,
  chosen: Cell | undefined,
): void {
  const isDark = useIsDark();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme changes what the probes say
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (element === null || context === null || context === undefined) return;
    const probes = [...(frame.current?.querySelectorAll('.heat-probe') ?? [])];
    const colours = probes.map((probe) => getComputedStyle(probe).backgroundColor);
    const scale = window.devicePixelRatio || 1;
    element.width = Math.round(widthPx * scale);
    element.height = Math.round(heightPx * scale);
    context.setTransform(scale, 0, 0, scale, 0, 0);
    const grid = gridOf(heatmap, widthPx, heightPx);
    const most = mostCountOf(heatmap);
    for (const cell of filledCells(heatmap)) {
      const { x, y, width, height } = cellRectangle(grid, cell);
      context.fillStyle = colours[heatStep(cell.count, most) - 1] ?? '#808080';
      context.fillRect(x, y, Math.max(1, width - 1), Math.max(1, height - 1));
    }
    if (chosen === undefined) return;
    const { x, y, width, height } = cellRectangle(grid, chosen);
    context.strokeStyle = getComputedStyle(element).color;
    context.lineWidth = 2;
    context.strokeRect(x, y, Math.max(2, width - 1), Math.max(2, height - 1));
  }, [canvas, frame, heatmap, widthPx, chosen, isDark]);
}

function LatencyAxis({ heatmap }: { readonly heatmap: Heatmap }) {
  const bounds = heatmap.latencyBoundsMs;
  const every = Math.max(1, Math.ceil(bounds.length / 5));
  const shown = bounds.filter((_, index) => index % every === 0);
  return (
    <div className="heat-latency muted" aria-hidden="true">
      {shown.map((ms) => (
        <span key={ms} style={{ bottom: `${(bounds.indexOf(ms) / bounds.length) * 100}%` }}>
          {formatDuration(ms)}
        </span>
      ))}
    </div>
  );
}

function TimeAxis({ heatmap }: { readonly heatmap: Heatmap }) {
  const marks = [0, 0.25, 0.5, 0.75, 1].map((share) => heatmap.fromMs + share * heatmap.counts.length * heatmap.stepMs);
  return (
    <div className="heat-times muted" aria-hidden="true">
      {marks.map((ms) => (
        <span key={ms}>{formatClock(ms)}</span>
      ))}
    </div>
  );
}
