/** Rates and latencies between two looks: over instances, over a restart, and against a full computation. */
import { describe, expect, test } from '@jest/globals';
import type { Hop } from '../../../../platform/observe/hops.ts';
import {
  countsOf,
  endToEndOf,
  inputRateOf,
  latencyOf,
  measuresOf,
} from '../../../../platform/observe/watch/measure.ts';
import { answerOf, arrive, enter, idsOf, ingressMeter, sinkMeter } from './counts.ts';

const hops: readonly Hop[] = [
  { name: 'ingress', kind: 'ingress', part: 'ingress', writes: 'flights' },
  { name: 'store', kind: 'sink', part: 'sinks', reads: 'flights', group: 'mine.store' },
];
const start = 1_795_538_300_000;
const measures = (before: Parameters<typeof countsOf>[0], now: Parameters<typeof countsOf>[0]) =>
  measuresOf('mine', hops, countsOf(before), countsOf(now));

describe('between two looks', () => {
  test('rates and latencies are of the time in between', () => {
    const [ingress, store] = [ingressMeter(() => start), sinkMeter('store', () => start)];
    arrive(store, enter(ingress, idsOf(1000, 'before'), start), { atMs: start + 5000 });
    const before = [answerOf('mine.ingress.0', [ingress], start), answerOf('mine.sinks.0', [store], start)];
    arrive(store, enter(ingress, idsOf(200), start + 100), { atMs: start + 140, offset: 1000, dead: ['e-7'] });
    const now = [answerOf('mine.ingress.0', [ingress], start + 2000), answerOf('mine.sinks.0', [store], start + 2000)];
    const found = measures(before, now);
    expect(found.map(({ ratePerSecond }) => ratePerSecond)).toEqual([100, 99.5]);
    expect(found[1]).toMatchObject({ deadLettered: 1, clockSkewed: 0, lastPassedMs: start + 140 });
    const { p50Ms, p99Ms, count } = endToEndOf(hops, found)!;
    expect(count).toBe(199);
    for (const found of [p50Ms, p99Ms]) expect(Math.abs(found - 40) / 40).toBeLessThan(0.0434);
    expect(inputRateOf(hops, found)).toBe(100);
  });

  test('instances add up; one that did not answer again is left out', () => {
    const meters = [ingressMeter(() => start), ingressMeter(() => start)];
    const before = meters.map((meter, at) => answerOf(`mine.ingress.${at}`, [meter], start));
    for (const meter of meters) enter(meter, idsOf(50), start + 10);
    const now = meters.map((meter, at) => answerOf(`mine.ingress.${at}`, [meter], start + 1000));
    expect(measures(before, now)[0]?.ratePerSecond).toBe(100);
    expect(measures(before, [now[0]!, before[1]!])[0]?.ratePerSecond).toBe(50);
    expect(measures(before, before)[0]?.ratePerSecond).toBeNull();
    expect(measures([], now)[0]).toMatchObject({ ratePerSecond: null, lastPassedMs: start + 10 });
    expect(measures(before, []).map(({ ratePerSecond }) => ratePerSecond)).toEqual([null, null]);
  });

  test('a task that has started anew in between counts from its start, also when it has counted more than before', () => {
    const [old, fresh] = [ingressMeter(() => start), ingressMeter(() => start + 500)];
    enter(old, idsOf(10), start);
    enter(fresh, idsOf(30), start + 600);
    const [now] = measures(
      [answerOf('mine.ingress.0', [old], start)],
      [answerOf('mine.ingress.0', [fresh], start + 1000)],
    );
    expect(now?.ratePerSecond).toBe(30);
    expect(now?.edge.count).toBe(30);
  });

  test('clocks that run backwards are counted, and are no latency', () => {
    const [ingress, store] = [ingressMeter(() => start), sinkMeter('store', () => start)];
    const before = [answerOf('mine.sinks.0', [store], start)];
    arrive(store, enter(ingress, idsOf(3), start + 500), { atMs: start + 100 });
    const [, now] = measures(before, [answerOf('mine.sinks.0', [store], start + 1000)]);
    expect(now).toMatchObject({ ratePerSecond: 3, clockSkewed: 3 });
    expect(latencyOf(now!.endToEnd)).toBeNull();
  });
});
