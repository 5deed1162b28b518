/** What the webhook is still to be told: every alert that fires, once; and what was given up, when there is hope, or in time. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Alert } from '../../../platform/api/contract/pipelines.ts';
import { defaultAgainAfterMs, isOwed, isPromising, type Moment } from '../../../platform/jobs/owed.ts';

const now = Date.parse('2026-11-25T00:00:00Z');
const minute = 60_000;
const day = 86_400_000;

const alert = (more: Partial<Alert>): Alert => ({
  ...{ id: 'delays.fresh.page.abc', pipeline: 'delays', name: 'fresh', severity: 'page', text: 'late', next: 'look' },
  ...{ state: 'firing', sinceMs: now - 30 * minute, resolvedMs: null },
  ...{ delivery: 'failed', refusal: { reason: 'no', atMs: now - minute }, rounds: 1, told: null },
  ...more,
});
const over = (more: Partial<Alert>) => alert({ state: 'resolved', resolvedMs: now - 2 * minute, ...more });
const toldFiring = { state: 'firing', atMs: now - 20 * minute, webhookSinceMs: now - day } as const;
const moment = (more: Partial<Moment> = {}): Moment => ({
  webhook: { sinceMs: now - day, setMs: now - day },
  ...{ answeredMs: 0, nowMs: now, againAfterMs: defaultAgainAfterMs },
  ...more,
});
const setNow = moment({ webhook: { sinceMs: now - day, setMs: now } });
const changedNow = moment({ webhook: { sinceMs: now, setMs: now } });

describe('of what fires', () => {
  test('what no webhook was there for is owed to the one that comes', () => {
    expect(isOwed(alert({ delivery: null, refusal: null, rounds: 0 }), moment())).toBe(true);
  });

  test('what was given up is owed when the webhook is set, when it takes another alert, and in time by itself', () => {
    expect(isOwed(alert({}), moment())).toBe(false);
    expect(isOwed(alert({}), setNow)).toBe(true);
    expect(isOwed(alert({}), moment({ answeredMs: now }))).toBe(true);
    expect(isOwed(alert({}), moment({ answeredMs: now - 2 * minute }))).toBe(false);
    expect(isOwed(alert({}), moment({ nowMs: now + defaultAgainAfterMs }))).toBe(true);
    // The clock was set back.
    expect(isOwed(alert({}), moment({ nowMs: now - day }))).toBe(true);
    expect(isOwed(alert({ refusal: null }), moment())).toBe(true);
  });

  test('what was told is told again to another webhook only', () => {
    const told = alert({ delivery: 'delivered', refusal: null, told: toldFiring });
    for (const each of [moment(), setNow, moment({ answeredMs: now })]) expect(isOwed(told, each)).toBe(false);
    expect(isOwed(told, changedNow)).toBe(true);
    expect(isOwed({ ...told, told: { ...toldFiring, webhookSinceMs: now } }, changedNow)).toBe(false);
    // Of a list that does not say which webhook: by the times.
    const unknown = { ...toldFiring, webhookSinceMs: null };
    expect(isOwed({ ...told, told: unknown }, changedNow)).toBe(true);
    expect(isOwed({ ...told, told: { ...unknown, atMs: now } }, changedNow)).toBe(false);
    // Of a list that does not say when.
    expect(isOwed({ ...told, told: null }, changedNow)).toBe(false);
  });
});

test('a webhook that was set in the future (the clock was set back) is told once, and hurries nothing', () => {
  const future = moment({ webhook: { sinceMs: now + day, setMs: now + day }, answeredMs: now + day });
  const told = alert({ delivery: 'delivered', refusal: null, told: toldFiring });
  expect(isOwed(told, future)).toBe(true);
  expect(isOwed({ ...told, told: { state: 'firing', atMs: now, webhookSinceMs: now + day } }, future)).toBe(false);
  expect(isOwed(alert({}), future)).toBe(false);
  expect(isPromising(alert({}), future)).toBe(false);
});

describe('of what is over', () => {
  test('an end is owed where the beginning was told, for a day', () => {
    const untold = over({ delivery: null, refusal: null, rounds: 0 });
    expect(isOwed(untold, setNow)).toBe(false);
    const told = { ...untold, told: toldFiring };
    expect(isOwed(told, setNow)).toBe(true);
    expect(isOwed({ ...told, resolvedMs: now - day - 1 }, setNow)).toBe(false);
  });

  test('one that was given up is tried again as what fires is, for a day', () => {
    expect(isOwed(over({}), moment())).toBe(false);
    expect(isOwed(over({}), setNow)).toBe(true);
    expect(isOwed(over({ resolvedMs: now - day - 1 }), setNow)).toBe(false);
  });

  test('one that was told is owed to nobody', () => {
    const told = over({ delivery: 'delivered', refusal: null, told: { ...toldFiring, state: 'resolved' } });
    for (const each of [moment(), setNow, changedNow]) expect(isOwed(told, each)).toBe(false);
  });
});

const times = fc.integer({ min: now - 2 * day, max: now });
const moments = fc.record({ sinceMs: times, setMs: times, answeredMs: times, atMs: times });

test('nothing that is in the queue is owed; nothing that was refused after all news is promising', () => {
  fc.assert(
    fc.property(moments, fc.constantFrom('firing', 'resolved'), (at, state) => {
      const { sinceMs, setMs, answeredMs, atMs } = at;
      const each = moment({ webhook: { sinceMs, setMs }, answeredMs });
      const queued = alert({ state, delivery: 'queued', refusal: { reason: 'no', atMs } });
      expect(isOwed(queued, each)).toBe(false);
      expect(isPromising(queued, each)).toBe(atMs < setMs || atMs < answeredMs);
      expect(isPromising({ ...queued, refusal: null }, each)).toBe(false);
    }),
  );
});
