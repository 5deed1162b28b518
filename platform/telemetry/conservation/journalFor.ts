/**
 * The journal of a stage, whatever became of its file: telemetry must not keep data from flowing. One that is not ours is set
 * aside, and a new one is begun that knows since when it counts: what was counted before is then unknown, which the ledger says,
 * and neither lost nor balanced. One that can't be read for now (no descriptor is left, the disk fails) is read again, and what it
 * says is taken over then. One that can be read and not written is gone on from. Where nothing can be written, nothing outlives the
 * process until it can.
 */
import { existsSync, renameSync } from 'node:fs';
import { MillraceError } from '../../errors.ts';
import type { UnknownBefore } from './cell.ts';
import {
  beginJournal,
  type FoundEntries,
  finishDraft,
  type Journal,
  type JournalEntry,
  openJournal,
  readEntries,
} from './journal.ts';

export interface JournalOptions {
  readonly log: (message: string) => void;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** From one try to begin a journal to the next. */
const againMs = 10_000;

export function journalFor(file: string, { log, now = Date.now }: JournalOptions): Journal {
  let found: FoundEntries;
  try {
    finishDraft(file);
    found = readEntries(file);
  } catch (thrown) {
    const failed = { reason: reasonOf(thrown), log, now };
    return isPassing(thrown) ? journalReadLater(file, failed) : journalAnew(file, failed);
  }
  try {
    return openJournal(file, found);
  } catch (thrown) {
    const why = whyUnusable(file, reasonOf(thrown));
    log(`the conservation ledger goes on from its journal, and can not write to it: ${why}.`);
    // What it holds is handed back as a whole with the first entry: nothing of it needs to be set aside.
    return laterJournal({
      file,
      entries: found.entries,
      why,
      log,
      now,
      begin: (entry) => beginJournal(file, entry, noSetAside),
    });
  }
}

type Failed = Required<JournalOptions> & { readonly reason: string };

/** Whether the file may be one of ours and only could not be read. At a path that leads to no file there is nothing to read. */
function isPassing(thrown: unknown): boolean {
  if (!(thrown instanceof MillraceError)) return true;
  const { code } = (thrown.cause ?? {}) as NodeJS.ErrnoException;
  return thrown.code === 'STATE_UNAVAILABLE' && code !== 'EISDIR' && code !== 'ENOTDIR';
}

/** In the place of one that can't be read for now: until it is, nothing is written in its place. */
function journalReadLater(file: string, { reason, log, now }: Failed): Journal {
  const why = whyUnusable(file, reason);
  log(`the conservation ledger starts without its journal, and windows before now are unknown to it: ${why}.`);
  let state: 'unread' | 'read' | 'not ours' = 'unread';
  const begin = (entry: JournalEntry) => {
    if (state === 'unread') throw new Error('it can not be read yet');
    // What was read is in the entry.
    return beginJournal(file, entry, state === 'read' ? noSetAside : () => setAsideOnce(file));
  };
  const late = () => {
    if (state !== 'unread') return undefined;
    try {
      const { entries } = readEntries(file);
      state = 'read';
      return entries;
    } catch (thrown) {
      if (!isPassing(thrown)) state = 'not ours';
      return undefined;
    }
  };
  const entries = [entryOf(unknownSince(file, reason, now(), why))];
  return laterJournal({ file, entries, why, log, now, begin, late });
}

/** In the place of one that is not ours, or can't be there. */
function journalAnew(file: string, { reason, log, now }: Failed): Journal {
  const atMs = now();
  try {
    const why = `its journal ${file} could not be read (${reason}): it lies as ${aside(file)}, and counts begin anew`;
    const journal = beginJournal(file, entryOf({ ms: atMs, why }), () => setAside(file));
    log(`windows before ${new Date(atMs).toISOString()} are unknown to the conservation ledger: ${why}.`);
    return journal;
  } catch (thrown) {
    const why = whyUnusable(file, reasonOf(thrown));
    log(`the conservation ledger starts without its journal, and windows before now are unknown to it: ${why}.`);
    const entries = [entryOf(unknownSince(file, reasonOf(thrown), atMs, why))];
    const begin = (entry: JournalEntry) => beginJournal(file, entry, () => setAsideOnce(file));
    return laterJournal({ file, entries, why, log, now, begin });
  }
}

function entryOf(unknownBefore: UnknownBefore): JournalEntry {
  return { lanes: {}, cells: [], withoutOrigin: 0, unknownBefore };
}

/** Said for a day, also when it was mended long ago. */
function unknownSince(file: string, reason: string, ms: number, fault: string): UnknownBefore {
  return { ms, why: `its journal ${file} could not be used (${reason}) when the stage started`, fault };
}

function whyUnusable(file: string, reason: string): string {
  return (
    `its journal ${file} can not be used (${reason}): make it and its directory readable and writable to ` +
    'the user that Millrace runs as, or move the file away; it is tried again every 10 s'
  );
}

function aside(file: string): string {
  return `${file}.unread`;
}

/** In the place of one that was set aside before: two are not worth their room. */
function setAside(file: string): void {
  try {
    renameSync(file, aside(file));
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
  }
}

/** A later try must not put what came to lie there since in the place of what an earlier one has saved. */
function setAsideOnce(file: string): void {
  if (!existsSync(aside(file))) setAside(file);
}

function noSetAside(): void {}

interface Later extends Required<JournalOptions> {
  readonly file: string;
  /** What the ledger starts with. */
  readonly entries: readonly JournalEntry[];
  readonly why: string;
  /** Takes all that was counted. Throws where that can't be done yet. */
  readonly begin: (entry: JournalEntry) => Journal;
  readonly late?: NonNullable<Journal['late']>;
}

/** Begins as soon as the disk lets it, with all that was counted by then. */
function laterJournal({ file, entries, why, log, now, begin, late = () => undefined }: Later): Journal {
  let real: Journal | undefined;
  let triedMs = now();
  return {
    entries: () => entries,
    append: (entry) => real?.append(entry),
    // A whole entry is asked for then.
    isLong: () => real?.isLong() ?? Math.abs(now() - triedMs) >= againMs,
    late,
    replace(entry) {
      if (real !== undefined) return real.replace(entry);
      triedMs = now();
      try {
        real = begin(entry);
      } catch {
        return;
      }
      log(`the conservation ledger has its journal ${file} again.`);
    },
    close: () => real?.close(),
    get fault() {
      return real === undefined ? why : undefined;
    },
  };
}

function reasonOf(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return message.replace(/\.$/, '');
}
