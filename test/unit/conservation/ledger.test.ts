import { appendFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { windowMs } from '../../../platform/telemetry/conservation/cell.ts';
import { memoryJournal, openJournal } from '../../../platform/telemetry/conservation/journal.ts';
import { StageLedger } from '../../../platform/telemetry/conservation/stageLedger.ts';
import { addTallies, eventHash, sameTally, Tally } from '../../../platform/telemetry/conservation/tally.ts';

const origin = 1_795_538_300_000;

const tallyOf = (ids: readonly string[]) => {
  const tally = new Tally();
  for (const id of ids) tally.add(eventHash(id));
  return tally.value();
};

describe('a tally', () => {
  const ids = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }), { maxLength: 60 });

  test('does not depend on order or on how the events were parted', () => {
    fc.assert(
      fc.property(ids, ids, (one, other) => {
        const together = tallyOf([...other, ...one].reverse());
        expect(addTallies([tallyOf(one), tallyOf(other)])).toEqual(together);
      }),
    );
  });

  test('sees each event that is missing, doubled or exchanged', () => {
    fc.assert(
      fc.property(
        ids.filter((all) => all.length > 1),
        fc.nat(),
        (all, pick) => {
          const at = pick % all.length;
          const whole = tallyOf(all);
          expect(sameTally(whole, tallyOf(all.toSpliced(at, 1)))).toBe(false);
          expect(sameTally(whole, tallyOf([...all, all[at]!]))).toBe(false);
          expect(sameTally(whole, tallyOf(all.with(at, `${all[at]}'`)))).toBe(false);
        },
      ),
    );
  });

  test('of two hundred thousand ids of one form has no two hashes alike', () => {
    const seen = new Set<number>();
    for (let i = 0; i < 200_000; i++) {
      const { high, low } = eventHash(`verify-mmwuwvgat351f-${i}`);
      // 53 bits of the 64: a pair among so many has a chance of about 2e-6.
      seen.add((high & 0x1f_ffff) * 0x1_0000_0000 + low);
    }
    expect(seen.size).toBe(200_000);
  });
});

describe('the ledger of a stage', () => {
  const ledgerOn = (journal = memoryJournal(), maxCells = 4096) =>
    new StageLedger({ stage: 'store', journal, now: () => origin, maxCells });

  test('counts what comes again as replayed, also after the death of its process', () => {
    const journal = memoryJournal();
    const pass = (ledger: StageLedger, from: number, to: number) => {
      for (let offset = from; offset < to; offset++) {
        const kind = ledger.advance('flights/0', offset) ? 'in' : 'replayed';
        ledger.add(kind, origin, 'p', eventHash(`event-${offset}`));
      }
    };
    const first = ledgerOn(journal);
    pass(first, 0, 100);
    first.write();
    // Killed before the offset was committed: 100 to 150 were counted, but not written.
    pass(first, 100, 150);
    const second = ledgerOn(journal);
    pass(second, 40, 200);
    second.write();
    const [cell] = ledgerOn(journal).snapshot().cells;
    expect(cell?.tallies.in).toEqual(tallyOf(Array.from({ length: 200 }, (_, i) => `event-${i}`)));
    expect(cell?.tallies.replayed?.count).toBe(60);
  });

  test('stays within its memory, and says which windows it gave up', () => {
    const ledger = ledgerOn(memoryJournal(), 64);
    for (let i = 0; i < 1000; i++) {
      ledger.add('in', origin + i * windowMs, 'p', eventHash(`${i}`));
      ledger.write();
    }
    const { cells, forgottenWindows } = ledger.snapshot();
    expect(cells.length).toBeLessThanOrEqual(64);
    expect(cells.length + forgottenWindows).toBe(1000);
    expect(cells.some(({ originMs }) => originMs === origin + 999 * windowMs)).toBe(true);
  });

  test('a topic that was made anew begins its lane again', () => {
    const ledger = ledgerOn();
    expect(ledger.advance('t/0', 500)).toBe(true);
    expect(ledger.advance('t/0', 0)).toBe(false);
    ledger.resetLane('t/0');
    expect(ledger.advance('t/0', 0)).toBe(true);
  });
});

describe('the journal', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'conservation-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));
  const fileOf = () => join(directory, 'ledger', 'store.ndjson');
  const entry = (count: number) => ({ lanes: { 't/0': count }, cells: [], withoutOrigin: 0 });

  test('gives back what was appended; a last line that was cut short is left out, and the next is whole', () => {
    const one = openJournal(fileOf());
    one.append(entry(1));
    one.close();
    appendFileSync(fileOf(), '{"format":"millrace/conservation/1","lanes":{"t/');
    const two = openJournal(fileOf());
    expect(two.entries()).toMatchObject([entry(1)]);
    two.append(entry(2));
    two.close();
    const three = openJournal(fileOf());
    expect(three.entries()).toMatchObject([entry(1), entry(2)]);
    three.close();
  });

  test('is written anew when it is long, and then holds all the same', () => {
    const journal = openJournal(fileOf());
    const ledger = new StageLedger({ stage: 's', journal, now: () => origin });
    for (let i = 0; i < 40_000; i++) {
      ledger.advance('t/0', i);
      ledger.add('in', origin + (i % 3) * windowMs, 'p', eventHash(`${i}`));
      ledger.write();
    }
    expect(statSync(fileOf()).size).toBeLessThan(4.5 * 1024 * 1024);
    const again = new StageLedger({ stage: 's', journal: openJournal(fileOf()), now: () => origin });
    expect(again.snapshot()).toEqual(ledger.snapshot());
    expect(again.advance('t/0', 39_999)).toBe(false);
  });

  test.each([
    ['a foreign format', '{"format":"other/1"}\n', 'FOREIGN_STATE'],
    ['a line that is no JSON', 'hello\n', 'CORRUPT_STATE'],
  ])('%s is refused by name', (_, text, code) => {
    openJournal(fileOf()).close();
    writeFileSync(fileOf(), text);
    expect(() => openJournal(fileOf())).toThrow(expect.objectContaining({ code }));
  });
});
