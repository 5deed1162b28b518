import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { backoff, countQuickEnds, delayMs } from '../../../platform/cluster/process/agent/backoff.ts';

test('the delay doubles from 500 ms to 30 s', () => {
  expect([1, 2, 3, 4, 5, 6, 7, 8, 100].map(delayMs)).toEqual([
    500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000,
  ]);
});

test('the delay never falls, and never leaves its bounds', () => {
  fc.assert(
    fc.property(fc.nat(), (ends) => {
      expect(delayMs(ends)).toBeGreaterThanOrEqual(backoff.firstMs);
      expect(delayMs(ends)).toBeLessThanOrEqual(backoff.maxMs);
      expect(delayMs(ends + 1)).toBeGreaterThanOrEqual(delayMs(ends));
    }),
  );
});

test('a minute of running starts the count again', () => {
  expect(countQuickEnds(7, 59_999)).toBe(8);
  expect(countQuickEnds(7, 60_000)).toBe(1);
});
