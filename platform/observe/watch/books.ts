/**
 * The ledger of one pipeline, compared again and again: windows as they were judged last, and the faults that were found. A
 * fault is told once, when two looks some seconds apart agree on it: pages of several processes are never of one moment. What it
 * says follows the looks. It stays in the books, on disk too, until it is a day old, and counts until somebody acknowledges it;
 * one that was acknowledged stays until a look at all pages has no such window any more, and is told anew when it is another one.
 */
import { existsSync, renameSync } from 'node:fs';
import { readState, writeState } from '../../state-files.ts';
import { windowMs } from '../../telemetry/conservation/cell.ts';
import type { LedgerFault, LedgerReport, WindowBalance } from '../../telemetry/conservation/report.ts';
import {
  type Books,
  checkBooks,
  isSameFault,
  type KnownFault,
  keptMs,
  type Placed,
  withAcknowledged,
} from './booksFile.ts';
import type { Judged } from './judge.ts';

export interface BooksOptions {
  readonly pipeline: string;
  readonly file: string;
  readonly revision: number;
  readonly onFault: (text: string) => void;
}

export interface Acknowledging {
  /** Start of the window; undefined: all. */
  readonly originMs?: number | undefined;
  readonly note?: string | undefined;
}

/** What two looks must be apart to agree, in milliseconds. */
export const confirmMs = 4000;
const maxFaults = 4096;
const maxWindows = 4096;
/** Pages are asked for from the oldest window that is not judged yet on, but no farther back than this; see `isWhole`. */
const farthestMs = 900_000;
const wholeEveryMs = 300_000;

type Found = LedgerFault & { readonly originMs: number };

export class LedgerBooks {
  readonly #options: BooksOptions;
  #faults: readonly KnownFault[];
  #windows = new Map<number, WindowBalance>();
  /** Windows with a fault that came to balance later: they stay settled while a stage does not tell, until they do not balance. */
  readonly #settled = new Set<number>();
  /** Faults that one look has found, by what they say. */
  #doubted = new Map<string, number>();
  #wholeMs = 0;
  #report: LedgerReport = { windowMs, windows: [], lost: 0, duplicated: 0, replayed: 0 };

  /** Goes on from what the file says; one of an earlier pipeline of this name, or one that is corrupt, is not gone on from. */
  constructor(options: BooksOptions) {
    this.#options = options;
    this.#faults = this.#read();
  }

  #read(): readonly KnownFault[] {
    const { file, pipeline, revision, onFault } = this.#options;
    try {
      const found = readState<Books>(file, 'millrace/ledger-faults/1', checkBooks);
      if (found === undefined || found.pipeline !== pipeline || found.revision > revision) return [];
      for (const originMs of found.settled) this.#settled.add(originMs);
      return found.faults;
    } catch (thrown) {
      if (existsSync(file)) renameSync(file, `${file}.corrupt`);
      onFault(`${(thrown as Error).message} It was set aside as ${file}.corrupt, and faults are told anew.`);
      return [];
    }
  }

  /** From which window on pages are needed at `nowMs`; 0: all. */
  sinceMs(nowMs: number): number {
    if (nowMs - this.#wholeMs >= wholeEveryMs) return 0;
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
    this.#doubted = new Map(doubted.map((each) => [wordsOf(each), former.get(wordsOf(each)) ?? nowMs]));
    return doubted
      .filter((each) => nowMs - this.#doubted.get(wordsOf(each))! >= confirmMs)
      .map((each) => knownOf(each, nowMs));
  }

  /** In the place of what was known of the same stage and window. Written before anybody is told: `kill -9` tells nothing twice. */
  #keep(certain: readonly KnownFault[], nowMs: number, isKnown: boolean): void {
    const kept = this.#with(certain, nowMs, isKnown);
    for (const fault of certain) this.#doubted.delete(wordsOf(fault));
    if (certain.length === 0 && kept.length === this.#faults.length) return;
    this.#faults = kept;
    this.#tryToWrite(kept);
  }

  #tryToWrite(faults: readonly KnownFault[]): void {
    try {
      this.#write(faults);
    } catch (thrown) {
      this.#options.onFault((thrown as Error).message);
    }
  }

  /** Bounded; what is gone from the pages goes first. `isKnown`: the windows are all that there are. */
  #with(faults: readonly KnownFault[], nowMs: number, isKnown: boolean): readonly KnownFault[] {
    const replaced = new Set(faults.map(keyOf));
    const isShown = ({ originMs }: KnownFault) => this.#windows.has(originMs);
    const isKept = (fault: KnownFault) =>
      nowMs - fault.toldMs < keptMs || (fault.acknowledgedMs !== null && !(isKnown && !isShown(fault)));
    const kept = this.#faults.filter((fault) => !replaced.has(keyOf(fault)) && isKept(fault));
    const all = [...kept, ...faults].sort((one, other) => one.originMs - other.originMs);
    if (all.length <= maxFaults) return all;
    const byWorth = [...all.filter((fault) => !isShown(fault)), ...all.filter(isShown)];
    const given = new Set(byWorth.slice(0, all.length - maxFaults));
    return all.filter((fault) => !given.has(fault));
  }

  /** Throws STATE_UNAVAILABLE. */
  #write(faults: readonly KnownFault[]): void {
    const { file, pipeline, revision } = this.#options;
    const settled = [...this.#settled];
    writeState<Books>(file, { format: 'millrace/ledger-faults/1', pipeline, revision, faults: [...faults], settled });
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

/** A fault is told once for each stage and window, and once more when it is another one than was acknowledged. */
function keyOf({ originMs, stage }: { readonly originMs: number; readonly stage: string }): string {
  return `${originMs}/${stage}`;
}

function wordsOf(fault: Placed): string {
  return `${keyOf(fault)}/${fault.kind}/${fault.events}/${fault.hash ?? ''}`;
}
