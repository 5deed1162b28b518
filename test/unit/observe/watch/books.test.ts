/** The ledger compared again and again: real meters, a fault told once, the same after a new start. */
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { confirmMs } from '../../../../platform/observe/watch/books.ts';
import { acknowledgedIn, openIn } from '../../../../platform/observe/watch/booksFile.ts';
import { graceMs } from '../../../../platform/telemetry/conservation/balance.ts';
import { windowMs } from '../../../../platform/telemetry/conservation/cell.ts';
import { directory, faulty, Line, lookEveryMs, start, wholeMs } from './booksLine.ts';
import { arrive, enter, idsOf } from './counts.ts';

describe('a ledger that is compared all the time', () => {
  test('balances, in flight before and balanced after, whatever is asked for since when', () => {
    const line = new Line();
    expect(line.until(start + 120_000, () => line.pass(20))).toEqual([]);
    expect(line.books.counts()).toMatchObject({ unbalanced: 0, unknown: 0, lost: 0, duplicated: 0 });
    expect(line.books.counts().balanced).toBeGreaterThanOrEqual(9);
    expect(line.books.sinceMs(line.nowMs)).toBeGreaterThan(start);
    const { windows } = line.books.report();
    const sums = windows.slice(1, 9).map(({ state, stages }) => [state, ...stages.map((stage) => stage.out?.count)]);
    expect(sums).toEqual(Array.from({ length: 8 }, () => ['balanced', 100, 100]));
  });

  test('one event lost is told once, with stage and window, within 30 s of the window’s closing', () => {
    const line = new Line();
    line.pass(100, 1);
    const found = line.until(start + 100_000, () => line.pass(20));
    expect(found).toEqual([expect.objectContaining({ originMs: start, stage: 'store', kind: 'lost', events: 1 })]);
    expect(found[0]!.text).toContain('between ingress and store: 1 of');
    expect(found[0]!.atMs).toBeLessThanOrEqual(start + windowMs + 30_000);
    expect(line.books.counts()).toMatchObject({ unbalanced: 1, lost: 1, duplicated: 0 });
  });

  test('also of a stage that never has read everything when it is looked at', () => {
    const line = new Line();
    line.pass(100, 1);
    line.written += 5;
    const found = line.until(start + 100_000, () => line.pass(20));
    expect(found).toHaveLength(1);
    expect(found[0]!.atMs).toBeLessThanOrEqual(start + windowMs + 30_000);
  });

  test('what is only late is no loss, however long it takes', () => {
    const line = new Line();
    const waiting = enter(line.ingress, idsOf(50), line.nowMs);
    line.written += 50;
    expect(line.until(start + 200_000)).toEqual([]);
    arrive(line.store, waiting, { atMs: line.nowMs });
    line.read += 50;
    expect(line.until(start + 220_000)).toEqual([]);
    expect(line.books.counts()).toMatchObject({ unbalanced: 0, balanced: 1, inFlight: 0 });
  });

  test('a fault of a window that came to balance stays settled while no stage tells', () => {
    const line = new Line();
    const records = enter(line.ingress, idsOf(10), line.nowMs);
    arrive(line.store, records.slice(1), { atMs: line.nowMs, offset: 1 });
    [line.written, line.read] = [11, 11];
    expect(line.until(start + 40_000)).toHaveLength(1);
    // Its missing event was there after all, on a lane of its own.
    const late = records.slice(0, 1).map((record) => ({ ...record, raw: { ...record.raw, partition: 1 } }));
    arrive(line.store, late, { atMs: line.nowMs });
    line.until(start + 50_000);
    expect(line.books.counts().unbalanced).toBe(0);
    line.nowMs += 400_000;
    line.look([]);
    expect(line.books.counts().unbalanced).toBe(0);
    expect(line.books.report().windows).toHaveLength(1);
    // Nor does it count for who reads the file, or for the next observer, which has not seen the window balance.
    const file = join(directory, 'faults.json');
    expect(openIn(file, { pipeline: 'mine', revision: 1 }, line.nowMs)).toEqual([]);
    line.books = line.open();
    expect(line.books.faults()).toHaveLength(1);
    expect(line.books.open()).toEqual([]);
  });

  test('what only one look has seen is doubted, not told', () => {
    const line = new Line();
    const [records, other] = [enter(line.ingress, idsOf(10), start), enter(line.ingress, idsOf(1, 'x'), start)];
    line.written = 11;
    arrive(line.store, records, { atMs: start });
    line.read = 11;
    line.nowMs = start + windowMs + graceMs;
    expect(line.look()).toEqual([]);
    expect(line.books.counts()).toMatchObject({ unbalanced: 0, inFlight: 1 });
    arrive(line.store, other, { atMs: line.nowMs, offset: 10 });
    expect(line.until(line.nowMs + 3 * confirmMs)).toEqual([]);
    expect(line.books.counts()).toMatchObject({ unbalanced: 0, balanced: 1 });
  });
});

describe('a fault that was told', () => {
  test('is not told again by the next observer, and counts on', () => {
    const line = faulty();
    line.books = line.open();
    expect(line.until(line.nowMs + 60_000, () => line.pass(5))).toEqual([]);
    expect(line.books.counts()).toMatchObject({ unbalanced: 1, lost: 1 });
    expect(line.books.open()[0]).toMatchObject({ stage: 'store', events: 1, acknowledgedMs: null });
  });

  test('counts no longer once it was acknowledged, and stays so', () => {
    const line = faulty();
    const { originMs } = line.books.open()[0]!;
    expect(line.books.acknowledge({ originMs: originMs - windowMs }, line.nowMs)).toEqual([]);
    expect(line.books.acknowledge({ originMs, note: 'the disk was full' }, line.nowMs)).toHaveLength(1);
    expect(line.books.acknowledge({}, line.nowMs)).toEqual([]);
    line.books = line.open();
    line.until(line.nowMs + 20_000);
    expect(line.books.counts()).toMatchObject({ unbalanced: 0, acknowledged: 1, lost: 0 });
    expect(line.books.faults()).toHaveLength(1);
    const known = { originMs, stage: 'store', kind: 'lost', events: 1, note: 'the disk was full' };
    expect(acknowledgedIn(join(directory, 'faults.json'))).toMatchObject([known]);
  });

  test('stays in the ledger and in its sums, marked with when and by which note it was acknowledged', () => {
    const line = faulty();
    const atMs = line.nowMs;
    line.books.acknowledge({ note: 'seen' }, atMs);
    const marked = () => line.books.report().windows.flatMap(({ faults }) => faults);
    expect(marked()).toMatchObject([{ stage: 'store', events: 1, acknowledged: { atMs, note: 'seen' } }]);
    line.until(line.nowMs + 20_000, () => line.pass(5));
    expect(marked()).toMatchObject([{ events: 1, acknowledged: { atMs, note: 'seen' } }]);
    expect(line.books.report()).toMatchObject({ lost: 1, duplicated: 0 });
    expect(line.books.report().windows.find(({ originMs }) => originMs === start)).toMatchObject({
      state: 'unbalanced',
    });
  });

  test('once acknowledged is told again when it is another one, and then counts as that', () => {
    const line = faulty();
    line.books.acknowledge({}, line.nowMs);
    const more = enter(line.ingress, idsOf(2, 'late'), start);
    expect(more).toHaveLength(2);
    const told = line.until(line.nowMs + wholeMs, () => line.pass(5));
    expect(told).toEqual([
      expect.objectContaining({ originMs: start, stage: 'store', events: 3, acknowledgedMs: null }),
    ]);
    expect(line.books.counts()).toMatchObject({ unbalanced: 1, acknowledged: 0, lost: 3 });
    expect(acknowledgedIn(join(directory, 'faults.json'))).toEqual([]);
  });

  test('is not told again when its figure changes, but says what the looks say now', () => {
    const line = faulty();
    const { toldMs } = line.books.open()[0]!;
    enter(line.ingress, idsOf(2, 'late'), start);
    expect(line.until(line.nowMs + wholeMs, () => line.pass(5))).toEqual([]);
    expect(line.books.counts()).toMatchObject({ unbalanced: 1, lost: 3 });
    expect(line.open().open()).toMatchObject([{ stage: 'store', events: 3, toldMs }]);
    expect(line.books.open()[0]!.text).toContain('3 of');
  });

  test('can be acknowledged as soon as one look has seen it, and is never told then', () => {
    const line = new Line();
    line.pass(100, 1);
    while (line.books.report().windows[0]?.state !== 'unbalanced')
      expect(line.until(line.nowMs + lookEveryMs)).toEqual([]);
    expect(line.books.open()).toEqual([]);
    expect(line.books.acknowledge({}, line.nowMs)).toMatchObject([{ originMs: start, events: 1 }]);
    expect(line.until(line.nowMs + 20_000)).toEqual([]);
    expect(line.books.counts()).toMatchObject({ unbalanced: 0, acknowledged: 1, inFlight: 0 });
  });

  test('is found after a clock that was set back, and pages are asked for as a whole', () => {
    const line = new Line();
    line.until(start + 40_000, () => line.pass(5));
    line.nowMs -= 3_600_000;
    expect(line.books.sinceMs(line.nowMs)).toBe(0);
    const report = {
      ...{ windowMs, lost: 1, duplicated: 0, replayed: 0 },
      windows: [
        {
          ...{ originMs: start, origin: '', state: 'unbalanced' as const, balance: 'unbalanced' as const },
          ...{ stages: [], waitsFor: [], faults: [{ stage: 'x', kind: 'lost' as const, events: 1, text: '1 of 2' }] },
        },
      ],
    };
    const books = line.open();
    const lookAt = (nowMs: number) => books.judge({ report, sinceMs: 0, isWhole: true }, nowMs).length;
    const after = start - 3_600_000;
    expect([start, after, after + confirmMs].map(lookAt)).toEqual([0, 0, 1]);
  });
});
