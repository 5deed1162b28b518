import { expect, test } from '@jest/globals';
import { createEventHub } from '../../../platform/sdk/eventHub.ts';
import type { EventReader } from '../../../platform/sdk/service.ts';

const limits = { maxReaders: 1, maxPending: 2, keepAliveMs: 60_000 };

function reader() {
  const taken: string[] = [];
  const state = { full: false, drain: () => {}, close: () => {} };
  const end: EventReader = {
    write(text) {
      taken.push(text);
      return !state.full;
    },
    drained(callback) {
      state.drain = callback;
    },
    closed(callback) {
      state.close = callback;
    },
  };
  return { taken, state, end };
}

test('a reader who lags is sent the newest event of each key, and no more than the bound', () => {
  const hub = createEventHub(limits);
  const { taken, state, end } = reader();
  expect(hub.subscribe(end)).toBe(true);
  state.full = true;
  hub.publish('a', 1);
  const before = taken.length;
  for (const [key, value] of [
    ['a', 2],
    ['b', 3],
    ['c', 4],
    ['b', 5],
  ] as const)
    hub.publish(key, value);
  expect(taken).toHaveLength(before);
  state.full = false;
  state.drain();
  expect(taken.at(-1)).toBe('data: 4\n\ndata: 5\n\n');
  hub.publish('d', 6);
  expect(taken.at(-1)).toBe('data: 6\n\n');
  hub.close();
});

test('readers beyond the bound are refused until one leaves', () => {
  const hub = createEventHub(limits);
  const first = reader();
  hub.subscribe(first.end);
  expect(hub.subscribe(reader().end)).toBe(false);
  first.state.close();
  expect(hub.subscribe(reader().end)).toBe(true);
  hub.close();
});
