/** The file of the books: not there, not readable, not ours. Real files. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { windowMs } from '../../../../platform/telemetry/conservation/cell.ts';
import { directory, faulty, start, told } from './booksLine.ts';

describe('a fault that was told', () => {
  test('is not acknowledged when that can not be written down', () => {
    const line = faulty();
    rmSync(directory, { recursive: true });
    writeFileSync(directory, 'in the way');
    expect(() => line.books.acknowledge({}, line.nowMs)).toThrow(
      expect.objectContaining({ code: 'STATE_UNAVAILABLE' }),
    );
    expect(line.books.counts()).toMatchObject({ unbalanced: 1, acknowledged: 0 });
  });

  test('is not one of a pipeline that was deployed anew under the name', () => {
    const line = faulty();
    line.books = line.open(2);
    expect(line.books.faults()).toHaveLength(1);
    line.books.acknowledge({}, line.nowMs);
    expect(line.open(1).faults()).toEqual([]);
  });

  test('books that can not be read for a while are neither set aside nor written over', () => {
    const line = faulty();
    line.books.acknowledge({ note: 'seen' }, line.nowMs);
    const file = join(directory, 'faults.json');
    renameSync(file, `${file}.away`);
    // Of which there is no text to be had, as where the process has no descriptor left.
    mkdirSync(file);
    line.books = line.open();
    // Meanwhile another one is found.
    line.pass(100, 1);
    const second = line.nowMs - (line.nowMs % windowMs);
    expect(line.until(line.nowMs + 60_000).map(({ originMs }) => originMs)).toContain(second);
    expect(() => line.books.acknowledge({}, line.nowMs)).toThrow(
      expect.objectContaining({ code: 'STATE_UNAVAILABLE' }),
    );
    expect(told).toEqual([expect.stringContaining('It is read again with each look')]);
    expect(readdirSync(directory).sort()).toEqual(['faults.json', 'faults.json.away']);
    rmSync(file, { recursive: true });
    renameSync(`${file}.away`, file);
    expect(line.until(line.nowMs + 20_000)).toEqual([]);
    const known = [
      { originMs: start, note: 'seen' },
      { originMs: second, acknowledgedMs: null },
    ];
    expect(line.books.faults()).toMatchObject(known);
    expect(line.open().faults()).toMatchObject(known);
    expect(line.books.counts()).toMatchObject({ unbalanced: 1, acknowledged: 1 });
  });

  test('books that are corrupt are set aside and told; the faults are found again', () => {
    const line = faulty();
    const file = join(directory, 'faults.json');
    writeFileSync(file, '{"format":"millrace/ledger-faults/1","faults":3}');
    line.books = line.open();
    expect(told).toEqual([expect.stringContaining(`${file}.corrupt`)]);
    expect([existsSync(file), readFileSync(`${file}.corrupt`, 'utf8').length > 0]).toEqual([false, true]);
    expect(line.until(line.nowMs + 20_000)).toHaveLength(1);
  });
});
