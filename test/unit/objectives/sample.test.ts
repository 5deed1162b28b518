/** What the observer and the ledger say, as a sample; and the objectives of a plan from before there were any. */
import { expect, test } from '@jest/globals';
import { blueprint } from '../../../blueprints/flight-delays/blueprint.ts';
import type { HistoryPoint, PipelineSummary } from '../../../platform/api/contract/pipelines.ts';
import { defaultObjectives, freshnessMsOf, objectivesOf } from '../../../platform/model/objective.ts';
import { sampleOf } from '../../../platform/objectives/sample.ts';
import type { PipelineLedger } from '../../../platform/observe/ledger.ts';
import { resolveParameters } from '../../../platform/plan/parameters.ts';

const latency = { p50Ms: 10, p99Ms: 90, count: 5 };
const counts = { balanced: 0, inFlight: 0, unbalanced: 0, acknowledged: 0, unknown: 0, lost: 0, duplicated: 0 };
const summary = (more: Partial<PipelineSummary>): PipelineSummary => ({
  ...{ pipeline: 'delays', blueprint: 'delays', revision: 1, reason: '', next: null, sinceMs: 0, ratePerSecond: 5 },
  ...{ ledger: counts, alerts: 0, endpoints: {}, workflowUrl: null, lagSeconds: 2, endToEnd: latency },
  state: 'flowing',
  ...more,
});
const tally = (count: number) => ({ count, sum: '0', xor: '0' });
const window = (originMs: number, state: PipelineLedger['windows'][number]['state'], lost = 0) => ({
  ...{ originMs, origin: new Date(originMs).toISOString(), state, waitsFor: [] },
  stages: [
    { name: 'ingress', out: tally(100) },
    { name: 'sink', in: tally(100 - lost), out: tally(100 - lost) },
  ],
  faults: lost === 0 ? [] : [{ stage: 'sink', kind: 'lost' as const, events: lost, text: '' }],
});

test('what the observer sees of a pipeline, of its stages, and of the ledger becomes a sample', () => {
  const windows = [window(0, 'balanced'), window(10_000, 'unbalanced', 3), window(20_000, 'in-flight')];
  const ledger = { windowMs: 10_000, windows: [...windows, window(30_000, 'unknown')] };
  const stages: HistoryPoint['stages'] = {
    sink: { ratePerSecond: 1, edge: null, endToEnd: null, lagRecords: 7, lagSeconds: 9, deadLettered: 0 },
  };
  const whole: PipelineLedger = {
    ...(ledger as unknown as PipelineLedger),
    ...{ pipeline: 'delays', faults: [], lost: 3, duplicated: 0, replayed: 0 },
  };
  expect(sampleOf(summary({}), whole, { atMs: 40_000, stages })).toEqual({
    atMs: 40_000,
    isExpected: true,
    ends: { p99Ms: 90, lagSeconds: 2 },
    stages: { sink: { p99Ms: null, lagSeconds: 9 } },
    windows: [
      { originMs: 0, endMs: 10_000, isBalanced: true, isAcknowledged: false, events: 100, faulty: 0 },
      { originMs: 10_000, endMs: 20_000, isBalanced: false, isAcknowledged: false, events: 100, faulty: 3 },
    ],
  });
});

test('of a window that does not balance only what nobody has acknowledged is wrong', () => {
  const fault = { stage: 'sink', kind: 'lost' as const, events: 3, text: '' };
  const seen = { ...fault, stage: 'other', acknowledged: { atMs: 1, note: null } };
  const windowsOf = (faults: readonly object[]) => {
    const windows = [{ ...window(0, 'unbalanced'), faults }];
    const ledger = { pipeline: 'delays', windowMs: 10_000, windows } as unknown as PipelineLedger;
    return sampleOf(summary({}), ledger, { atMs: 40_000 }).windows;
  };
  expect(windowsOf([fault, seen])).toMatchObject([{ isBalanced: false, isAcknowledged: false, faulty: 3 }]);
  expect(windowsOf([seen])).toMatchObject([{ isBalanced: true, isAcknowledged: true, faulty: 0 }]);
});

test('nothing is expected of a pipeline that was stopped or is under way; a stalled one is late', () => {
  const expected = (state: PipelineSummary['state']) => sampleOf(summary({ state }), undefined, { atMs: 1 }).isExpected;
  expect((['stopped', 'deploying', 'destroying'] as const).map(expected)).toEqual([false, false, false]);
  expect((['flowing', 'idle', 'degraded', 'stalled', 'failed'] as const).every(expected)).toBe(true);
  const none = summary({ endToEnd: { p50Ms: 0, p99Ms: 0, count: 0 } });
  expect(sampleOf(none, undefined, { atMs: 1 })).toMatchObject({ ends: { p99Ms: null }, windows: [] });
});

test('a plan from before there were objectives, and a blueprint that names none, have the default ones', () => {
  expect(objectivesOf({})).toBe(defaultObjectives);
  expect(objectivesOf({ objectives: {} })).toBe(defaultObjectives);
  const spec = blueprint.build(resolveParameters(blueprint, {}));
  expect(freshnessMsOf(objectivesOf(spec))).toBe(30_000);
  expect(freshnessMsOf({})).toBeUndefined();
  expect(objectivesOf(spec)).toEqual({
    fresh: { kind: 'freshness', withinSeconds: 30, target: 0.99, windowHours: 72 },
    'alerts-fresh': { kind: 'freshness', stage: 'alerts', withinSeconds: 10, target: 0.99, windowHours: 72 },
    complete: { kind: 'completeness', of: 'windows', target: 0.9999, windowHours: 72 },
  });
});
