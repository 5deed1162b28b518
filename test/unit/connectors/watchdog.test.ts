import { beforeEach, describe, expect, test } from '@jest/globals';
import { stuckText, Watchdog } from '../../../platform/connectors/kafka/watchdog.ts';

const times = { askMs: 30_000, stuckMs: 60_000 };
let positions: Map<number, bigint>;
let watchdog: Watchdog;
const ends = (...pairs: (readonly [number, bigint])[]) => new Map(pairs);

beforeEach(() => {
  positions = new Map([
    [0, 10n],
    [1, 20n],
  ]);
  watchdog = new Watchdog((partition) => positions.get(partition), times);
  watchdog.assign([0, 1], 0);
});

describe('a partition with records behind its position', () => {
  test('is asked about after half a minute, and stuck after a whole one, with the time when it was well last', () => {
    expect(watchdog.isInDoubt(29_999)).toBe(false);
    expect(watchdog.isInDoubt(30_000)).toBe(true);
    expect(watchdog.judge(ends([0, 15n], [1, 20n]), 30_000)).toEqual([]);
    expect(watchdog.judge(ends([0, 15n], [1, 20n]), 59_999)).toEqual([]);
    expect(watchdog.judge(ends([0, 15n], [1, 20n]), 60_000)).toEqual([
      { partition: 0, position: 10n, end: 15n, sinceMs: 0 },
    ]);
  });
  test('is not stuck while another of the same reader moves, nor is the other', () => {
    watchdog.taken(1);
    watchdog.handedBack(1, 50_000);
    const stuck = watchdog.judge(ends([0, 15n], [1, 90n]), 60_000);
    expect(stuck.map(({ partition }) => partition)).toEqual([0]);
  });
  test('is stuck where not even its position is known, unless it is empty', () => {
    positions.clear();
    const stuck = watchdog.judge(ends([0, 15n], [1, 0n]), 60_000);
    expect(stuck).toEqual([{ partition: 0, position: undefined, end: 15n, sinceMs: 0 }]);
  });
  test('is no longer watched when another member has it', () => {
    watchdog.assign([1], 10_000);
    expect(watchdog.judge(ends([0, 15n], [1, 20n]), 90_000)).toEqual([]);
  });
});

describe('a partition is well', () => {
  test('while its batch is in hand, however long the store takes, and from then on its time begins anew', () => {
    watchdog.taken(0);
    watchdog.taken(1);
    expect(watchdog.isInDoubt(3_600_000)).toBe(false);
    expect(watchdog.judge(ends([0, 15n], [1, 25n]), 3_600_000)).toEqual([]);
    watchdog.handedBack(0, 3_600_000);
    expect(watchdog.judge(ends([0, 15n], [1, 25n]), 3_659_999)).toEqual([]);
    expect(watchdog.judge(ends([0, 15n], [1, 25n]), 3_660_000).map(({ partition }) => partition)).toEqual([0]);
  });
  test('when an answer to a fetch says that all of it is read, and not when it says that more is there', () => {
    for (const nowMs of [20_000, 40_000]) {
      watchdog.answered(0, 10n, nowMs);
      watchdog.answered(1, 25n, nowMs);
    }
    const stuck = watchdog.judge(ends([0, 15n], [1, 25n]), 60_000);
    expect(stuck.map(({ partition }) => partition)).toEqual([1]);
  });
  test('when the brokers say that all of it is read: it is not asked about again at once', () => {
    expect(watchdog.judge(ends([0, 10n], [1, 20n]), 30_000)).toEqual([]);
    expect(watchdog.isInDoubt(59_999)).toBe(false);
    expect(watchdog.judge(ends([0, 15n], [1, 20n]), 89_999)).toEqual([]);
    expect(watchdog.judge(ends([0, 15n], [1, 20n]), 90_000)).toHaveLength(1);
  });
  test('while its broker does not answer, or it has no leader: a broker that is down for an hour is no fault of the reader', () => {
    for (let nowMs = 30_000; nowMs <= 3_600_000; nowMs += 30_000) watchdog.excuse(nowMs);
    expect(watchdog.judge(ends([0, 15n], [1, 25n]), 3_630_000)).toEqual([]);
    expect(watchdog.judge(ends([1, 25n]), 3_659_999)).toEqual([]);
    expect(watchdog.judge(ends([0, 15n], [1, 25n]), 3_660_000).map(({ partition }) => partition)).toEqual([1]);
  });
});

test('what is stuck is said with its partitions, how much waits, and since when', () => {
  const stuck = [
    { partition: 0, position: 10n, end: 15n, sinceMs: 0 },
    { partition: 2, position: 1n, end: 3n, sinceMs: 0 },
  ];
  expect(stuckText('shop.orders', stuck, 1_000)).toBe(
    'nothing was read of partitions 0, 2 of shop.orders since 1970-01-01T00:00:01.000Z, though 7 records wait there; the consumer is made anew',
  );
});
