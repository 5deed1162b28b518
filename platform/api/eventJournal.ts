/**
 * The events of the bus on disk, a JSON line each, in two files that take turns: `events-FIRST.ndjson`. Appended before an event
 * is handed to anybody, so that what a reader has seen has an id that holds after kill -9. A line that was torn is passed over.
 */
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { PlatformEvent } from './contract/control.ts';

export interface EventJournal {
  /** Oldest first. */
  load(): readonly PlatformEvent[];
  /** Never throws; false: it could not be written. */
  append(event: PlatformEvent): boolean;
}

/** Lines of one file; two files are kept. An event has some 500 bytes. */
export const linesPerFile = 2000;
const filesKept = 2;

export function createEventJournal(directory: string): EventJournal {
  let file: string | undefined;
  let lines = 0;
  /** A write that failed (a full disk) may have left half a line. */
  let mayBeTorn = false;
  return {
    load() {
      const names = filesIn(directory);
      const loaded = names.map((name) => readEvents(join(directory, name)));
      const newest = names.at(-1);
      if (newest !== undefined) {
        file = join(directory, newest);
        lines = loaded.at(-1)!.length;
        endTornLine(file);
      }
      return loaded.flat();
    },
    append(event) {
      try {
        if (file === undefined || lines >= linesPerFile) {
          file = begin(directory, event.id);
          lines = 0;
        }
        appendFileSync(file, `${mayBeTorn ? '\n' : ''}${JSON.stringify(event)}\n`, { mode: 0o600 });
        mayBeTorn = false;
        lines += 1;
        return true;
      } catch {
        mayBeTorn = true;
        return false;
      }
    },
  };
}

function begin(directory: string, firstId: string): string {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  for (const name of filesIn(directory).slice(0, 1 - filesKept)) rmSync(join(directory, name), { force: true });
  return join(directory, `events-${firstId.padStart(16, '0')}.ndjson`);
}

function filesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => /^events-\d{16}\.ndjson$/.test(name))
      .sort();
  } catch {
    return [];
  }
}

function readEvents(file: string): PlatformEvent[] {
  return readFileSync(file, 'utf8').split('\n').flatMap(parsed);
}

function parsed(line: string): PlatformEvent[] {
  if (line === '') return [];
  try {
    const event = JSON.parse(line) as PlatformEvent;
    const isEvent = /^\d+$/.test(event.id) && typeof event.type === 'string' && typeof event.time === 'string';
    return isEvent && typeof event.data === 'object' && event.data !== null ? [event] : [];
  } catch {
    return [];
  }
}

/** What comes next must not be joined to half a line. */
function endTornLine(file: string): void {
  if (!readFileSync(file, 'utf8').endsWith('\n')) appendFileSync(file, '\n');
}
