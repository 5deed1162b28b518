import { appendFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { balance, graceMs, type LedgerStage } from '../../../platform/telemetry/conservation/balance.ts';
import { maxCells, windowMs } from '../../../platform/telemetry/conservation/cell.ts';
import { memoryJournal, openJournal } from '../../../platform/telemetry/conservation/journal.ts';
import { StageLedger } from '../../../platform/telemetry/conservation/stageLedger.ts';
import { addTallies, emptyTally, eventHash, sameTally, Tally } from '../../../platform/telemetry/conservation/tally.ts';

const origin = 1_795_538_300_000;
const later = origin + 60_000 + windowMs + graceMs;

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

describe('the balance', () => {
  const page = (
    stage: string,
    kinds: Partial<Record<'in' | 'out' | 'filtered' | 'deadLettered' | 'offered', string[]>>,
  ) => {
    const ledger = new StageLedger({ stage, journal: memoryJournal(), now: () => origin });
    for (const [kind, ids] of Object.entries(kinds))
      for (const id of ids) ledger.add(kind as 'in', origin + Number(id.split(':')[0]) * windowMs, 'p', eventHash(id));
    return ledger.snapshot();
  };
  const ids = Array.from({ length: 300 }, (_, i) => `${i % 3}:${i}`);
  const ingress = (sent: string[], offered = sent): LedgerStage => ({
    name: 'ingress',
    writes: 'flights',
    pages: [page('ingress', { offered, out: sent })],
    drained: true,
  });
  const store = (read: string[], stored = read, drained = true): LedgerStage => ({
    name: 'store',
    reads: 'flights',
    pages: [page('store', { in: read, out: stored })],
    drained,
  });
  const report = (...stages: LedgerStage[]) => balance(stages, later);

  test('everything in, everything out: each window is balanced', () => {
    const { windows, lost, duplicated } = report(ingress(ids), store(ids));
    expect(windows.map(({ state }) => state)).toEqual(['balanced', 'balanced', 'balanced']);
    expect({ lost, duplicated }).toEqual({ lost: 0, duplicated: 0 });
  });

  test('one event lost or doubled anywhere is named by stage, window and hash', () => {
    fc.assert(
      fc.property(fc.nat(299), fc.constantFrom('lost', 'doubled'), fc.boolean(), (at, kind, inside) => {
        const wrong = kind === 'lost' ? ids.toSpliced(at, 1) : [...ids, ids[at]!];
        const { windows, lost, duplicated } = report(ingress(ids), inside ? store(ids, wrong) : store(wrong));
        const faults = windows.flatMap((each) => each.faults.map((fault) => ({ ...fault, originMs: each.originMs })));
        const { high, low } = eventHash(ids[at]!);
        const hex = (half: number) => half.toString(16).padStart(8, '0');
        expect(faults).toEqual([
          expect.objectContaining({
            ...{ kind, events: 1, stage: 'store', hash: hex(high) + hex(low) },
            originMs: origin + (at % 3) * windowMs,
            text: expect.stringContaining(inside ? 'inside store' : 'between ingress and store'),
          }),
        ]);
        expect([lost, duplicated]).toEqual(kind === 'lost' ? [1, 0] : [0, 1]);
      }),
    );
  });

  test('what is not read yet is in flight, never lost', () => {
    const { windows, lost } = report(ingress(ids), store(ids.slice(0, 250), undefined, false));
    expect(windows.map(({ state }) => state)).toContain('in-flight');
    expect(lost).toBe(0);
    expect(windows.flatMap(({ waitsFor }) => waitsFor).join()).toMatch(/store: \d+ on their way/);
  });

  test('a window that is not closed is in flight', () => {
    const { windows } = balance([ingress(ids), store([])], origin + windowMs);
    expect(windows.every(({ state }) => state === 'in-flight')).toBe(true);
  });

  test('an event that the broker was offered and did not answer for may be there, or not', () => {
    const sent = ids.slice(0, 299);
    expect(report(ingress(sent, ids), store(sent)).windows.every(({ state }) => state === 'balanced')).toBe(true);
    expect(report(ingress(sent, ids), store(ids)).windows.every(({ state }) => state === 'balanced')).toBe(true);
    expect(report(ingress(sent), store(ids)).duplicated).toBe(1);
  });

  test('filtered and dead-lettered events are accounted for', () => {
    const pages = [page('store', { in: ids, out: ids.slice(2), filtered: [ids[0]!], deadLettered: [ids[1]!] })];
    const { windows } = report(ingress(ids), { name: 'store', reads: 'flights', pages, drained: true });
    expect(windows.every(({ state }) => state === 'balanced')).toBe(true);
  });

  test('a stage that does not count leaves the window unknown, not balanced', () => {
    const silent: LedgerStage = { name: 'job', reads: 'flights', writes: 'late', pages: undefined, drained: true };
    const { windows } = report(ingress(ids), silent, store(ids));
    expect(windows.every(({ state }) => state === 'unknown')).toBe(true);
    expect(windows[0]?.waitsFor.join()).toContain('job');
  });

  describe('with a job between', () => {
    const half = ids.filter((_, i) => i % 2 === 0);
    const job = (kind: 'filter' | 'aggregate', read: string[], made: string[], drained = true): LedgerStage => ({
      ...{ name: 'job', job: kind, reads: 'flights', writes: 'late', drained },
      pages: [page('job', { in: read, out: made })],
    });
    const reader = (read: string[], drained = true): LedgerStage => ({
      ...{ name: 'reader', reads: 'late', drained },
      pages: [page('reader', { in: read, out: read })],
    });

    test('a filter may leave events out, and its readers must have the rest', () => {
      const { windows } = report(ingress(ids), job('filter', ids, half), reader(half));
      expect(windows.map(({ state }) => state)).toEqual(['balanced', 'balanced', 'balanced']);
      expect(report(ingress(ids), job('filter', ids, half), reader(half.slice(1))).lost).toBe(1);
      expect(report(ingress(ids), job('filter', ids.slice(1), half), reader(half)).lost).toBe(1);
    });

    test('a filter that makes events is a fault inside it', () => {
      const { windows } = report(ingress(ids), job('filter', ids, [...ids, '0:more']), reader([...ids, '0:more']));
      expect(windows[0]?.faults[0]).toMatchObject({ stage: 'job', kind: 'doubled', events: 1 });
    });

    test('results of an aggregation may come again, and must not be missing', () => {
      expect(report(ingress(ids), job('aggregate', ids, half), reader([...half, half[0]!])).duplicated).toBe(0);
      expect(report(ingress(ids), job('aggregate', ids, half), reader(half.slice(1))).lost).toBe(1);
    });

    test('a batch that was cut off is counted again: until then its results are no doubles', () => {
      const { windows, duplicated } = report(ingress(ids), job('filter', half, [], false), reader(half));
      expect(duplicated).toBe(0);
      expect(windows[0]).toMatchObject({ state: 'in-flight' });
    });
  });

  test('windows that one stage has given up and another still knows are no faults; later ones are judged', () => {
    const every = Array.from({ length: maxCells + 10 }, (_, i) => `${i}:x`);
    const known = every.filter((_, i) => i % 2 === 0);
    const lateMs = origin + (maxCells + 20) * windowMs;
    const ledger = new StageLedger({ stage: 'ingress', journal: memoryJournal(), now: () => origin });
    for (const [i, id] of every.entries()) {
      ledger.add('offered', origin + i * windowMs, 'p', eventHash(id));
      if (i % 2 === 0) ledger.add('out', origin + i * windowMs, 'p', eventHash(id));
    }
    const pages = [ledger.snapshot()];
    const judged = (read: string[]) => balance([{ ...ingress([]), pages }, store(read)], lateMs);
    expect(judged(known)).toMatchObject({ lost: 0, duplicated: 0 });
    expect(judged(known).windows.length).toBeGreaterThan(maxCells / 2);
    expect(judged(known.toSpliced(-5, 1))).toMatchObject({ lost: 1, duplicated: 0 });
  });

  test('tallies of several instances of a stage add up', () => {
    const halves = [ids.filter((_, i) => i % 2 === 0), ids.filter((_, i) => i % 2 === 1)];
    const pages = halves.map((half) => page('store', { in: half, out: half }));
    const { windows } = report(ingress(ids), { name: 'store', reads: 'flights', pages, drained: true });
    expect(windows.every(({ state }) => state === 'balanced')).toBe(true);
    expect(windows[0]?.stages[1]?.in ?? emptyTally).toEqual(windows[0]?.stages[0]?.out);
  });
});
