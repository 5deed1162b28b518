/**
 * The journal of a stage, whatever became of its file: telemetry must not keep data from flowing. One that can't be read is set
 * aside, and a new one is begun that knows since when it counts; where not even that can be done, nothing outlives the process
 * until it can. What was counted before is then unknown, which the ledger says, and neither lost nor balanced.
 */
import { renameSync } from 'node:fs';
import type { UnknownBefore } from './cell.ts';
import { type Journal, openJournal } from './journal.ts';

export interface JournalOptions {
  readonly log: (message: string) => void;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** From one try to begin a journal to the next. */
const againMs = 10_000;

export function journalFor(file: string, { log, now = Date.now }: JournalOptions): Journal {
  try {
    return openJournal(file);
  } catch (thrown) {
    const reason = reasonOf(thrown);
    const atMs = now();
    try {
      const why = `its journal ${file} could not be read (${reason}): it lies as ${aside(file)}, and counts begin anew`;
      const journal = beginAnew(file, { ms: atMs, why });
      log(`windows before ${new Date(atMs).toISOString()} are unknown to the conservation ledger: ${why}.`);
      return journal;
    } catch (other) {
      return laterJournal(file, { reason: reasonOf(other), log, now });
    }
  }
}

function aside(file: string): string {
  return `${file}.unread`;
}

/** Throws where the old file can't be put away or a new one can't be made. */
function beginAnew(file: string, unknownBefore: UnknownBefore): Journal {
  setAside(file);
  const journal = openJournal(file);
  const entry = { lanes: {}, cells: [], withoutOrigin: 0, unknownBefore };
  journal.append(entry);
  return { ...journal, entries: () => [entry] };
}

/** In the place of one that was set aside before: two are not worth their room. */
function setAside(file: string): void {
  try {
    renameSync(file, aside(file));
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
  }
}

/** Begins as soon as the disk lets it, with all that was counted by then. */
function laterJournal(
  file: string,
  { reason, log, now }: Required<JournalOptions> & { readonly reason: string },
): Journal {
  const atMs = now();
  const why =
    `its journal ${file} can not be used (${reason}): make it and its directory readable and writable to ` +
    'the user that Millrace runs as, or move the file away; it is tried again every 10 s';
  log(`the conservation ledger starts without its journal, and windows before now are unknown to it: ${why}.`);
  let real: Journal | undefined;
  let triedMs = atMs;
  return {
    entries: () => [{ lanes: {}, cells: [], withoutOrigin: 0, unknownBefore: { ms: atMs, why } }],
    append: (entry) => real?.append(entry),
    // A whole entry is asked for then.
    isLong: () => real?.isLong() ?? now() - triedMs >= againMs,
    replace(entry) {
      if (real === undefined) {
        triedMs = now();
        try {
          setAside(file);
          real = openJournal(file);
        } catch {
          return;
        }
        log(`the conservation ledger has its journal ${file} again.`);
      }
      real.replace(entry);
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
