/** The search for the traces behind a p99: those that took at least as long. Pure. */
import { parseDurationMs } from '../../traces/duration.ts';
import { sinceChoices } from '../../traces/search.ts';
import { shortlyBefore } from '../time/spans.ts';

/** What the histograms may be wrong by: 4.4 %. */
const tolerance = 1.044;
const leastMs = 15 * 60_000;

/**
 * `min` without an exponent, which no duration has; `since` reaches back to where such a trace began, as the page offers it. Of a
 * moment that is over: from there to that moment.
 */
export function behind(p99Ms: number, atMs?: number): Readonly<Record<string, string>> {
  const neededMs = leastMs + (p99Ms > leastMs / 3 ? 2 * p99Ms : 0);
  const min = `${(p99Ms / tolerance).toFixed(3)}ms`;
  if (atMs !== undefined) {
    const { fromMs, toMs } = shortlyBefore(atMs, neededMs);
    return { min, from: `${fromMs}`, to: `${toMs}` };
  }
  const since = sinceChoices.find((choice) => (parseDurationMs(choice) ?? Number.POSITIVE_INFINITY) >= neededMs);
  return { min, since: since || 'all' };
}
