/** How long a fault stays known, and how many do. */
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { confirmMs } from '../../../../platform/observe/watch/books.ts';
import { openIn } from '../../../../platform/observe/watch/booksFile.ts';
import { windowMs } from '../../../../platform/telemetry/conservation/cell.ts';
import { directory, faulty, Line, lookEveryMs, start, wholeMs } from './booksLine.ts';
import { sinkMeter } from './counts.ts';

describe('a fault that was told', () => {
  test('once acknowledged is not told anew after a day, as long as the pages still tell of it', () => {
    const line = faulty();
    line.books.acknowledge({ note: 'seen' }, line.nowMs);
    line.nowMs += 86_500_000;
    expect(line.until(line.nowMs + 20_000)).toEqual([]);
    expect(line.books.counts()).toMatchObject({ unbalanced: 0, acknowledged: 1 });
  });

  test('once acknowledged is not told anew after a day by an observer that starts before the stages tell', () => {
    const line = faulty();
    line.books.acknowledge({ note: 'seen' }, line.nowMs);
    line.nowMs += 86_500_000;
    line.books = line.open();
    expect(line.look([])).toEqual([]);
    // One that has nothing of the window, which it lost wholly, tells first.
    line.nowMs += lookEveryMs;
    expect(line.look([sinkMeter('store', () => line.nowMs)])).toEqual([]);
    expect(line.until(line.nowMs + wholeMs)).toEqual([]);
    expect(line.books.counts()).toMatchObject({ unbalanced: 0, acknowledged: 1 });
    // With the window goes what is known of it.
    const report = { windowMs, windows: [], lost: 0, duplicated: 0, replayed: 0 };
    line.books.judge({ report, sinceMs: 0, isWhole: true }, line.nowMs);
    expect(line.books.faults()).toEqual([]);
  });

  test('of thousands the file keeps so many as are certain to be bounded, the newest', () => {
    const books = new Line().books;
    const window = (at: number) => ({
      ...{ originMs: start + at * windowMs, origin: '', state: 'unbalanced' as const, balance: 'unbalanced' as const },
      ...{ stages: [], waitsFor: [] },
      faults: ['a', 'b'].map((stage) => ({ stage, kind: 'lost' as const, events: 1, text: '1 of 2' })),
    });
    const windows = Array.from({ length: 3000 }, (_, at) => window(at));
    const report = { windowMs, windows, lost: 6000, duplicated: 0, replayed: 0 };
    const nowMs = start + 4000 * windowMs;
    for (const lookMs of [nowMs, nowMs + confirmMs]) books.judge({ report, sinceMs: 0, isWhole: true }, lookMs);
    expect(books.faults()).toHaveLength(4096);
    expect(books.faults().at(-1)).toMatchObject({ originMs: windows.at(-1)!.originMs });
  });

  test('goes after a day', () => {
    const line = faulty();
    line.nowMs += 86_500_000;
    const report = { windowMs, windows: [], lost: 0, duplicated: 0, replayed: 0 };
    line.books.judge({ report, sinceMs: 0, isWhole: true }, line.nowMs);
    expect(line.books.faults()).toEqual([]);
  });

  test('is told once however long its window is on the pages, and known for a day after, over restarts too', () => {
    const line = faulty();
    for (let day = 0; day < 3; day++) {
      line.nowMs += 86_500_000;
      line.books = line.open();
      // Pages first, of one look; then all of them.
      expect(line.until(line.nowMs + wholeMs)).toEqual([]);
      expect(line.books.counts()).toMatchObject({ unbalanced: 1, lost: 1 });
      expect(openIn(join(directory, 'faults.json'), { pipeline: 'mine', revision: 1 }, line.nowMs)).toHaveLength(1);
    }
    const goneMs = line.nowMs;
    const report = { windowMs, windows: [], lost: 0, duplicated: 0, replayed: 0 };
    const lookAt = (nowMs: number) => {
      line.books.judge({ report, sinceMs: 0, isWhole: true }, nowMs);
      return line.books.open().length;
    };
    expect([goneMs + 82_000_000, goneMs + 86_500_000].map(lookAt)).toEqual([1, 0]);
  });
});
