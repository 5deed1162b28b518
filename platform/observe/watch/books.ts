/**
 * The ledger of one pipeline, compared again and again: windows as they were judged last, and the faults that were found. A
 * fault is told once, when two looks some seconds apart agree on it: pages of several processes are never of one moment. What it
 * says follows the looks. It stays in the books, on disk too, while its window is on the pages and for a day after, and counts until
 * somebody acknowledges it; one that was acknowledged goes when it is a day old and a look at all pages has no such window any more,
 * and is told anew when it is another one.
 */
import { windowMs } from '../../telemetry/conservation/cell.ts';
import type { LedgerFault, LedgerReport, WindowBalance } from '../../telemetry/conservation/report.ts';
import { isSameFault, type KnownFault, keyOf, withAcknowledged, wordsOf } from './booksFile.ts';
import { keptWith, mergedFaults } from './booksKept.ts';
import { BooksOnDisk, type BooksOptions } from './booksOnDisk.ts';
import type { Judged } from './judge.ts';

export interface Acknowledging {
  /** Start of the window; undefined: all. */
  readonly originMs?: number | undefined;
  readonly note?: string | undefined;
}

/** What two looks must be apart to agree, in milliseconds. */
export const confirmMs = 4000;
const maxWindows = 4096;
/** Pages are asked for from the oldest window that is not judged yet on, but no farther back than this; see `isWhole`. */
const farthestMs = 900_000;
const wholeEveryMs = 300_000;

type Found = LedgerFault & { readonly originMs: number };

export class LedgerBooks {
  readonly #options: BooksOptions;
  readonly #disk: BooksOnDisk;
  #faults: readonly KnownFault[] = [];
  #windows = new Map<number, WindowBalance>();
  /** Windows with a fault that came to balance later: they stay settled while a stage does not tell, until they do not balance. */
  readonly #settled = new Set<number>();
  /** Faults that one look has found, by what they say. */
  #doubted = new Map<string, number>();
  #wholeMs = 0;
  #report: LedgerReport = { windowMs, windows: [], lost: 0, duplicated: 0, replayed: 0 };

  /** Goes on from what the file says, as soon as it can be read; see `BooksOnDisk`. */
  constructor(options: BooksOptions) {
    this.#options = options;
    this.#disk = new BooksOnDisk(options);
    this.#goOn();
  }

  #goOn(): void {
    const read = this.#disk.read();
    if (read === undefined) return;
    for (const originMs of read.settled) this.#settled.add(originMs);
    const found = this.#faults;
    this.#faults = mergedFaults(read.faults, found);
    if (found.length > 0) this.#tryToWrite(this.#faults);
  }

  /** From which window on pages are needed at `nowMs`; 0: all. */
  sinceMs(nowMs: number): number {
    // Also after a clock that was set back.
    if (Math.abs(nowMs - this.#wholeMs) >= wholeEveryMs) return 0;
    const open = [...this.#windows.values()].filter(({ state }) => state === 'in-flight' || state === 'unknown');
    const oldest = Math.min(nowMs - 6 * windowMs, ...open.map(({ originMs }) => originMs), ...this.#doubtful());
    return Math.max(oldest, nowMs - farthestMs);
  }

  /** Windows of which a look has said what no other has yet. */
  #doubtful(): ReadonlySet<number> {
    return new Set([...this.#doubted.keys()].map((key) => Number(key.slice(0, key.indexOf('/')))));
  }

  /** `judged.report`: of windows from `sinceMs` on. Answers the faults that are certain now and were not told yet. */
  judge({ report, sinceMs, isWhole }: Judged, nowMs: number): readonly KnownFault[] {
    this.#goOn();
    if (sinceMs === 0) {
      this.#wholeMs = nowMs;
      this.#windows.clear();
    }
    for (const window of report.windows) if (window.originMs >= sinceMs) this.#windows.set(window.originMs, window);
    for (const originMs of [...this.#windows.keys()].sort((a, b) => a - b).slice(0, -maxWindows)) {
      this.#windows.delete(originMs);
    }
    const certain = this.#certain(nowMs);
    const told = new Map(this.#faults.map((fault) => [keyOf(fault), fault]));
    const fresh = certain.filter((fault) => told.get(keyOf(fault))?.acknowledgedMs !== null);
    this.#keep(
      certain.map((fault) => ({ ...fault, toldMs: fresh.includes(fault) ? nowMs : told.get(keyOf(fault))!.toldMs })),
      nowMs,
      isWhole && sinceMs === 0,
    );
    this.#report = this.#summed();
    this.#settle();
    return fresh;
  }

  #settle(): void {
    const before = [...this.#settled].join();
    const faulty = new Set(this.#faults.map(({ originMs }) => originMs));
    for (const originMs of this.#settled) if (!faulty.has(originMs)) this.#settled.delete(originMs);
    for (const originMs of faulty) {
      const state = this.#windows.get(originMs)?.state;
      if (state === 'balanced') this.#settled.add(originMs);
      else if (state === 'unbalanced') this.#settled.delete(originMs);
    }
    // What is open is read from the file, too: by `millrace ledger`, `millrace status` and the next observer.
    if ([...this.#settled].join() !== before) this.#tryToWrite(this.#faults);
  }

  /** Those of the newest looks that the books do not know, or not so. */
  #unknown(): readonly Found[] {
    const told = new Map(this.#faults.map((fault) => [keyOf(fault), fault]));
    return [...this.#windows.values()]
      .flatMap(({ originMs, faults }) => faults.map((fault): Found => ({ ...fault, originMs })))
      .filter((fault) => {
        const known = told.get(keyOf(fault));
        return known === undefined || !isSameFault(known, fault);
      });
  }

  #certain(nowMs: number): readonly KnownFault[] {
    const former = this.#doubted;
    const doubted = this.#unknown();
    // A time to come is one of before the clock was set back.
    const since = (words: string) => Math.min(former.get(words) ?? nowMs, nowMs);
    this.#doubted = new Map(doubted.map((each) => [wordsOf(each), since(wordsOf(each))]));
    return doubted
      .filter((each) => nowMs - this.#doubted.get(wordsOf(each))! >= confirmMs)
      .map((each) => knownOf(each, nowMs));
  }

  /** In the place of what was known of the same stage and window. Written before anybody is told: `kill -9` tells nothing twice. */
  #keep(certain: readonly KnownFault[], nowMs: number, isKnown: boolean): void {
    const kept = this.#with(certain, nowMs, isKnown);
    for (const fault of certain) this.#doubted.delete(wordsOf(fault));
    if (kept.length === this.#faults.length && kept.every((fault, at) => fault === this.#faults[at])) return;
    this.#faults = kept;
    this.#tryToWrite(kept);
  }

  /** While it can't be read, that has been told. */
  #tryToWrite(faults: readonly KnownFault[]): void {
    if (!this.#disk.isRead) return;
    try {
      this.#write(faults);
    } catch (thrown) {
      this.#options.onFault((thrown as Error).message);
    }
  }

  /** `isKnown`: the windows are all that there are. */
  #with(faults: readonly KnownFault[], nowMs: number, isKnown: boolean): readonly KnownFault[] {
    const isShown = ({ originMs }: KnownFault) => this.#windows.has(originMs);
    return keptWith(this.#faults, faults, { nowMs, isShown, isKnown });
  }

  /** Throws STATE_UNAVAILABLE. */
  #write(faults: readonly KnownFault[]): void {
    this.#disk.write({ faults: [...faults], settled: [...this.#settled] });
  }

  #summed(): LedgerReport {
    const windows = [...this.#windows.values()].sort((one, other) => one.originMs - other.originMs);
    const faults = windows.flatMap((each) => each.faults);
    const replayed = windows
      .flatMap(({ stages }) => stages)
      .reduce((total, each) => total + (each.replayed?.count ?? 0), 0);
    const { lost, duplicated } = sumsOf(faults);
    return withAcknowledged({ windowMs, windows, lost, duplicated, replayed }, this.#faults);
  }

  /** All windows as they were judged last, with what was acknowledged of their faults. */
  report(): LedgerReport {
    return this.#report;
  }

  /** That are certain, not acknowledged, and of a window that did not come to balance later; oldest first. */
  open(): readonly KnownFault[] {
    return this.#faults.filter(
      ({ acknowledgedMs, originMs }) => acknowledgedMs === null && !this.#settled.has(originMs),
    );
  }

  faults(): readonly KnownFault[] {
    return this.#faults;
  }

  /** Of windows. `lost` and `duplicated`: events in those that count. */
  counts() {
    const windows = this.#report.windows;
    const of = (state: WindowBalance['state']) => windows.filter((each) => each.state === state).length;
    const open = this.open();
    const unbalanced = new Set(open.map(({ originMs }) => originMs));
    const doubtful = [...this.#doubtful()].filter((originMs) => !unbalanced.has(originMs));
    const isSeen = ({ originMs, faults }: WindowBalance) => !unbalanced.has(originMs) && faults.some(isAcknowledged);
    return {
      ...{ balanced: of('balanced'), inFlight: of('in-flight') + doubtful.length, unknown: of('unknown') },
      unbalanced: unbalanced.size,
      acknowledged: windows.filter(isSeen).length,
      ...sumsOf(open),
    };
  }

  /**
   * From now on the faults that are there count no longer, those among them that only one look has seen. Answers which those were.
   * Throws STATE_UNAVAILABLE, and then nothing is acknowledged.
   */
  acknowledge({ originMs, note }: Acknowledging, nowMs: number): readonly KnownFault[] {
    this.#goOn();
    const isMeant = (fault: { readonly originMs: number }) => originMs === undefined || fault.originMs === originMs;
    const seen = this.#unknown().map((fault) => knownOf(fault, nowMs));
    const replaced = new Set(seen.map(keyOf));
    const meant = [...this.open().filter((fault) => !replaced.has(keyOf(fault))), ...seen].filter(isMeant);
    if (meant.length === 0) return [];
    const done = meant.map((fault) => ({ ...fault, acknowledgedMs: nowMs, note: note ?? null }));
    const faults = this.#with(done, nowMs, false);
    this.#write(faults);
    this.#faults = faults;
    for (const fault of done) this.#doubted.delete(wordsOf(fault));
    this.#report = this.#summed();
    return done;
  }
}

function isAcknowledged({ acknowledged }: LedgerFault): boolean {
  return acknowledged !== undefined;
}

function sumsOf(faults: readonly Pick<LedgerFault, 'kind' | 'events'>[]) {
  const sum = (kinds: readonly LedgerFault['kind'][]) =>
    faults.filter(({ kind }) => kinds.includes(kind)).reduce((total, { events }) => total + events, 0);
  return { lost: sum(['lost', 'exchanged']), duplicated: sum(['doubled', 'exchanged']) };
}

function knownOf({ originMs, stage, kind, events, text, hash }: Found, toldMs: number): KnownFault {
  const heading = { originMs, origin: new Date(originMs).toISOString(), stage, kind, events, text };
  return { ...heading, ...(hash === undefined ? {} : { hash }), toldMs, acknowledgedMs: null, note: null };
}
