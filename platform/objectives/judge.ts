/** Judges samples by one objective: how many seconds, windows or events were counted, and how many of them were bad. */
import type { FreshnessObjective } from '../model/objective.ts';
import type { Counts } from './budgetRing.ts';
import type { Progress, Sample, WindowSample } from './sample.ts';

/** A gap between two looks (the observer was away) counts for so long at most. */
const longestStepSeconds = 5;

/** `lastMs`: of the look before. Null: nothing is known of this time, or nothing was to arrive. */
export function judgeFreshness(
  { stage, withinSeconds }: FreshnessObjective,
  sample: Sample,
  lastMs: number | null,
): Counts | null {
  const seconds = lastMs === null ? 1 : Math.min(longestStepSeconds, (sample.atMs - lastMs) / 1000);
  const progress = stage === undefined ? sample.ends : sample.stages[stage];
  if (seconds <= 0 || !sample.isExpected || progress === undefined) return null;
  const good = isFresh(progress, withinSeconds);
  return good === null ? null : { bad: good ? 0 : seconds, total: seconds };
}

function isFresh({ p99Ms, lagSeconds }: Progress, withinSeconds: number): boolean | null {
  if (lagSeconds !== null && lagSeconds > withinSeconds) return false;
  return p99Ms === null ? null : p99Ms <= withinSeconds * 1000;
}

/** How a window was counted: true: as balanced; else how much as bad, and for when. False: as bad, before this was kept. */
export type CountedWindow = boolean | { readonly atMs: number; readonly bad: number };
/** Which windows were counted, by their start. As many as the ledger has, which is bounded. */
export type CountedWindows = Map<number, CountedWindow>;

/**
 * Counts each window once, and once more as bad if it stops to balance. A window that balances after all stays counted as bad;
 * of one that somebody has acknowledged that is taken back, so that it ends what fires because of it.
 * `isFirstLook`: the windows were judged before anybody looked, and count for the time of their end; else for now.
 */
export function judgeCompleteness(
  of: 'windows' | 'events',
  sample: Sample,
  counted: CountedWindows,
  isFirstLook: boolean,
): readonly (Counts & { readonly atMs: number })[] {
  forget(counted, sample.windows);
  return sample.windows.flatMap((window) => {
    const before = counted.get(window.originMs);
    if (typeof before === 'object' && window.isAcknowledged) {
      counted.set(window.originMs, true);
      return [{ atMs: before.atMs, bad: -before.bad, total: 0 }];
    }
    if ((before !== undefined && before !== true) || before === window.isBalanced) return [];
    const { bad, total } = countsOf(of, window);
    const atMs = isFirstLook ? Math.min(window.endMs, sample.atMs) : sample.atMs;
    counted.set(window.originMs, window.isBalanced || { atMs, bad });
    return [{ atMs, bad, total: before === undefined ? total : 0 }];
  });
}

function countsOf(of: 'windows' | 'events', { isBalanced, events, faulty }: WindowSample): Counts {
  if (of === 'windows') return { bad: isBalanced ? 0 : 1, total: 1 };
  return { bad: isBalanced ? 0 : faulty, total: Math.max(events, isBalanced ? 0 : faulty) };
}

/** What is older than all that the ledger has will not come again. A look without windows (no ledger) forgets nothing. */
function forget(counted: CountedWindows, windows: readonly WindowSample[]): void {
  if (windows.length === 0) return;
  const oldestMs = windows.reduce((least, { originMs }) => Math.min(least, originMs), Number.POSITIVE_INFINITY);
  for (const originMs of counted.keys()) if (originMs < oldestMs) counted.delete(originMs);
}
