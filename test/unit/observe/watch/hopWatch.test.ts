/** Lag followed over time, and up to when everything has passed a hop. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { KafkaOffsets } from '../../../../platform/frameworks/kafka/offsets.ts';
import type { Hop } from '../../../../platform/observe/hops.ts';
import { HopWatch } from '../../../../platform/observe/watch/hopWatch.ts';
import type { OffsetsLook } from '../../../../platform/observe/watch/look.ts';
import { Trail } from '../../../../platform/observe/watch/trail.ts';
import type { StageReport } from '../../../../platform/telemetry/stageMeter.ts';

const hops: readonly Hop[] = [
  { name: 'ingress', kind: 'ingress', part: 'ingress', writes: 'flights' },
  { name: 'severe', kind: 'job', job: 'filter', part: 'spark-driver', reads: 'flights', writes: 'severe' },
  { name: 'store', kind: 'sink', part: 'sinks', reads: 'flights', group: 'mine.store' },
  { name: 'alerts', kind: 'sink', part: 'sinks', reads: 'severe', group: 'mine.alerts' },
];

interface Places {
  readonly flights: number;
  readonly severe: number;
  readonly store: number;
  readonly alerts: number;
  /** Position of the job; undefined: it does not answer. */
  readonly job: number | undefined;
}

const all = (offset: number): Places => ({
  flights: offset,
  severe: offset,
  store: offset,
  alerts: offset,
  job: offset,
});

function look(atMs: number, places: Places): [OffsetsLook, { task: string; stages: readonly StageReport[] }[]] {
  const ends = (endOffset: number) => [{ partition: 0, startOffset: 0, endOffset }];
  const offsets: KafkaOffsets = {
    topics: { 'mine.flights': ends(places.flights), 'mine.severe': ends(places.severe) },
    groups: { 'mine.store': { 0: places.store }, 'mine.alerts': { 0: places.alerts } },
  };
  const ledger = { stage: 'severe', positions: { 'mine.flights/0': places.job } };
  const driver = { task: 'mine.spark-driver.0', stages: [{ ledger } as unknown as StageReport] };
  return [{ askedMs: atMs, atMs, offsets }, places.job === undefined ? [] : [driver]];
}

function watched(...looks: readonly [number, Places][]): HopWatch {
  const watch = new HopWatch('mine', hops);
  for (const [atMs, places] of looks) watch.see(...look(atMs, places));
  return watch;
}
const lagOf = (watch: HopWatch, hop: string, nowMs: number) => watch.lags(nowMs).find((lag) => lag.hop === hop);

describe('lag', () => {
  test('is told in records and rates, and in seconds by when the oldest record was first seen', () => {
    const watch = watched([1000, all(100)], [3000, { ...all(300), store: 200 }]);
    expect(lagOf(watch, 'store', 4000)).toEqual({
      ...{ hop: 'store', topic: 'mine.flights', lagRecords: 100, lagSeconds: 1 },
      ...{ inRate: 100, outRate: 50, drainSeconds: null },
    });
    expect(lagOf(watch, 'alerts', 4000)).toMatchObject({ lagRecords: 0, lagSeconds: 0, drainSeconds: 0 });
  });

  test('of a record that was there at the first look, and of one that is old, only Kafka can tell', () => {
    const behind = { ...all(100), store: 50 };
    const watch = watched([1000, behind]);
    expect(lagOf(watch, 'store', 1000)?.lagSeconds).toBeNull();
    const [undone] = watch.undated(1000);
    expect(undone).toEqual({ topic: 'mine.flights', partition: 0, offset: 50 });
    watch.date(undone!, -60_000);
    expect(lagOf(watch, 'store', 1000)?.lagSeconds).toBe(61);
    expect(watch.undated(1000)).toEqual([]);
    watch.see(...look(3000, { ...behind, store: 51 }));
    expect(watch.undated(3000)).toEqual([{ ...undone, offset: 51 }]);
  });

  test('of a job that does not answer is not known; it is no lag of 0', () => {
    const watch = watched([1000, all(100)], [3000, { ...all(200), job: undefined }]);
    expect(lagOf(watch, 'severe', 3000)).toMatchObject({ lagRecords: null, lagSeconds: null, outRate: null });
    expect(watch.stillMs('severe', 3000)).toBeUndefined();
  });

  test('a hop that has something to read and does not go on stands still', () => {
    const watch = watched([1000, all(100)], [3000, { ...all(200), store: 100 }], [5000, { ...all(300), store: 100 }]);
    expect(watch.stillMs('store', 6000)).toBe(5000);
    expect([watch.hasMoved('store'), watch.hasMoved('severe')]).toEqual([false, true]);
    watch.see(...look(7000, { ...all(300), store: 101 }));
    expect(watch.stillMs('store', 7000)).toBe(0);
  });
});

describe('what has passed a hop', () => {
  test('a hop that always lags a little has passed what was written at the looks before', () => {
    const watch = watched([1000, { ...all(100), store: 90 }], [3000, { ...all(300), store: 290 }]);
    expect(watch.isDrained('store')).toBe(false);
    expect(watch.clearedMs('store')).toBe(1000);
  });

  test('behind a job, only what the job had passed when its topic was looked at counts', () => {
    const slow = (offset: number, job: number) => ({ ...all(offset), severe: job, alerts: job, job });
    const watch = watched([1000, slow(100, 50)], [3000, slow(200, 100)], [5000, slow(300, 150)]);
    expect(watch.clearedMs('severe')).toBe(1000);
    // At the look of 5000 the job had passed what entered before 1000; the sink has read the topic as it was then.
    expect(watch.clearedMs('alerts')).toBe(1000);
  });

  test('a job whose batch is cut off has not passed what it will count again', () => {
    const cut = { ...all(300), job: 100 };
    const watch = watched([1000, all(100)], [3000, all(200)], [5000, all(300)], [7000, cut]);
    expect(watch.clearedMs('severe')).toBe(1000);
    // What it had made is in its topic, and was read.
    expect(watch.clearedMs('alerts')).toBe(5000);
    watch.see(...look(9000, all(300)));
    expect(watch.clearedMs('severe')).toBe(9000);
  });

  test('a topic that was made anew begins anew', () => {
    const watch = watched([1000, all(1000)], [3000, { ...all(10), store: 0 }], [5000, { ...all(20), store: 10 }]);
    expect(watch.clearedMs('store')).toBe(3000);
  });
});

test('whatever happens in whatever order: what is said to have passed a hop has passed it', () => {
  const steps = fc.array(fc.constantFrom('enter', 'enter', 'job', 'cut', 'store', 'alerts', 'look'), {
    maxLength: 200,
  });
  fc.assert(
    fc.property(steps, (all) => {
      const watch = new HopWatch('mine', hops);
      // Times of origin of the records of both topics, in their order.
      const [flights, severe]: [number[], number[]] = [[], []];
      const done = { job: 0, store: 0, alerts: 0 };
      // Results that the job makes again are no new ones.
      let made = 0;
      for (const [atMs, step] of all.entries()) {
        if (step === 'enter') flights.push(atMs);
        if (step === 'store' && done.store < flights.length) done.store += 1;
        if (step === 'alerts' && done.alerts < severe.length) done.alerts += 1;
        if (step === 'job' && done.job < flights.length) done.job += 1;
        if (step === 'cut') done.job = done.job >> 1;
        for (; made < done.job; made++) severe.push(flights[made]!);
        if (step !== 'look') continue;
        watch.see(...look(atMs, { flights: flights.length, severe: severe.length, ...done }));
        const isPast = (hop: string) => (originMs: number) => originMs < watch.clearedMs(hop);
        expect(flights.slice(done.job).filter(isPast('severe'))).toEqual([]);
        expect(flights.slice(done.store).filter(isPast('store'))).toEqual([]);
        expect([...flights.slice(made), ...severe.slice(done.alerts)].filter(isPast('alerts'))).toEqual([]);
      }
    }),
    { numRuns: 300 },
  );
});

test('a trail keeps a bounded number of looks, and never dates a record too late', () => {
  const trail = new Trail();
  for (let at = 1; at <= 5000; at++)
    trail.add({ atMs: at * 2000, ends: new Map([[0, at * 10]]), clearedMs: at * 2000 });
  fc.assert(
    fc.property(fc.integer({ min: 10, max: 49_999 }), (offset) => {
      const byMs = trail.writtenByMs(0, offset);
      const writtenMs = (Math.floor(offset / 10) + 1) * 2000;
      if (byMs !== null) expect(byMs).toBeGreaterThanOrEqual(writtenMs);
      expect(trail.clearedMs([{ partition: 0, position: offset }])).toBeLessThanOrEqual(Math.floor(offset / 10) * 2000);
    }),
  );
  expect(trail.writtenByMs(0, 49_985)).toBe(4999 * 2000);
});
