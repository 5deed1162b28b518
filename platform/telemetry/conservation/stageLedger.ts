/**
 * What one stage has seen of the events of each window of origin time: the conservation ledger's page of that stage.
 *
 * Counted once, although delivery is at least once: records come in lanes (a partition of a topic), in order, and each lane
 * has a position up to which everything was counted. What comes again from below it was replayed. Positions and counts are
 * written to the journal together, before the source's offset is committed: after `kill -9` at any moment the journal is
 * never behind the commit, and what it is ahead of it comes again as replayed.
 *
 * Memory is bounded by `maxCells`; the oldest windows are given up first, and that is said (`forgottenWindows`).
 */
import {
  maxCells as defaultMaxCells,
  type LedgerCell,
  type StageSnapshot,
  type TallyKind,
  tallyKinds,
  windowMs,
} from './cell.ts';
import type { Journal, JournalEntry } from './journal.ts';
import { type Hash64, Tally, type TallyValue } from './tally.ts';

interface Cell {
  readonly since: number;
  readonly originMs: number;
  readonly pathway: string;
  readonly tallies: Partial<Record<TallyKind, Tally>>;
}

export interface StageLedgerOptions {
  readonly stage: string;
  readonly journal: Journal;
  /** Milliseconds since 1970, for `LedgerCell.since`. */
  readonly now: () => number;
  readonly maxCells?: number;
}

export class StageLedger {
  readonly #options: StageLedgerOptions;
  readonly #maxCells: number;
  readonly #cells = new Map<string, Cell>();
  readonly #lanes = new Map<string, number>();
  readonly #touchedCells = new Set<Cell>();
  readonly #touchedLanes = new Set<string>();
  #withoutOrigin = 0;
  #deadLettered = 0;
  #forgottenWindows = 0;
  #fault: string | undefined;
  /** The cell of the last event: most events are of the same window as the one before. */
  #last: Cell | undefined;

  /** Goes on from what the journal holds. */
  constructor(options: StageLedgerOptions) {
    this.#options = options;
    this.#maxCells = options.maxCells ?? defaultMaxCells;
    this.#fault = options.journal.fault;
    for (const entry of options.journal.entries()) this.#restore(entry);
  }

  /** Whether the record at `position` is new in its lane; if so, everything up to it counts as seen. */
  advance(lane: string, position: number): boolean {
    if (position < (this.#lanes.get(lane) ?? 0)) return false;
    this.#lanes.set(lane, position + 1);
    this.#touchedLanes.add(lane);
    return true;
  }

  /** The lane, and those within it (`LANE<…`), begin anew: the topic was made anew, positions start from zero again. */
  resetLane(lane: string): void {
    for (const each of [lane, ...[...this.#lanes.keys()].filter((name) => name.startsWith(`${lane}<`))]) {
      this.#lanes.set(each, 0);
      this.#touchedLanes.add(each);
    }
  }

  add(kind: TallyKind, originMs: number, pathway: string, hash: Hash64): void {
    const cell = this.#cellOf(originMs - (originMs % windowMs), pathway);
    const tally = cell.tallies[kind] ?? new Tally();
    cell.tallies[kind] = tally;
    tally.add(hash);
    if (kind === 'deadLettered') this.#deadLettered += 1;
    this.#touchedCells.add(cell);
  }

  addWithoutOrigin(): void {
    this.#withoutOrigin += 1;
  }

  /**
   * Makes what was counted since the last call durable against the death of this process. Never throws: a disk that is full must
   * not stop the data. It is told in the snapshot, and tried again with the next call.
   */
  write(): void {
    if (this.#touchedCells.size === 0 && this.#touchedLanes.size === 0) return;
    const { journal } = this.#options;
    try {
      if (journal.isLong()) journal.replace(this.#entry(this.#lanes.keys(), this.#cells.values()));
      else journal.append(this.#entry(this.#touchedLanes, this.#touchedCells));
      this.#fault = journal.fault;
    } catch (thrown) {
      this.#fault = thrown instanceof Error ? thrown.message : String(thrown);
      return;
    }
    this.#touchedCells.clear();
    this.#touchedLanes.clear();
  }

  #entry(lanes: Iterable<string>, cells: Iterable<Cell>): JournalEntry {
    return {
      lanes: Object.fromEntries([...lanes].map((lane) => [lane, this.#lanes.get(lane)!])),
      cells: [...cells].map(cellValue),
      withoutOrigin: this.#withoutOrigin,
    };
  }

  /** `sinceMs`: only windows that began at this time or later. */
  snapshot(sinceMs = 0): StageSnapshot {
    return {
      stage: this.#options.stage,
      cells: [...this.#cells.values()].filter(({ originMs }) => originMs >= sinceMs).map(cellValue),
      deadLettered: this.#deadLettered,
      withoutOrigin: this.#withoutOrigin,
      forgottenWindows: this.#forgottenWindows,
      fault: this.#fault,
    };
  }

  #cellOf(originMs: number, pathway: string): Cell {
    const last = this.#last;
    if (last !== undefined && last.originMs === originMs && last.pathway === pathway) return last;
    const key = `${originMs}/${pathway}`;
    let cell = this.#cells.get(key);
    if (cell === undefined) {
      cell = { since: this.#options.now(), originMs, pathway, tallies: {} };
      this.#cells.set(key, cell);
      if (this.#cells.size > this.#maxCells) this.#forget();
    }
    this.#last = cell;
    return cell;
  }

  /** An eighth at once, so that a full ledger does not search for its oldest cell at every event. */
  #forget(): void {
    const byAge = [...this.#cells].sort(([, one], [, other]) => one.originMs - other.originMs);
    const given = byAge.slice(0, Math.max(1, this.#maxCells >> 3));
    for (const [key, cell] of given) {
      this.#cells.delete(key);
      this.#touchedCells.delete(cell);
    }
    this.#forgottenWindows += new Set(given.map(([, { originMs }]) => originMs)).size;
    this.#last = undefined;
  }

  #restore({ lanes, cells, withoutOrigin }: JournalEntry): void {
    for (const [lane, position] of Object.entries(lanes)) this.#lanes.set(lane, position);
    this.#withoutOrigin = withoutOrigin;
    for (const { originMs, pathway, since, tallies } of cells) {
      const cell: Cell = { since, originMs, pathway, tallies: {} };
      for (const kind of tallyKinds) {
        const value = tallies[kind];
        if (value === undefined) continue;
        cell.tallies[kind] = new Tally();
        cell.tallies[kind].merge(value);
      }
      this.#cells.set(`${originMs}/${pathway}`, cell);
      if (this.#cells.size > this.#maxCells) this.#forget();
    }
  }
}

function cellValue({ originMs, pathway, since, tallies }: Cell): LedgerCell {
  const values: Partial<Record<TallyKind, TallyValue>> = {};
  for (const kind of tallyKinds) {
    const tally = tallies[kind];
    if (tally !== undefined) values[kind] = tally.value();
  }
  return { originMs, pathway, since, tallies: values };
}
