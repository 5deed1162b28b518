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
  type StageSnapshot,
  type TallyKind,
  type UnknownBefore,
  windowMs,
} from './cell.ts';
import { addTo, type Cell, cellOf, cellValue } from './counted.ts';
import { type Journal, type JournalEntry, memoryJournal } from './journal.ts';
import { type Hash64, Tally } from './tally.ts';

/** How far one lane was counted. */
export interface Lane {
  readonly name: string;
  /** The position after the last one that was counted. */
  next: number;
  /** The first position that this process has counted; null: it began anew in this process. */
  first: number | null | undefined;
  /** Whether it has changed since it was written. */
  touched: boolean;
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
  readonly #lanes = new Map<string, Lane>();
  #touchedCells: Cell[] = [];
  #touchedLanes: Lane[] = [];
  #withoutOrigin = 0;
  #deadLettered = 0;
  #forgottenWindows = 0;
  #fault: string | undefined;
  #unknownBefore: UnknownBefore | undefined;
  /** The cell of the last event: most events are of the same window as the one before. */
  #last: Cell | undefined;

  /** Goes on from what the journal holds. */
  constructor(options: StageLedgerOptions) {
    this.#options = options;
    this.#maxCells = options.maxCells ?? defaultMaxCells;
    this.#fault = options.journal.fault;
    for (const entry of options.journal.entries()) this.#restore(entry);
  }

  /** The lane of this name, to be kept by who reads many records of it. */
  lane(name: string): Lane {
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      lane = { name, next: 0, first: undefined, touched: false };
      this.#lanes.set(name, lane);
    }
    return lane;
  }

  /** Whether the record at `position` is new in its lane; if so, everything up to it counts as seen. */
  advance(lane: string | Lane, position: number): boolean {
    const found = typeof lane === 'string' ? this.lane(lane) : lane;
    if (position < found.next) return false;
    if (found.first === undefined) found.first = position;
    this.#move(found, position + 1);
    return true;
  }

  /** The lane, and those within it (`LANE<…`), begin anew: the topic was made anew, positions start from zero again. */
  resetLane(name: string): void {
    const own = this.lane(name);
    const within = [...this.#lanes.values()].filter((lane) => lane.name.startsWith(`${name}<`));
    for (const lane of [own, ...within]) {
      lane.first = null;
      this.#move(lane, 0);
    }
  }

  #move(lane: Lane, next: number): void {
    lane.next = next;
    if (lane.touched) return;
    lane.touched = true;
    this.#touchedLanes.push(lane);
  }

  add(kind: TallyKind, originMs: number, pathway: string, hash: Hash64): void {
    const cell = this.#cellOf(originMs, pathway);
    let tally = cell.tallies[kind];
    if (tally === undefined) {
      tally = new Tally();
      cell.tallies[kind] = tally;
    }
    tally.add(hash);
    if (kind === 'deadLettered') this.#deadLettered += 1;
    if (cell.touched) return;
    cell.touched = true;
    this.#touchedCells.push(cell);
  }

  addWithoutOrigin(): void {
    this.#withoutOrigin += 1;
  }

  /**
   * Makes what was counted since the last call durable against the death of this process. Never throws: a disk that is full must
   * not stop the data. It is told in the snapshot, and tried again with the next call.
   */
  write(): void {
    if (this.#touchedCells.length === 0 && this.#touchedLanes.length === 0) return;
    const { journal } = this.#options;
    try {
      if (journal.isLong()) {
        this.#takeOver(journal.late?.() ?? []);
        journal.replace({ ...this.#entry(this.#lanes.values(), this.#cells.values()), ...this.#known() });
      } else journal.append(this.#entry(this.#touchedLanes, this.#touchedCells));
      this.#fault = journal.fault;
    } catch (thrown) {
      this.#fault = thrown instanceof Error ? thrown.message : String(thrown);
      return;
    }
    for (const cell of this.#touchedCells) cell.touched = false;
    for (const lane of this.#touchedLanes) lane.touched = false;
    this.#touchedCells = [];
    this.#touchedLanes = [];
  }

  /**
   * What the journal could not say at the start: counts add up. Where every lane of this process began exactly where it ended,
   * nothing is unknown any more; else what lies between was counted twice, or by nobody.
   */
  #takeOver(entries: readonly JournalEntry[]): void {
    if (entries.length === 0) return;
    const before = new StageLedger({ ...this.#options, journal: memoryJournal([...entries]) });
    const own = [...this.#lanes.values()];
    const isExact = own.every(
      ({ name, first }) => first === undefined || first === (before.#lanes.get(name)?.next ?? 0),
    );
    for (const { name, next } of before.#lanes.values()) {
      const lane = this.lane(name);
      if (lane.first !== null) lane.next = Math.max(lane.next, next);
    }
    for (const [key, cell] of before.#cells) {
      const own = this.#cells.get(key);
      if (own === undefined) this.#cells.set(key, cell);
      else addTo(own, cellValue(cell).tallies);
    }
    if (this.#cells.size > this.#maxCells) this.#forget();
    this.#withoutOrigin += before.#withoutOrigin;
    this.#forgottenWindows += before.#forgottenWindows;
    if (isExact) this.#unknownBefore = before.#unknownBefore;
  }

  #entry(lanes: Iterable<Lane>, cells: Iterable<Cell>): JournalEntry {
    return {
      lanes: Object.fromEntries([...lanes].map(({ name, next }) => [name, next])),
      cells: [...cells].map(cellValue),
      withoutOrigin: this.#withoutOrigin,
    };
  }

  /** Kept by the journal, whenever it is written anew. */
  #known(): { readonly unknownBefore?: UnknownBefore } {
    return this.#unknownBefore === undefined ? {} : { unknownBefore: this.#unknownBefore };
  }

  /** `sinceMs`: only windows that began at this time or later. */
  snapshot(sinceMs = 0): StageSnapshot {
    return {
      stage: this.#options.stage,
      cells: [...this.#cells.values()].filter(({ originMs }) => originMs >= sinceMs).map(cellValue),
      deadLettered: this.#deadLettered,
      ...this.#known(),
      withoutOrigin: this.#withoutOrigin,
      forgottenWindows: this.#forgottenWindows,
      fault: this.#fault,
    };
  }

  #cellOf(eventMs: number, pathway: string): Cell {
    const last = this.#last;
    if (
      last !== undefined &&
      eventMs >= last.originMs &&
      eventMs < last.originMs + windowMs &&
      last.pathway === pathway
    )
      return last;
    const originMs = eventMs - (eventMs % windowMs);
    const key = `${originMs}/${pathway}`;
    let cell = this.#cells.get(key);
    if (cell === undefined) {
      cell = { since: this.#options.now(), originMs, pathway, tallies: {}, touched: false };
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
    for (const [key] of given) this.#cells.delete(key);
    const gone = new Set(given.map(([, cell]) => cell));
    this.#touchedCells = this.#touchedCells.filter((cell) => !gone.has(cell));
    this.#forgottenWindows += new Set(given.map(([, { originMs }]) => originMs)).size;
    this.#last = undefined;
  }

  #restore({ lanes, cells, withoutOrigin, unknownBefore }: JournalEntry): void {
    this.#unknownBefore = unknownBefore ?? this.#unknownBefore;
    for (const [lane, position] of Object.entries(lanes)) this.lane(lane).next = position;
    this.#withoutOrigin = withoutOrigin;
    for (const cell of cells) {
      this.#cells.set(`${cell.originMs}/${cell.pathway}`, cellOf(cell));
      if (this.#cells.size > this.#maxCells) this.#forget();
    }
  }
}
