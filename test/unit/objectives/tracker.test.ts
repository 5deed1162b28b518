/** Error budgets and burn rates: what fires, what does not, and what survives a restart. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Sample } from '../../../platform/objectives/sample.ts';
import { ObjectiveTracker, type Transition } from '../../../platform/objectives/tracker.ts';
import {
  arbitraryObjective,
  completeness,
  freshness,
  good,
  idle,
  late,
  look,
  startMs,
  stuck,
  windowsAt,
} from './arbitraries.ts';

type Told = Transition & { readonly atMs: number };

/** Looks every `stepMs` for `ms`; answers what was told. */
function run(tracker: ObjectiveTracker, fromMs: number, ms: number, sample: (atMs: number) => Sample, stepMs = 1000) {
  const told: Told[] = [];
  for (let atMs = fromMs + stepMs; atMs <= fromMs + ms; atMs += stepMs) {
    told.push(...tracker.observe(sample(atMs)).map((each) => ({ ...each, atMs })));
  }
  return told;
}
const minutes = 60_000;
const hours = 60 * minutes;

test('what is always good never fires, whatever the objective', () => {
  fc.assert(
    fc.property(arbitraryObjective, fc.integer({ min: 500, max: 5000 }), (spec, stepMs) => {
      const tracker = new ObjectiveTracker('x', spec);
      const sample = (atMs: number) => look(atMs, good, { windows: windowsAt(atMs, () => false) });
      expect(run(tracker, startMs, 20 * minutes, sample, stepMs)).toEqual([]);
      expect(tracker.status(startMs + 20 * minutes).reached ?? 1).toBe(1);
    }),
    { numRuns: 40 },
  );
});

test('what is always bad fires within the window, whatever the objective', () => {
  fc.assert(
    fc.property(arbitraryObjective, (spec) => {
      const tracker = new ObjectiveTracker('x', spec);
      const windowMs = spec.windowHours * hours;
      let fired = false;
      for (let atMs = startMs; atMs < startMs + windowMs && !fired; atMs += 5000) {
        const sample = look(atMs, stuck, { windows: windowsAt(atMs, () => true, 3, 100) });
        fired = tracker.observe(sample).length > 0;
      }
      expect(fired).toBe(true);
    }),
    { numRuns: 20 },
  );
});

test('an outage pages when two percent of the budget are used, as the workbook has it, and resolves once it is over', () => {
  // 1 % of 30 days is 7.2 h; 2 % of that are 8.64 minutes.
  const tracker = new ObjectiveTracker('fresh', freshness({ windowHours: 720 }));
  expect(run(tracker, startMs, 2 * hours, (atMs) => look(atMs, good))).toEqual([]);
  const [page, ...others] = run(tracker, startMs + 2 * hours, 10 * minutes, (atMs) => look(atMs, stuck));
  expect(others).toEqual([]);
  expect(page).toMatchObject({ severity: 'page', to: 'firing', by: { shortText: '5m', longText: '1h' } });
  // To the minute: windows begin with a slot.
  expect(Math.abs(page!.atMs - (startMs + 2 * hours) - 8.64 * minutes)).toBeLessThanOrEqual(minutes);
  const after = run(tracker, startMs + 2 * hours + 10 * minutes, 40 * minutes, (atMs) => look(atMs, good));
  const resolved = after.filter(({ to }) => to === 'resolved');
  expect(resolved).toEqual([expect.objectContaining({ severity: 'page', sinceMs: page!.sinceMs })]);
});

test('over three days the same share pages within a minute', () => {
  const tracker = new ObjectiveTracker('fresh', freshness());
  const [page] = run(tracker, startMs, 2 * minutes, (atMs) => look(atMs, stuck));
  expect(page).toMatchObject({ severity: 'page', by: { shortText: '30s', longText: '6m' } });
  expect(page!.atMs - startMs).toBeLessThanOrEqual(minutes);
  expect(Object.keys(tracker.status(startMs + minutes).burnRates)).toEqual([
    ...['30s', '3m', '6m', '12m', '36m', '2.4h', '7.2h'],
  ]);
});

test('a rate that hovers at the threshold fires once', () => {
  const tracker = new ObjectiveTracker('fresh', freshness());
  // 14 and 15 bad seconds of a hundred, by turns: 14.4 times the budget, now above it and now below.
  const isBad = (atMs: number) => (atMs / 1000) % 100 < (Math.floor(atMs / 100_000) % 2 === 0 ? 14 : 15);
  const spread = (atMs: number) => isBad(((atMs / 1000) * 37 * 1000) % 100_000);
  const told = run(tracker, startMs, 2 * hours, (atMs) => look(atMs, spread(atMs) ? late : good));
  expect(told.filter(({ severity, to }) => severity === 'page' && to === 'firing')).toHaveLength(1);
});

test('a slow leak is a ticket, not a page', () => {
  const tracker = new ObjectiveTracker('fresh', freshness());
  const told = run(tracker, startMs, 8 * hours, (atMs) => look(atMs, (atMs / 1000) % 50 === 0 ? late : good));
  expect(told.map(({ severity, to }) => `${severity} ${to}`)).toEqual(['ticket firing']);
});

test('seconds without events, of a stopped pipeline, and between looks far apart are not counted', () => {
  const tracker = new ObjectiveTracker('fresh', freshness());
  run(tracker, startMs, 10 * minutes, (atMs) => look(atMs, idle));
  run(tracker, startMs + 10 * minutes, 10 * minutes, (atMs) => look(atMs, stuck, { isExpected: false }));
  expect(tracker.status(startMs + 20 * minutes)).toMatchObject({
    reached: null,
    text: expect.stringMatching(/nothing was counted yet/),
  });
  tracker.observe(look(startMs + 21 * minutes, good));
  expect(tracker.observe(look(startMs + 81 * minutes, stuck))).toEqual([]);
  expect(tracker.status(startMs + 81 * minutes).reached).toBe(0.5);
});

test('a stage that is not told of is not judged', () => {
  const tracker = new ObjectiveTracker('fresh', freshness({ stage: 'board' }));
  run(tracker, startMs, minutes, (atMs) => look(atMs, late));
  expect(tracker.status(startMs + minutes).reached).toBeNull();
  const told = run(tracker, startMs + minutes, 2 * minutes, (atMs) => look(atMs, good, { stages: { board: stuck } }));
  expect(told).toHaveLength(1);
});

test('one window that does not balance pages; each window counts once, however often it is seen', () => {
  const tracker = new ObjectiveTracker('complete', completeness());
  const bad = startMs + 10 * minutes;
  const sample = (atMs: number) => look(atMs, good, { windows: windowsAt(atMs, (originMs) => originMs === bad) });
  const told = run(tracker, startMs, hours, sample);
  expect(told[0]).toMatchObject({ severity: 'page', to: 'firing' });
  // The windows of an hour but for the last 30 s, the first of all among them.
  const { reached } = tracker.status(startMs + hours);
  expect(reached).toBeCloseTo(1 - 1 / 358, 10);
});

test('a window that was balanced and is not any more counts as bad; one that is mended stays counted', () => {
  const tracker = new ObjectiveTracker('complete', completeness({ of: 'events' }));
  const window = { originMs: startMs, endMs: startMs + 10_000, isAcknowledged: false, events: 100 };
  const seen = (atMs: number, faulty: number) =>
    tracker.observe(look(atMs, good, { windows: [{ ...window, isBalanced: faulty === 0, faulty }] }));
  seen(startMs + 40_000, 0);
  expect(tracker.status(startMs + 40_000).reached).toBe(1);
  seen(startMs + 41_000, 3);
  seen(startMs + 42_000, 0);
  expect(tracker.status(startMs + 42_000).reached).toBeCloseTo(0.97, 10);
});

test.each([
  ['under another window', { windowHours: 720 }, 10 * minutes],
  ['after the clock was set back', {}, -10 * minutes],
])('what is acknowledged %s takes nothing back that is not counted there', (_, more, laterMs) => {
  const at = startMs + 3 * hours;
  const window = { originMs: at - 30_000, endMs: at - 20_000, isBalanced: false, events: 100, faulty: 40 };
  const fresh = { ...window, originMs: at - 20_000, isBalanced: true, faulty: 0, isAcknowledged: false };
  const before = new ObjectiveTracker('complete', completeness({ of: 'events' }));
  before.observe(look(at - 1000, good));
  before.observe(look(at, good, { windows: [{ ...window, isAcknowledged: false }] }));
  const kept = JSON.parse(JSON.stringify(before.toState()));
  const tracker = new ObjectiveTracker('complete', completeness({ of: 'events', ...more }), kept);
  tracker.observe(look(at + laterMs, good, { windows: [fresh, { ...window, isAcknowledged: true }] }));
  const { ring } = tracker.toState();
  for (const [, bad] of [...ring.fine, ...ring.coarse]) expect(bad).toBeGreaterThanOrEqual(0);
  expect(tracker.status(Math.max(at, at + laterMs)).reached).toBe(1);
  for (const burn of Object.values(tracker.status(at + laterMs).burnRates)) expect(burn ?? 0).toBeGreaterThanOrEqual(0);
});

test('what somebody has acknowledged ends what fires because of it, also after a restart; a new fault in the window fires again', () => {
  let tracker = new ObjectiveTracker('complete', completeness());
  const bad = startMs + 10 * minutes;
  const seen = (open: boolean) => (atMs: number) => {
    const windows = windowsAt(atMs, (originMs) => open && originMs === bad, 400);
    return look(atMs, good, {
      windows: windows.map((each) => ({ ...each, isAcknowledged: !open && each.originMs === bad })),
    });
  };
  const fired = run(tracker, startMs, 20 * minutes, seen(true));
  expect(fired.at(-1)).toMatchObject({ severity: 'ticket', to: 'firing' });
  tracker = new ObjectiveTracker('complete', completeness(), JSON.parse(JSON.stringify(tracker.toState())));
  const ended = run(tracker, startMs + 20 * minutes, 10 * minutes, seen(false));
  expect(ended).toMatchObject([{ severity: 'ticket', to: 'resolved' }]);
  expect(tracker.status(startMs + 30 * minutes)).toMatchObject({ reached: 1 });
  const [again] = run(tracker, startMs + 30 * minutes, 10 * minutes, seen(true));
  expect(again).toMatchObject({ severity: 'page', to: 'firing' });
});

test('what was wrong long before anybody looked does not page now', () => {
  const tracker = new ObjectiveTracker('complete', completeness());
  const now = startMs + 12 * hours;
  const old = (originMs: number) => originMs < startMs + hours;
  expect(tracker.observe(look(now, good, { windows: windowsAt(now, old, 5000) }))).toEqual([]);
  expect(tracker.status(now).reached).toBeLessThan(1);
});

test('a restart from what was written changes nothing', () => {
  fc.assert(
    fc.property(arbitraryObjective, fc.array(fc.nat(3), { minLength: 20, maxLength: 120 }), (spec, kinds) => {
      const looks = kinds.map((kind, index) => {
        const atMs = startMs + index * 4000;
        const windows = windowsAt(atMs, (originMs) => (originMs / 10_000) % 3 === 0 && kind === 1);
        return look(atMs, [good, late, stuck, idle][kind]!, { windows });
      });
      let one = new ObjectiveTracker('x', spec);
      const other = new ObjectiveTracker('x', spec);
      for (const each of looks) {
        one = new ObjectiveTracker('x', spec, JSON.parse(JSON.stringify(one.toState())));
        expect(one.observe(each)).toEqual(other.observe(each));
      }
      expect(one.toState()).toEqual(other.toState());
      const now = looks.at(-1)!.atMs;
      expect(one.status(now)).toEqual(other.status(now));
    }),
    { numRuns: 40 },
  );
});

test('its state does not grow with time', () => {
  const tracker = new ObjectiveTracker('complete', completeness({ windowHours: 12 }));
  const sizes = [1, 2, 3, 4].map((day) => {
    const from = startMs + day * 24 * hours;
    run(tracker, from, 14 * hours, (atMs) => look(atMs, late, { windows: windowsAt(atMs, () => true) }), 5000);
    return JSON.stringify(tracker.toState()).length;
  });
  expect(Math.max(...sizes)).toBeLessThan(1.02 * Math.min(...sizes));
  expect(Math.max(...sizes)).toBeLessThan(64 * 1024);
});

test('a look out of order is passed over; a clock that is set back begins anew from there', () => {
  const tracker = new ObjectiveTracker('fresh', freshness());
  run(tracker, startMs, hours, (atMs) => look(atMs, good));
  const before = tracker.toState();
  expect(tracker.observe(look(startMs + hours - 1000, stuck))).toEqual([]);
  expect(tracker.toState()).toEqual(before);
  const told = run(tracker, startMs - 24 * hours, 2 * minutes, (atMs) => look(atMs, stuck));
  expect(told).toEqual([expect.objectContaining({ severity: 'page', to: 'firing' })]);
});
