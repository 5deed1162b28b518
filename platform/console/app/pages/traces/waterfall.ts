/** A trace as rows of bars. Pure: the spans come in tree order (parents first) with their depth, as the API gives them. */
import type { ApiTrace, ApiTraceSpan } from '../../../../api/contract/traces.ts';

export interface WaterfallRow {
  readonly span: ApiTraceSpan;
  /** Of the trace's duration, in percent; the bar never leaves 0–100 and is never thinner than `leastWidth`. */
  readonly leftPercent: number;
  readonly widthPercent: number;
  readonly depth: number;
  readonly children: number;
  /** Spans under it, all levels. */
  readonly descendants: number;
  readonly collapsed: boolean;
  readonly isCritical: boolean;
}

/** Percent of the width: what is shorter is still seen. */
export const leastWidth = 0.25;

/** Rows that are to be seen: those under a collapsed span are left out. */
export function waterfallRows(
  trace: Pick<ApiTrace, 'durationMs' | 'spans'>,
  collapsed: ReadonlySet<string>,
  critical: ReadonlySet<string>,
): WaterfallRow[] {
  const extentMs = extentOf(trace);
  const rows: WaterfallRow[] = [];
  let hiddenBelow = Number.POSITIVE_INFINITY;
  for (const [index, span] of trace.spans.entries()) {
    if (span.depth > hiddenBelow) continue;
    const { children, descendants } = under(trace.spans, index);
    const isCollapsed = descendants > 0 && collapsed.has(span.spanId);
    hiddenBelow = isCollapsed ? span.depth : Number.POSITIVE_INFINITY;
    const bar = barOf(span, extentMs);
    const isCritical = critical.has(span.spanId);
    rows.push({ span, ...bar, depth: span.depth, children, descendants, collapsed: isCollapsed, isCritical });
  }
  return rows;
}

/** What the axis spans, in ms; at least what the latest span needs, whatever the trace says of itself. */
export function extentOf(trace: Pick<ApiTrace, 'durationMs' | 'spans'>): number {
  const latestMs = trace.spans.reduce((most, span) => Math.max(most, span.offsetMs + span.durationMs), 0);
  return Math.max(trace.durationMs, latestMs, 0.001);
}

/** Clocks of two machines differ: an offset before the start, or a negative duration, is kept inside. */
function barOf(span: ApiTraceSpan, extentMs: number): { leftPercent: number; widthPercent: number } {
  const startMs = clamp(span.offsetMs, 0, extentMs);
  const endMs = clamp(span.offsetMs + Math.max(0, span.durationMs), startMs, extentMs);
  const widthPercent = Math.max(leastWidth, ((endMs - startMs) / extentMs) * 100);
  const leftPercent = Math.min((startMs / extentMs) * 100, 100 - widthPercent);
  return { leftPercent, widthPercent };
}

function under(spans: readonly ApiTraceSpan[], index: number): { children: number; descendants: number } {
  const { depth } = spans[index]!;
  let [children, at] = [0, index + 1];
  for (; at < spans.length && spans[at]!.depth > depth; at++) if (spans[at]!.depth === depth + 1) children++;
  return { children, descendants: at - index - 1 };
}

/** 4 to 8 marks at round times, from 0; the last lies at or before the end. */
export function axisTicks(extentMs: number): number[] {
  const rough = extentMs / 6;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => extentMs / candidate <= 7) ?? rough;
  const count = Math.floor(extentMs / step + 1e-9);
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}

/** Spans of all levels below which nothing is open: for "collapse all". */
export function parentsOf(spans: readonly ApiTraceSpan[]): string[] {
  return spans.filter((span, index) => (spans[index + 1]?.depth ?? 0) > span.depth).map((span) => span.spanId);
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
