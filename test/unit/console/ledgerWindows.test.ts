/** What a pipeline's page reads out of the ledger. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  isOpen,
  ledgerUntil,
  placedFaults,
  readLedger,
} from '../../../platform/console/app/pages/pipeline/ledger/windows.ts';
import { ledgerOf } from '../../fixtures/console/measures.ts';
import { summaries } from '../../fixtures/console/world.ts';

describe('the ledger', () => {
  it('is read with its windows in order, their faults and what they wait for', () => {
    const ledger = readLedger(ledgerOf(summaries[1]!))!;
    expect(ledger.windows).toHaveLength(48);
    expect(ledger.windows.filter(({ state }) => state === 'unbalanced').flatMap(({ faults }) => faults)).toEqual([
      expect.objectContaining({ text: 'store-severe: 2 events of severe-delays were not stored.', acknowledged: null }),
    ]);
    expect(ledger.windows.at(-1)?.waitsFor).toEqual(['store-windows']);
    expect(ledger.lost).toBe(2);
  });

  it('tells what was acknowledged with its time and note, and what is still open', () => {
    const fault = { stage: 's', kind: 'lost', events: 1, text: '1 of 2 events missing' };
    const windows = [
      {
        originMs: 0,
        origin: 'o',
        state: 'unbalanced',
        faults: [{ ...fault, acknowledged: { atMs: 5, note: 'seen' } }],
      },
      {
        originMs: 1,
        origin: 'p',
        state: 'unbalanced',
        faults: [{ ...fault, acknowledged: { atMs: 5, note: null } }, fault],
      },
      { originMs: 2, origin: 'q', state: 'unbalanced', faults: [{ ...fault, acknowledged: 3 }] },
    ];
    const ledger = readLedger({ windows })!;
    expect(ledger.windows.map(isOpen)).toEqual([false, true, true]);
    expect(ledger.windows[0]).toMatchObject({ origin: 'o', faults: [{ acknowledged: { atMs: 5, note: 'seen' } }] });
    expect(ledger.windows[1]?.faults.map(({ acknowledged }) => acknowledged?.note)).toEqual([null, undefined]);
  });

  it('has the open faults of windows that are gone or not known now, each fault once', () => {
    const fault = { stage: 's', kind: 'lost', events: 1, text: '1 of 2 events missing' };
    const windows = [
      { originMs: 20, origin: 'now', state: 'unbalanced', faults: [fault] },
      { originMs: 10, origin: 'unknown', state: 'unknown', faults: [] },
    ];
    const openFaults = [
      { ...fault, originMs: 0, origin: 'gone' },
      { ...fault, originMs: 10, origin: 'unknown' },
      { ...fault, originMs: 20, origin: 'now', text: 'as it was told first' },
    ];
    const placed = placedFaults(readLedger({ windows, openFaults })!);
    expect(placed.map(({ window, fault }) => [window.origin, fault.text, fault.acknowledged])).toEqual(
      ['gone', 'unknown', 'now'].map((origin) => [origin, fault.text, null]),
    );
    expect(placedFaults(readLedger({ windows: [], openFaults: [null, 3, openFaults[0]] })!)).toHaveLength(1);
  });

  it('has of the past what had come in by then', () => {
    const fault = { stage: 's', kind: 'lost', events: 1, text: '1 of 2 events missing' };
    const windows = [10, 20, 30].map((originMs) => ({
      originMs,
      origin: `${originMs}`,
      state: 'balanced',
      faults: [],
    }));
    const openFaults = [5, 25].map((originMs) => ({ ...fault, originMs, origin: `${originMs}` }));
    const ledger = readLedger({ windows, openFaults, lost: 2 })!;
    const then = ledgerUntil(ledger, 20);
    expect(then.windows.map(({ originMs }) => originMs)).toEqual([10, 20]);
    expect(placedFaults(then).map(({ window }) => window.originMs)).toEqual([5]);
    expect(ledgerUntil(ledger, 4)).toMatchObject({ windows: [], besides: [], lost: 2 });
  });

  it('is nothing when the answer is none, and never throws', () => {
    expect([readLedger(null), readLedger({}), readLedger([])]).toEqual([undefined, undefined, undefined]);
    fc.assert(fc.property(fc.array(fc.anything()), (windows) => void readLedger({ windows, openFaults: windows })));
  });
});
