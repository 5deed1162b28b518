import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { whenIdle } from '../../../platform/api/whenIdle.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

test('what can not be told is asked again, and ends nothing', () => {
  const answers = [true, new Error('operations can not be read'), false];
  let done = 0;
  whenIdle(
    () => {
      const next = answers.shift();
      if (next instanceof Error) throw next;
      return next === true;
    },
    () => {
      done += 1;
    },
  );
  jest.advanceTimersByTime(24_000);
  expect([answers.length, done]).toEqual([1, 0]);
  jest.advanceTimersByTime(60_000);
  expect([answers.length, done]).toEqual([0, 1]);
});

test('called off, nothing is done', () => {
  let done = 0;
  const end = whenIdle(
    () => false,
    () => {
      done += 1;
    },
  );
  end();
  jest.advanceTimersByTime(60_000);
  expect(done).toBe(0);
});
