/** Looks at a pipeline, made up. */
import fc from 'fast-check';
import type { ObjectiveSpec } from '../../../platform/model/objective.ts';
import type { Progress, Sample } from '../../../platform/objectives/sample.ts';

export const startMs = Date.parse('2026-11-24T12:00:00Z');

export const freshness = (more: object = {}): ObjectiveSpec => ({
  ...{ kind: 'freshness', withinSeconds: 5, target: 0.99, windowHours: 72 },
  ...more,
});
export const completeness = (more: object = {}): ObjectiveSpec => ({
  ...{ kind: 'completeness', of: 'windows', target: 0.9999, windowHours: 72 },
  ...more,
});

export const good: Progress = { p99Ms: 100, lagSeconds: 0 };
export const late: Progress = { p99Ms: 60_000, lagSeconds: 0 };
export const stuck: Progress = { p99Ms: null, lagSeconds: 600 };
export const idle: Progress = { p99Ms: null, lagSeconds: 0 };

export function look(atMs: number, ends: Progress, more: Partial<Sample> = {}): Sample {
  return { atMs, isExpected: true, ends, stages: {}, windows: [], ...more };
}

/** The ledger at a time: every window that was closed 20 s before, as far as it goes back; some of them do not balance. */
export function windowsAt(
  atMs: number,
  isBad: (originMs: number) => boolean,
  count = 30,
  faulty = 1,
): Sample['windows'] {
  const last = Math.floor((atMs - 30_000) / 10_000) * 10_000;
  return Array.from({ length: count }, (_, index) => {
    const originMs = last - (count - 1 - index) * 10_000;
    const isBalanced = !isBad(originMs);
    const counts = { isBalanced, isAcknowledged: false, events: 100, faulty: isBalanced ? 0 : faulty };
    return { originMs, endMs: originMs + 10_000, ...counts };
  }).filter(({ originMs }) => originMs >= startMs);
}

export const arbitraryObjective: fc.Arbitrary<ObjectiveSpec> = fc
  .record({
    kind: fc.constantFrom('freshness' as const, 'completeness' as const),
    of: fc.constantFrom('windows' as const, 'events' as const),
    target: fc.double({ min: 0.5, max: 0.999, noNaN: true }),
    windowHours: fc.integer({ min: 12, max: 720 }),
    withinSeconds: fc.integer({ min: 1, max: 300 }),
  })
  .map(({ kind, of, target, windowHours, withinSeconds }) =>
    kind === 'freshness' ? { kind, withinSeconds, target, windowHours } : { kind, of, target, windowHours },
  );
