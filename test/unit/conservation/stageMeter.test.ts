import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { render } from '../../../platform/cli/commands/ledger.ts';
import { readLedger } from '../../../platform/console/app/pages/pipeline/ledger/windows.ts';
import { notesOf, type PipelineLedger } from '../../../platform/observe/ledger.ts';
import { balance } from '../../../platform/telemetry/conservation/balance.ts';
import type { JournalEntry } from '../../../platform/telemetry/conservation/journal.ts';
import { memoryJournal } from '../../../platform/telemetry/conservation/journal.ts';
import { formatPathwayHeader } from '../../../platform/telemetry/pathway/header.ts';
import { rootPathway } from '../../../platform/telemetry/pathway/pathways.ts';
import { parseSabotage, saboteurOf } from '../../../platform/telemetry/sabotage.ts';
import { FlowMeter, IngressMeter, type MeteredRecord } from '../../../platform/telemetry/stageMeter.ts';

const now = 1_795_538_300_000;
const later = now + 60_000;

/** An ingress and a store with a topic of one partition between them, all in memory; each can be killed. */
class Line {
  readonly #ingressKept: JournalEntry[] = [];
  readonly #storeKept: JournalEntry[] = [];
  readonly topic: MeteredRecord[] = [];
  ingress = this.startIngress();
  store = this.startStore();

  startIngress(): IngressMeter {
    this.ingress = new IngressMeter({
      ...{ stage: 'ingress', kind: 'ingress', now: () => now },
      journal: memoryJournal(this.#ingressKept),
    });
    return this.ingress;
  }

  startStore(): FlowMeter {
    this.store = new FlowMeter({
      ...{ stage: 'store', kind: 'sink', now: () => now },
      journal: memoryJournal(this.#storeKept),
    });
    return this.store;
  }

  /** `stored`: whether the broker has them; `answered`: whether it said so. */
  send(ids: readonly string[], { stored = true, answered = true } = {}): void {
    const records = ids.map((id) => ({ id, pathway: this.ingress.stamp(now), traceparent: undefined }));
    this.ingress.offered(records);
    if (stored)
      for (const record of records)
        this.topic.push({
          ...record,
          jobAt: undefined,
          raw: { topic: 'flights', partition: 0, offset: `${this.topic.length}` },
        });
    if (answered) this.ingress.acknowledged(records, now + 5);
  }

  read(
    from: number,
    to: number,
    change: (events: readonly MeteredRecord[]) => readonly MeteredRecord[] = (all) => all,
  ) {
    const incoming = this.topic.slice(from, to);
    const none: ReadonlySet<never> = new Set();
    this.store.passed(
      { incoming, filtered: none, deadLettered: none, acknowledged: change(incoming), anew: false },
      now + 20,
    );
  }

  report() {
    return balance(
      [
        { name: 'ingress', writes: 'flights', pages: [this.ingress.report().ledger], drained: true },
        { name: 'store', reads: 'flights', pages: [this.store.report().ledger], drained: true },
      ],
      later,
    );
  }
}

const ids = (count: number, prefix = 'e') => Array.from({ length: count }, (_, i) => `${prefix}-${i}`);

describe('the meters of an ingress and a store', () => {
  test('balance, with each event counted once on its pathway', () => {
    const line = new Line();
    line.send(ids(100));
    line.read(0, 60);
    line.read(60, 100);
    expect(line.report()).toMatchObject({ lost: 0, duplicated: 0, replayed: 0 });
    expect(line.report().windows[0]?.state).toBe('balanced');
    expect(line.store.report().checkpoint.pathways[0]).toMatchObject({ count: 100, edge: { minMs: 20, maxMs: 20 } });
  });

  test('a store that was killed before its commit reads again, and nothing is doubled', () => {
    const line = new Line();
    line.send(ids(100));
    line.read(0, 60);
    line.startStore();
    line.read(40, 100);
    expect(line.report()).toMatchObject({ lost: 0, duplicated: 0, replayed: 20 });
  });

  test('an ingress that was killed between the broker and its own note leaves no false alarm', () => {
    const line = new Line();
    line.send(ids(50));
    line.send(ids(10, 'dying'), { answered: false });
    line.startIngress();
    line.send(ids(50, 'later'));
    line.read(0, 110);
    expect(line.report()).toMatchObject({ lost: 0, duplicated: 0 });
  });

  test('what a job makes again, at another offset, was replayed', () => {
    const line = new Line();
    line.send(ids(30));
    const made = line.topic.map((record, at) => ({ ...record, jobAt: `${at % 2}:${at >> 1}` }));
    const again = made.slice(10).map((record, at) => ({ ...record, raw: { ...record.raw, offset: `${30 + at}` } }));
    const none: ReadonlySet<never> = new Set();
    for (const incoming of [made, again])
      line.store.passed({ incoming, filtered: none, deadLettered: none, acknowledged: incoming, anew: false }, now);
    expect(line.report()).toMatchObject({ lost: 0, duplicated: 0, replayed: 20 });
  });

  test('a job that names no place it made a record at leaves it known by its own offset', () => {
    const line = new Line();
    line.send(ids(4));
    const none: ReadonlySet<never> = new Set();
    const incoming = line.topic.map((record, at) => ({ ...record, jobAt: ['', ':7', '0:x', '0'][at]! }));
    for (let time = 0; time < 2; time++)
      line.store.passed({ incoming, filtered: none, deadLettered: none, acknowledged: incoming, anew: false }, now);
    expect(line.report()).toMatchObject({ lost: 0, duplicated: 0, replayed: 4 });
  });

  test('whatever a flow leaves out, buries or has acknowledged in another order, each event is counted where it ended', () => {
    const fate = fc.constantFrom('out', 'filtered', 'deadLettered');
    fc.assert(
      fc.property(fc.array(fate, { minLength: 1, maxLength: 40 }), fc.boolean(), (fates, backwards) => {
        const line = new Line();
        line.send(ids(fates.length));
        const of = (kind: string) => line.topic.filter((_, at) => fates[at] === kind);
        const raws = (kind: string) => new Set(of(kind).map(({ raw }) => raw));
        const acknowledged = backwards ? of('out').toReversed() : of('out');
        const left = { filtered: raws('filtered'), deadLettered: raws('deadLettered') };
        line.store.passed({ incoming: line.topic, ...left, acknowledged, anew: false }, now + 20);
        const [cell] = line.store.report().ledger.cells;
        for (const kind of ['out', 'filtered', 'deadLettered'] as const)
          expect(cell?.tallies[kind]?.count ?? 0).toBe(of(kind).length);
        expect(line.report()).toMatchObject({ lost: 0, duplicated: 0, replayed: 0 });
      }),
    );
  });

  test.each([
    ['drop:sink:42', { lost: 1, duplicated: 0 }],
    ['duplicate:store:42', { lost: 0, duplicated: 1 }],
  ])('%s is found', (text, found) => {
    const line = new Line();
    line.send(ids(100));
    const sabotage = saboteurOf(parseSabotage(text), ['sink', 'store'])!;
    for (let at = 0; at < 100; at += 7) line.read(at, Math.min(100, at + 7), sabotage);
    expect(line.report()).toMatchObject(found);
    expect(line.report().windows[0]?.faults[0]).toMatchObject({ stage: 'store', events: 1 });
  });
});

describe('sabotage', () => {
  test.each(['', 'drop', 'drop:sink', 'drop:sink:0', 'drop:sink:x', 'lose:sink:1', 'drop:Sink:1'])(
    'that reads "%s" is refused with the form it must have',
    (text) => {
      expect(() => parseSabotage(text)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    },
  );

  test('counts what entered since the process started: of what comes again the ledger knows', () => {
    const event = (id: string, originMs: number) => ({
      id,
      pathway: formatPathwayHeader({ pathway: rootPathway, originMs, previousMs: originMs }),
    });
    const lose = saboteurOf(parseSabotage('drop:sink:2'), ['sink'], 1_795_538_300_000)!;
    const batches = [
      [event('again', 1_795_538_299_999), event('one', 1_795_538_300_000)],
      [{ id: 'without', pathway: undefined }, event('two', 1_795_538_300_001), event('three', 1_795_538_300_002)],
      [event('four', 1_795_538_300_003)],
    ];
    expect(batches.flatMap((batch) => lose(batch)).map(({ id }) => id)).toEqual([
      'again',
      'one',
      'without',
      'three',
      'four',
    ]);
  });

  test('leaves other stages alone', () => {
    expect(saboteurOf(parseSabotage('drop:store-severe:1'), ['sink', 'store-flights'])).toBeUndefined();
    expect(saboteurOf(undefined, ['sink'])).toBeUndefined();
  });
});

test('events without a pathway header are counted, and told with stage and time, also after a kill and by the observer', () => {
  const kept: JournalEntry[] = [];
  let nowMs = now;
  const start = () => new FlowMeter({ stage: 'store', kind: 'sink', now: () => nowMs, journal: memoryJournal(kept) });
  const none: ReadonlySet<never> = new Set();
  const read = (meter: FlowMeter, from: number, to: number) => {
    const incoming = Array.from({ length: to - from }, (_, at): MeteredRecord => {
      const raw = { topic: 'flights', partition: 0, offset: `${from + at}` };
      return { id: `${from + at}`, pathway: undefined, traceparent: undefined, jobAt: undefined, raw };
    });
    meter.passed({ incoming, filtered: none, deadLettered: none, acknowledged: incoming, anew: false }, nowMs);
  };
  const notes = (meter: FlowMeter) => notesOf([{ task: 'mine.sinks.0', stages: [meter.report()] }], nowMs);
  const first = start();
  expect(notes(first)).toEqual([]);
  read(first, 0, 1);
  const since = new Date(now).toISOString();
  expect(notes(first)).toEqual([
    `mine.sinks.0, store: 1 event without a pathway header came in since ${since}: it is counted, and no window proves it`,
  ]);
  nowMs += 60_000;
  const second = start();
  // The first came again, and is not counted twice.
  read(second, 0, 3);
  const told = [
    `mine.sinks.0, store: 3 events without a pathway header came in since ${since}: they are counted, and no window proves them`,
  ];
  expect(notes(second)).toEqual(told);
  const ledger: PipelineLedger = {
    ...{
      pipeline: 'mine',
      ...balance([{ name: 'store', reads: 'flights', pages: [second.report().ledger], drained: true }], nowMs),
    },
    ...{ faults: told, openFaults: [] },
  };
  // The text, the console; the JSON and the API are the ledger itself.
  expect(render(ledger, 12)).toContain(`note: ${told[0]}`);
  expect(readLedger(JSON.parse(JSON.stringify(ledger)))?.notes).toEqual(told);
});
