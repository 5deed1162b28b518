import { describe, expect, test } from '@jest/globals';
import { render } from '../../../platform/cli/commands/lag.ts';
import { hopsOf } from '../../../platform/observe/hops.ts';
import { guiltyOf, type HopLag, oldestUndone, ratesOf } from '../../../platform/observe/lag.ts';
import { tasksOf } from '../../../platform/observe/stages.ts';
import { greatestLag } from '../../../platform/observe/watch/summary.ts';
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

describe('records whose time Kafka can not tell', () => {
  const lag = (hop: string, more: Partial<HopLag>): HopLag => ({
    ...{ hop, topic: 't', lagRecords: 0, lagSeconds: 0, inRate: 10, outRate: 10, drainSeconds: 0 },
    ...more,
  });
  const gone = { lagSeconds: null, lagRecords: 500, drainSeconds: null };

  test('make the age of the oldest unknown, and not nothing', async () => {
    const { partitions } = reading(0, [
      [100, 10],
      [100, 20],
      [100, 0],
    ]);
    const ageBy = (times: readonly (number | null)[]) =>
      oldestUndone({ timestampAt: async (_, partition) => times[partition]! }, 't', partitions);
    const nowMs = Date.now();
    expect(await ageBy([null, null, null])).toBeNull();
    expect(await ageBy([nowMs - 60_000, null, null])).toBeNull();
    expect(await ageBy([nowMs - 60_000, nowMs - 10_000, null])).toBeCloseTo(60, 0);
    expect(await oldestUndone({ timestampAt: async () => null }, 't', reading(0, [[100, 0]]).partitions)).toBe(0);
  });

  test('make guilty by their number: more than are done in five seconds', () => {
    expect(guiltyOf([lag('a', {}), lag('b', gone)])).toBe('b');
    expect(guiltyOf([lag('a', { lagSeconds: 30, lagRecords: 9 }), lag('b', gone)])).toBe('b');
    expect(guiltyOf([lag('a', gone), lag('b', { ...gone, lagRecords: 501 })])).toBe('b');
    expect(guiltyOf([lag('a', { ...gone, lagRecords: 1, outRate: 0 })])).toBe('a');
    expect(guiltyOf([lag('a', { ...gone, lagRecords: 49 })])).toBeNull();
    expect(guiltyOf([lag('a', { lagSeconds: null, lagRecords: null, outRate: null })])).toBeNull();
  });

  test('are told as unknown by `millrace lag`, apart from a hop that does not tell, and by the pipeline', () => {
    const hops = [lag('a', gone), lag('b', { lagSeconds: null, lagRecords: null })];
    const text = render({ pipeline: 'mine', watchedSeconds: 1, hops, guilty: guiltyOf(hops) });
    expect(text).toMatch(/^a +t +500 +unknown /m);
    expect(text).toMatch(/^b +t +– +– /m);
    expect(text).toContain('a holds mine up: how old its oldest record is can not be told');
    expect(greatestLag([lag('a', gone), lag('b', { lagSeconds: 3, lagRecords: 9 })])).toBeNull();
    expect(greatestLag([lag('a', { lagSeconds: null, lagRecords: null }), lag('b', { lagSeconds: 3 })])).toBe(3);
  });
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
