import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Backoff, pause, reasonOf } from '../../../platform/connectors/backoff.ts';

test('a reason is one line: the message, its cause, and no stack that a server put into it', () => {
  const server =
    'Server error: no schema\n\tat org.apache.cassandra.Keyspace.open(Keyspace.java:1)\n\tat java.base/Run.run(Run.java:2)';
  expect(reasonOf(new Error(server))).toBe('Server error: no schema');
  expect(reasonOf(new Error('read failed', { cause: new Error('connect ECONNREFUSED') }))).toBe(
    'read failed: connect ECONNREFUSED',
  );
  expect(reasonOf(new AggregateError([new Error('first')], 'all failed'))).toBe('all failed: first');
  expect(reasonOf(new Error('two\nlines'))).toBe('two lines');
  expect(reasonOf('a text')).toBe('a text');
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 2000 }), (text) => {
      expect(reasonOf(new Error(text))).not.toMatch(/[\n\t]/);
      expect(reasonOf(new Error(text)).length).toBeLessThanOrEqual(500);
    }),
  );
});

test('delays grow to the most and begin anew after a reset, a tenth more or less', () => {
  const backoff = new Backoff(100, 1000);
  const delays = Array.from({ length: 6 }, () => backoff.nextMs());
  [100, 200, 400, 800, 1000, 1000].forEach((expected, at) => {
    expect(delays[at]! / expected).toBeGreaterThanOrEqual(0.9);
    expect(delays[at]! / expected).toBeLessThanOrEqual(1.1);
  });
  backoff.reset();
  expect(backoff.nextMs()).toBeLessThanOrEqual(110);
});

test('a pause ends with its signal', async () => {
  const stop = new AbortController();
  const paused = pause(60_000, stop.signal);
  stop.abort();
  await paused;
});
