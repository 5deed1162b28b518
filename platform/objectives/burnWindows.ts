/**
 * Multi-window, multi-burn-rate alerting: The Site Reliability Workbook, chapter 5, "Alerting on SLOs", section 6
 * (https://sre.google/workbook/alerting-on-slos/), table 5-8 and its recommended pairs.
 *
 * The workbook's windows belong to an objective over 30 days: there 14.4 × for an hour is 2 % of the budget, 6 × for six hours
 * 5 %, 3 × for a day and 1 × for three days 10 %. For an objective over another time all windows scale with it, so that these
 * shares stay: a pipeline on a laptop that promises something over three days pages after minutes of an outage, not hours.
 */

export type Severity = 'page' | 'ticket';

export interface WindowPair {
  readonly severity: Severity;
  /** In slots: minutes of an objective over 30 days. */
  readonly shortSlots: number;
  readonly longSlots: number;
  /** How many times faster than allowed the budget must be used in both windows. */
  readonly burn: number;
}

export const windowPairs: readonly WindowPair[] = [
  { severity: 'page', shortSlots: 5, longSlots: 60, burn: 14.4 },
  { severity: 'page', shortSlots: 30, longSlots: 360, burn: 6 },
  { severity: 'ticket', shortSlots: 120, longSlots: 1440, burn: 3 },
  { severity: 'ticket', shortSlots: 360, longSlots: 4320, burn: 1 },
];

/** Slots in an objective's window: the minutes of 30 days. */
export const slotsInWindow = 43_200;

/** Of all pairs, ascending, in slots; and as they are named for an objective over 30 days. */
export const windowsInSlots: readonly number[] = [
  ...new Set(windowPairs.flatMap(({ shortSlots, longSlots }) => [shortSlots, longSlots])),
].toSorted((one, other) => one - other);

/**
 * Burn rates under the workbook's names of the windows (`5m`, `1h` …), whatever time the objective is over: so that one rule fits all
 * objectives. `burnRates`: of `Tracker.status`, in ascending order of windows.
 */
export function inStandardWindows(burnRates: Readonly<Record<string, number | null>>): Record<string, number | null> {
  const rates = Object.values(burnRates);
  return Object.fromEntries(windowsInSlots.map((slots, at) => [durationText(slots * 60_000), rates[at] ?? null]));
}

export function slotMsOf(windowHours: number): number {
  return (windowHours * 3_600_000) / slotsInWindow;
}

/** `5m`, `1h`, `2.4h`, `3d`. */
export function durationText(ms: number): string {
  const minutes = ms / 60_000;
  if (minutes < 1) return `${short(ms / 1000)}s`;
  if (minutes < 60) return `${short(minutes)}m`;
  return minutes < 1440 ? `${short(minutes / 60)}h` : `${short(minutes / 1440)}d`;
}

function short(value: number): string {
  return String(Math.round(value * 10) / 10);
}
