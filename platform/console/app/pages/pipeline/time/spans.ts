/** How much of the past is shown. Pure. */
import { dayMs, hourMs, minuteMs } from '../../../format/times.ts';

/** As far back as the history goes. */
export const spans = [
  { id: '15m', title: '15 min', ms: 15 * minuteMs },
  { id: '1h', title: '1 h', ms: hourMs },
  { id: '6h', title: '6 h', ms: 6 * hourMs },
  { id: '24h', title: '24 h', ms: dayMs },
  { id: '7d', title: '7 d', ms: 7 * dayMs },
  { id: '30d', title: '30 d', ms: 30 * dayMs },
] as const;

export type Span = (typeof spans)[number];

export function spanOf(id: string | undefined): Span {
  return spans.find((span) => span.id === id) ?? spans[1];
}

/** A moment out of the query; undefined for the present, and for what is no time. */
export function momentOf(text: string | undefined): number | undefined {
  const atMs = Number(text);
  return text !== undefined && /^\d{9,15}$/.test(text) ? atMs : undefined;
}

/** What led to a moment that is shown: the time before it, with it. */
export function shortlyBefore(atMs: number, ms = 15 * minuteMs): { readonly fromMs: number; readonly toMs: number } {
  return { fromMs: Math.max(0, Math.floor(atMs - ms)), toMs: Math.ceil(atMs) };
}

/** How often the history of a span is asked for: the longer it is, the less a moment more says. */
export function refreshMs(spanMs: number): number {
  return Math.max(15_000, spanMs / 2000);
}
