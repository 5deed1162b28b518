/** How much of the past is shown. Pure. */
import { hourMs, minuteMs } from '../../../format/times.ts';

export const spans = [
  { id: '15m', title: '15 min', ms: 15 * minuteMs },
  { id: '1h', title: '1 h', ms: hourMs },
  { id: '6h', title: '6 h', ms: 6 * hourMs },
  { id: '24h', title: '24 h', ms: 24 * hourMs },
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
