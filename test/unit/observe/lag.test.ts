import { describe, expect, test } from '@jest/globals';
import { hopsOf } from '../../../platform/observe/hops.ts';
import { guiltyOf, type HopLag, ratesOf } from '../../../platform/observe/lag.ts';
import { tasksOf } from '../../../platform/observe/stages.ts';
import { resolveParameters } from '../../../platform/plan/parameters.ts';
import { loadBlueprint } from '../../../platform/sdk/loadBlueprint.ts';

const reading = (atMs: number, ends: readonly [end: number, lag: number][]) => ({
  atMs,
  partitions: ends.map(([endOffset, lagRecords], partition) => ({
    ...{ partition, endOffset, lagRecords },
    committedOffset: endOffset - lagRecords,
  })),
});

describe('rates between two readings', () => {
  test('count what was written and what was done, over all partitions', () => {
    const one = reading(0, [
      [1000, 400],
      [1000, 0],
    ]);
    const other = reading(2000, [
      [1100, 300],
      [1100, 0],
    ]);
    expect(ratesOf(one, other)).toEqual({ lagRecords: 300, inRate: 100, outRate: 150, drainSeconds: 6 });
  });

  test('a lag that grows never drains; none is drained already', () => {
    expect(ratesOf(reading(0, [[100, 10]]), reading(1000, [[200, 60]])).drainSeconds).toBeNull();
    expect(ratesOf(reading(0, [[100, 10]]), reading(1000, [[200, 0]])).drainSeconds).toBe(0);
  });
});

test('the guilty hop is the one with the oldest record; records of a moment ago make nobody guilty', () => {
  const lag = (hop: string, lagSeconds: number | null): HopLag => ({
    ...{ hop, lagSeconds, topic: 't', lagRecords: 1, inRate: 1, outRate: 1, drainSeconds: 1 },
  });
  expect(guiltyOf([lag('a', 7), lag('b', 31), lag('c', null)])).toBe('b');
  expect(guiltyOf([lag('a', 0.3), lag('b', null)])).toBeNull();
});

test('the hops of flight-delays: an ingress, two jobs, five sinks, each with what it reads', async () => {
  const module = await loadBlueprint(new URL('../../..', import.meta.url).pathname, 'flight-delays');
  const hops = hopsOf('mine', module.build(resolveParameters(module, {})));
  expect(hops.map(({ name, reads, writes, group }) => [name, reads, writes, group])).toEqual([
    ['ingress', undefined, 'flights', undefined],
    ['severe-delays', 'flights', 'severe-delays', undefined],
    ['airport-delays', 'flights', 'airport-delays', undefined],
    ['store-flights', 'flights', undefined, 'mine.store-flights'],
    ['store-severe', 'severe-delays', undefined, 'mine.store-severe'],
    ['store-windows', 'airport-delays', undefined, 'mine.store-windows'],
    ['board', 'airport-delays', undefined, 'mine.board'],
    ['alerts', 'severe-delays', undefined, 'mine.alerts'],
  ]);
});

test('the tasks of a part are its instances, and none of a part with a longer name', () => {
  const replies = ['mine.api.0', 'mine.api.1', 'mine.api-two.0'].map((task) => ({ task, stages: [] }));
  expect(tasksOf('mine', 'api', replies).map(({ task }) => task)).toEqual(['mine.api.0', 'mine.api.1']);
});
