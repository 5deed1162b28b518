/** A chart of lines over time, drawn by uPlot on a canvas; the newest values, or those of the marked moment, stand beside it as text. */
import { useEffect, useId, useRef } from 'react';
import uPlot from 'uplot';
import { formatMoment, formatTick } from '../format/times.ts';
import { useIsDark } from '../shell/theme.ts';
import { valueAt } from './valueAt.ts';
import 'uplot/dist/uPlot.min.css';
import './chart.css';

export interface Series {
  readonly title: string;
  /** A variable of tokens.css: `--series-1`. */
  readonly colour: string;
  readonly values: readonly (number | null)[];
}

export interface ChartProps {
  readonly title: string;
  /** Milliseconds since 1970, ascending. */
  readonly times: readonly number[];
  readonly series: readonly Series[];
  readonly format: (value: number | null) => string;
  readonly height?: number;
  /** A line that marks a moment, whose values are shown. */
  readonly markMs?: number | undefined;
  /** Charts with the same name show the same moment under the pointer. */
  readonly together?: string;
  /** Called with the moment that is clicked. */
  readonly onPick?: ((atMs: number) => void) | undefined;
}

export function Chart(props: ChartProps) {
  const { title, times, series, format, height = 120, together, markMs, onPick } = props;
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const dark = useIsDark();
  const titleId = useId();
  const latest = useRef({ format, markMs, onPick });
  latest.current = { format, markMs, onPick };
  const names = JSON.stringify(series.map(({ title, colour }) => [title, colour]));

  // biome-ignore lint/correctness/useExhaustiveDependencies: colours come from the theme, data by the effect below
  useEffect(() => {
    const element = place.current!;
    const made = new uPlot(options(element, series, height, together, latest), dataOf(times, series), element);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [names, height, together, dark]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the mark is drawn with the data
  useEffect(() => {
    plot.current?.setData(dataOf(times, series));
  }, [times, series, markMs]);

  return (
    <figure className="chart" aria-labelledby={titleId}>
      <figcaption>
        <h3 id={titleId}>{title}</h3>
        <span className="newest">
          {series.map(({ title, colour, values }) => (
            <span key={title}>
              <i style={{ background: `var(${colour})` }} aria-hidden="true" />
              {title} <strong>{format(valueAt(times, values, markMs))}</strong>
            </span>
          ))}
        </span>
      </figcaption>
      <div ref={place} className="plot" />
    </figure>
  );
}

type Latest = { readonly current: Pick<ChartProps, 'format' | 'markMs' | 'onPick'> };

function options(
  element: HTMLElement,
  series: readonly Series[],
  height: number,
  together: string | undefined,
  latest: Latest,
): uPlot.Options {
  const colour = (name: string) => colourOf(element, name);
  const axis = {
    stroke: colour('--muted'),
    font: `11px ${getComputedStyle(element).fontFamily}`,
    ticks: { show: false },
  };
  const grid = { stroke: colour('--line'), width: 1 };
  return {
    width: element.clientWidth,
    height,
    ms: 1,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      points: { size: 6 },
      drag: { x: false, y: false },
      ...(together === undefined ? {} : { sync: { key: together } }),
    },
    scales: {
      x: { time: true },
      y: { range: (_, _low, high) => [0, Number.isFinite(high) && high > 0 ? high * 1.15 : 1] },
    },
    series: [
      {},
      ...series.map(({ title, colour: name }) => ({
        label: title,
        stroke: colour(name),
        width: 1.5,
        points: { show: false },
        spanGaps: false,
      })),
    ],
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 22,
        space: 70,
        values: (_, ticks, _axis, _space, stepMs) => ticks.map((atMs) => formatTick(atMs, stepMs)),
      },
      { ...axis, grid, size: 56, space: 30, values: (_, ticks) => ticks.map((value) => latest.current.format(value)) },
    ],
    plugins: [tip(element, series, latest)],
  };
}

/** The values under the pointer, and the moment that is marked. */
function tip(element: HTMLElement, series: readonly Series[], latest: Latest): uPlot.Plugin {
  let box: HTMLDivElement;
  return {
    hooks: {
      init(plot) {
        box = document.createElement('div');
        box.className = 'chart-tip';
        box.hidden = true;
        plot.over.append(box);
        plot.over.addEventListener('click', () => {
          const at = plot.cursor.idx;
          const atMs = at === null || at === undefined ? undefined : plot.data[0][at];
          if (atMs !== undefined) latest.current.onPick?.(atMs);
        });
      },
      setCursor(plot) {
        const at = plot.cursor.idx;
        box.hidden = at === null || at === undefined || (plot.cursor.left ?? -1) < 0;
        if (box.hidden) return;
        const lines = series.map(
          ({ title }, index) => `${title} ${latest.current.format(plot.data[index + 1]?.[at!] ?? null)}`,
        );
        box.textContent = [formatMoment(plot.data[0][at!]!, Date.now()), ...lines].join('\n');
        const left = plot.cursor.left!;
        const flip = left > plot.over.clientWidth / 2;
        box.style.left = flip ? 'auto' : `${left + 10}px`;
        box.style.right = flip ? `${plot.over.clientWidth - left + 10}px` : 'auto';
      },
      draw(plot) {
        const { markMs } = latest.current;
        if (markMs === undefined) return;
        const x = plot.valToPos(markMs, 'x', true);
        plot.ctx.fillStyle = colourOf(element, '--accent');
        plot.ctx.fillRect(Math.round(x) - 1, plot.bbox.top, 2, plot.bbox.height);
      },
    },
  };
}

/** A canvas knows no variables: the browser resolves the colour on an element. */
function colourOf(element: HTMLElement, name: string): string {
  const probe = document.createElement('i');
  probe.style.color = `var(${name})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

function dataOf(times: readonly number[], series: readonly Series[]): uPlot.AlignedData {
  return [[...times], ...series.map(({ values }) => [...values])];
}
