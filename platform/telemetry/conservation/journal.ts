/**
 * The journal of a stage's ledger: one JSON object a line, appended whole or not at all, which `kill -9` can't take back once
 * the call has returned. (The power going off can: the file is not synced, and the ledger then finds windows it can't balance.)
 */
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { fail } from '../../errors.ts';
import { appendWhole } from '../../line-files.ts';
import type { LedgerCell, UnknownBefore } from './cell.ts';

/** What changed since the entry before; of a lane or a cell the newest entry counts. */
export interface JournalEntry {
  readonly lanes: Readonly<Record<string, number>>;
  readonly cells: readonly LedgerCell[];
  readonly withoutOrigin: number;
  /** What was counted before is not in this journal. */
  readonly unknownBefore?: UnknownBefore;
}

export interface Journal {
  /** What was written, oldest first; read once, when the ledger starts. */
  entries(): readonly JournalEntry[];
  append(entry: JournalEntry): void;
  /** Whether it is to be written anew. */
  isLong(): boolean;
  /**
   * What could not be read at the start and can be now, once: to be asked for, and taken over, before `replace`. Undefined: there
   * is nothing, or not yet.
   */
  late?(): readonly JournalEntry[] | undefined;
  /** Puts one entry in the place of all. */
  replace(entry: JournalEntry): void;
  close(): void;
  /** Why nothing outlives the process, where that is so. */
  readonly fault?: string | undefined;
}

const format = 'millrace/conservation/1';
const longBytes = 4 * 1024 * 1024;

export interface FoundEntries {
  readonly entries: readonly JournalEntry[];
  /** Whether the last line has no end. */
  readonly cutShort: boolean;
}

/** Throws as `readEntries` does, and what the system throws where the file can't be written. */
export function openJournal(file: string, found: FoundEntries = readEntries(file)): Journal {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const fd = openSync(file, 'a', 0o600);
  try {
    const { size } = fstatSync(fd);
    const bytes = found.cutShort ? appendWhole(fd, '\n', size) : size;
    return journalOn(file, { fd, bytes, compactBytes: 0 }, found.entries);
  } catch (thrown) {
    closeSync(fd);
    throw thrown;
  }
}

/**
 * A new journal that begins with `entry`, in the place of what lies there; `setAside` puts that away when the new one is whole on
 * disk. `kill -9` leaves the old file, the new one, or the new one as a draft, see `finishDraft`. Throws what the system throws.
 */
export function beginJournal(file: string, entry: JournalEntry, setAside: () => void): Journal {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const written = writeWhole(draftOf(file), entry);
  try {
    setAside();
    renameSync(draftOf(file), file);
  } catch (thrown) {
    closeSync(written.fd);
    throw thrown;
  }
  return journalOn(file, written, [entry]);
}

/** Where the old file was put away already, the new one takes its place. Throws what the system throws. */
export function finishDraft(file: string): void {
  if (!existsSync(file) && existsSync(draftOf(file))) renameSync(draftOf(file), file);
}

function draftOf(file: string): string {
  return `${file}.draft`;
}

interface Written {
  readonly fd: number;
  readonly bytes: number;
  /** Of the one entry that it began with. */
  readonly compactBytes: number;
}

function journalOn(file: string, written: Written, entries: readonly JournalEntry[]): Journal {
  let { fd, bytes, compactBytes } = written;
  /** Its end could not be taken back: the next line would be glued to it. */
  let isTorn = false;
  return {
    entries: () => entries,
    append(entry) {
      try {
        bytes = appendWhole(fd, lineOf(entry), bytes);
      } catch (thrown) {
        isTorn = fstatSync(fd).size !== bytes;
        throw thrown;
      }
    },
    isLong: () => isTorn || bytes > longBytes + 2 * compactBytes,
    replace(entry) {
      const temporary = `${file}.${process.pid}.new`;
      const fresh = writeWhole(temporary, entry);
      try {
        renameSync(temporary, file);
      } catch (thrown) {
        closeSync(fresh.fd);
        throw thrown;
      }
      closeSync(fd);
      ({ fd, bytes, compactBytes } = fresh);
      isTorn = false;
    },
    close: () => closeSync(fd),
  };
}

function lineOf(entry: JournalEntry): string {
  return `${JSON.stringify({ format, ...entry })}\n`;
}

/** All of it, or none: a disk that is almost full takes a part of a write without an error. */
function writeWhole(file: string, entry: JournalEntry): Written {
  const fd = openSync(file, 'w', 0o600);
  try {
    writeFileSync(fd, lineOf(entry));
    const bytes = fstatSync(fd).size;
    return { fd, bytes, compactBytes: bytes };
  } catch (thrown) {
    closeSync(fd);
    rmSync(file, { force: true });
    throw thrown;
  }
}

/**
 * Throws CORRUPT_STATE, FOREIGN_STATE: a line in the middle is not ours; STATE_UNAVAILABLE. A last line that was cut short is
 * left out.
 */
export function readEntries(file: string): FoundEntries {
  const text = textOf(file);
  const lines = text.split('\n');
  const last = lines.pop() ?? '';
  const entries: JournalEntry[] = [];
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    const entry = parse(line);
    if (entry === undefined) {
      // A line that kill -9 cut short, ended by the start after it: what it said was not acknowledged to anybody.
      if (!line.startsWith(`{"format":"${format}"`.slice(0, line.length)))
        fail('CORRUPT_STATE', { file, reason: `line ${i + 1} is not whole JSON` });
      continue;
    }
    if (entry.format !== format) fail('FOREIGN_STATE', { file, found: String(entry.format), expected: format });
    if (!isEntry(entry)) fail('CORRUPT_STATE', { file, reason: `line ${i + 1} is no entry of a journal` });
    entries.push(entry);
  }
  return { entries, cutShort: last !== '' };
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return '';
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    return fail('STATE_UNAVAILABLE', { file, verb: 'read', reason }, thrown);
  }
}

function parse(line: string): (JournalEntry & { readonly format: string }) | undefined {
  try {
    return JSON.parse(line) as JournalEntry & { readonly format: string };
  } catch {
    return undefined;
  }
}

/** What would keep a ledger from starting, were it taken over: a disk that failed, or a hand, can leave whole JSON behind. */
function isEntry({ lanes, cells, withoutOrigin, unknownBefore }: Partial<JournalEntry>): boolean {
  if (!isObject(lanes) || !Object.values(lanes).every(Number.isFinite)) return false;
  if (!Array.isArray(cells) || !cells.every(isCell) || !Number.isFinite(withoutOrigin)) return false;
  return unknownBefore === undefined || (isObject(unknownBefore) && Number.isFinite(unknownBefore.ms));
}

function isCell(cell: Partial<LedgerCell> | null): boolean {
  if (!isObject(cell) || !Number.isFinite(cell.originMs) || typeof cell.pathway !== 'string') return false;
  return isObject(cell.tallies) && Object.values(cell.tallies).every(isTally);
}

function isTally(tally: { count?: unknown; sum?: unknown; xor?: unknown } | null): boolean {
  return isObject(tally) && Number.isFinite(tally.count) && isHash(tally.sum) && isHash(tally.xor);
}

function isHash(digits: unknown): boolean {
  return typeof digits === 'string' && /^[0-9a-f]{16}$/.test(digits);
}

function isObject<T>(value: T): value is T & object {
  return typeof value === 'object' && value !== null;
}

/** Keeps nothing beyond the process. */
export function memoryJournal(kept: JournalEntry[] = []): Journal {
  return {
    entries: () => kept,
    append: (entry) => void kept.push(structuredClone(entry)),
    isLong: () => kept.length > 64,
    replace: (entry) => void kept.splice(0, kept.length, structuredClone(entry)),
    close: () => undefined,
  };
}
