/**
 * The ledger of one pipeline, compared again and again: windows as they were judged last, and the faults that were found. A
 * fault is told once, when two looks some seconds apart agree on it: pages of several processes are never of one moment. It
 * stays in the books, on disk too, until somebody acknowledges it or it is a day old.
 */
import { existsSync, renameSync } from 'node:fs';
import { readState, writeState } from '../../state-files.ts';
import { windowMs } from '../../telemetry/conservation/cell.ts';
import type { LedgerFault, LedgerReport, WindowBalance } from '../../telemetry/conservation/report.ts';
import { type Books, checkBooks, type KnownFault } from './booksFile.ts';

export interface BooksOptions {
  readonly pipeline: string;
  readonly file: string;
  readonly revision: number;
  readonly onFault: (text: string) => void;
}

/** What two looks must be apart to agree, in milliseconds. */
export const confirmMs = 4000;
const keptMs = 86_400_000;
const maxFaults = 1000;
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
      return found === undefined || found.pipeline !== pipeline || found.revision > revision ? [] : found.faults;
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
    const doubted = [...this.#doubted.keys()].map((key) => Number(key.slice(0, key.indexOf('/'))));
    const oldest = Math.min(nowMs - 6 * windowMs, ...open.map(({ originMs }) => originMs), ...doubted);
    return Math.max(oldest, nowMs - farthestMs);
  }

  /** `report`: of windows from `sinceMs` on. Answers the faults that are certain now and were not told yet. */
  judge(report: LedgerReport, sinceMs: number, nowMs: number): readonly KnownFault[] {
    if (sinceMs === 0) {
      this.#wholeMs = nowMs;
      this.#windows.clear();
    }
    for (const window of report.windows) if (window.originMs >= sinceMs) this.#windows.set(window.originMs, window);
    for (const originMs of [...this.#windows.keys()].sort((a, b) => a - b).slice(0, -maxWindows)) {
      this.#windows.delete(originMs);
    }
    const found = [...this.#windows.values()].flatMap(({ originMs, faults }) =>
      faults.map((fault): Found => ({ ...fault, originMs })),
    );
    const fresh = this.#certain(found, nowMs);
    this.#report = this.#summed();
    this.#keep(fresh, nowMs);
    this.#settle();
    return fresh;
  }

  #settle(): void {
    const faulty = new Set(this.#faults.map(({ originMs }) => originMs));
    for (const originMs of this.#settled) if (!faulty.has(originMs)) this.#settled.delete(originMs);
    for (const originMs of faulty) {
      const state = this.#windows.get(originMs)?.state;
      if (state === 'balanced') this.#settled.add(originMs);
      else if (state === 'unbalanced') this.#settled.delete(originMs);
    }
  }

  #certain(found: readonly Found[], nowMs: number): readonly KnownFault[] {
    const told = new Set(this.#faults.map(keyOf));
    const former = this.#doubted;
    const doubted = found.filter((fault) => !told.has(keyOf(fault)));
    this.#doubted = new Map(doubted.map((each) => [wordsOf(each), former.get(wordsOf(each)) ?? nowMs]));
    return doubted
      .filter((each) => nowMs - this.#doubted.get(wordsOf(each))! >= confirmMs)
      .map(({ originMs, stage, kind, events, text, hash }) => {
        const heading = { originMs, origin: new Date(originMs).toISOString(), stage, kind, events, text };
        return { ...heading, ...(hash === undefined ? {} : { hash }), toldMs: nowMs, acknowledgedMs: null };
      });
  }

  /** Written before anybody is told: what was told is not told again after `kill -9`. */
  #keep(fresh: readonly KnownFault[], nowMs: number): void {
    const kept = [...this.#faults.filter(({ toldMs }) => nowMs - toldMs < keptMs), ...fresh].slice(-maxFaults);
    if (fresh.length === 0 && kept.length === this.#faults.length) return;
    this.#faults = kept;
    for (const fault of fresh) this.#doubted.delete(wordsOf(fault));
    this.#write();
  }

  #write(): void {
    const { file, pipeline, revision, onFault } = this.#options;
    try {
      writeState<Books>(file, { format: 'millrace/ledger-faults/1', pipeline, revision, faults: [...this.#faults] });
    } catch (thrown) {
      onFault((thrown as Error).message);
    }
  }

  #summed(): LedgerReport {
    const windows = [...this.#windows.values()].sort((one, other) => one.originMs - other.originMs);
    const faults = windows.flatMap((each) => each.faults);
    const sum = (kinds: readonly LedgerFault['kind'][]) =>
      faults.filter(({ kind }) => kinds.includes(kind)).reduce((total, { events }) => total + events, 0);
    const replayed = windows
      .flatMap(({ stages }) => stages)
      .reduce((total, each) => total + (each.replayed?.count ?? 0), 0);
    return { windowMs, windows, lost: sum(['lost', 'exchanged']), duplicated: sum(['doubled', 'exchanged']), replayed };
  }

  /** All windows as they were judged last. */
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

  counts() {
    const windows = this.#report.windows;
    const of = (state: WindowBalance['state']) => windows.filter((each) => each.state === state).length;
    const open = this.open();
    const unbalanced = new Set(open.map(({ originMs }) => originMs));
    const sum = (kinds: readonly LedgerFault['kind'][]) =>
      open.filter(({ kind }) => kinds.includes(kind)).reduce((total, { events }) => total + events, 0);
    const doubtful = new Set([...this.#doubted.keys()].map((key) => key.slice(0, key.indexOf('/')))).size;
    return {
      ...{ balanced: of('balanced'), inFlight: of('in-flight') + doubtful, unknown: of('unknown') },
      unbalanced: unbalanced.size,
      lost: sum(['lost', 'exchanged']),
      duplicated: sum(['doubled', 'exchanged']),
    };
  }

  /** Of one window, or all. Answers how many. */
  acknowledge(origin: string | undefined, nowMs: number): number {
    const meant = this.open().filter((fault) => origin === undefined || fault.origin === origin);
    if (meant.length === 0) return 0;
    this.#faults = this.#faults.map((fault) => (meant.includes(fault) ? { ...fault, acknowledgedMs: nowMs } : fault));
    this.#write();
    return meant.length;
  }
}

/** A fault is told once for each stage and window. */
function keyOf({ originMs, stage }: { readonly originMs: number; readonly stage: string }): string {
  return `${originMs}/${stage}`;
}

function wordsOf(fault: {
  readonly originMs: number;
  readonly stage: string;
  readonly kind: string;
  readonly events: number;
}) {
  return `${keyOf(fault)}/${fault.kind}/${fault.events}`;
}
