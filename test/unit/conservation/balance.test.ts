import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { balance, graceMs } from '../../../platform/telemetry/conservation/balance.ts';
import { maxCells, type TallyKind, windowMs } from '../../../platform/telemetry/conservation/cell.ts';
import { memoryJournal } from '../../../platform/telemetry/conservation/journal.ts';
import type { LedgerStage } from '../../../platform/telemetry/conservation/report.ts';
import { StageLedger } from '../../../platform/telemetry/conservation/stageLedger.ts';
import { emptyTally, eventHash } from '../../../platform/telemetry/conservation/tally.ts';

const origin = 1_795_538_300_000;
const later = origin + 60_000 + windowMs + graceMs;

describe('the balance', () => {
  const page = (stage: string, kinds: Partial<Record<TallyKind, string[]>>) => {
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

  test('windows that an instance has counted which is gone are unknown; later ones are judged', () => {
    const rest = { ...ingress(ids.filter((id) => !id.startsWith('0:'))), countedFromMs: origin + 1 };
    const { windows, duplicated } = report(rest, store(ids));
    expect(windows.map(({ state }) => state)).toEqual(['unknown', 'balanced', 'balanced']);
    expect(windows[0]?.waitsFor.join()).toContain('gone');
    expect(duplicated).toBe(0);
    // Of 0, 1, 2, 0 and 1, those of the first window can't be judged.
    expect(report({ ...ingress(ids), countedFromMs: origin + 1 }, store(ids.slice(5))).lost).toBe(3);
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

    const complete = (
      kind: 'filter' | 'aggregate',
      tallies: Parameters<typeof page>[1],
      drained = true,
    ): LedgerStage => ({
      ...{ name: 'job', job: kind, reads: 'flights', writes: 'late', drained },
      pages: [{ ...page('job', tallies), completeFromMs: origin }],
    });
    const left = ids.filter((id) => !half.includes(id));

    test('a filter that counts what it leaves out has lost what is missing, once it has read everything', () => {
      const counted = { in: ids, out: half, filtered: left };
      expect(report(ingress(ids), complete('filter', counted), reader(half)).windows[0]?.state).toBe('balanced');
      const short = { ...counted, out: half.slice(1) };
      const { windows, lost } = report(ingress(ids), complete('filter', short), reader(half.slice(1)));
      expect(lost).toBe(1);
      expect(windows[0]?.faults[0]).toMatchObject({
        stage: 'job',
        kind: 'lost',
        text: expect.stringContaining('inside job'),
      });
      expect(report(ingress(ids), complete('filter', short, false), reader(half.slice(1))).lost).toBe(0);
    });

    test('only windows from which on it counts what it leaves out are held against it', () => {
      const page = complete('filter', { in: ids, out: half }).pages![0]!;
      const later = { ...complete('filter', {}), pages: [{ ...page, completeFromMs: origin + 2 * windowMs }] };
      const { windows } = report(ingress(ids), later, reader(half));
      expect(windows.map(({ state }) => state)).toEqual(['balanced', 'balanced', 'unbalanced']);
    });

    test('an aggregation must take in all that was read', () => {
      expect(report(ingress(ids), complete('aggregate', { in: ids, aggregated: ids })).windows[0]?.state).toBe(
        'balanced',
      );
      expect(report(ingress(ids), complete('aggregate', { in: ids, aggregated: ids.slice(1) })).lost).toBe(1);
      expect(report(ingress(ids), complete('aggregate', { in: ids, aggregated: [...ids, ids[0]!] })).duplicated).toBe(
        1,
      );
    });

    test('what a filter makes twice of one record is said once: by the filter', () => {
      const twice = complete('filter', { in: ids, out: [...half, half[0]!], filtered: left });
      const stored = { ...reader(half), pages: [page('reader', { in: half, out: half, replayed: [half[0]!] })] };
      const { lost, duplicated, windows } = report(ingress(ids), twice, stored);
      expect([lost, duplicated]).toEqual([0, 1]);
      expect(windows[0]?.faults).toMatchObject([{ stage: 'job', kind: 'doubled' }]);
    });

    test('results of an aggregation may come again, and must not be missing', () => {
      expect(report(ingress(ids), job('aggregate', ids, half), reader([...half, half[0]!])).duplicated).toBe(0);
      expect(report(ingress(ids), job('aggregate', ids, half), reader(half.slice(1))).lost).toBe(1);
    });

    test('what a job writes that is behind was not there yet when its reader was looked at: no loss', () => {
      const readSo = (drained: boolean) => job('filter', ids.slice(6), half.slice(3), drained);
      const behind = report(ingress(ids), readSo(false), reader(half.slice(6)));
      expect(behind.lost).toBe(0);
      expect(behind.windows.map(({ state }) => state)).toEqual(['in-flight', 'in-flight', 'in-flight']);
      // Six are missing between the ingress and the job, and three behind it.
      expect(report(ingress(ids), readSo(true), reader(half.slice(6))).lost).toBe(6 + 3);
      expect(report(ingress(ids), job('filter', ids, half, false), reader(half.slice(1))).lost).toBe(1);
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
