/**
 * The tables. One SQLite file, in WAL mode: one thread writes, another reads at the same time, and a process that is killed
 * leaves whole transactions.
 *
 * `traces`   one row a trace, kept up as spans come in: what lists and heat maps show. Ids rise by first arrival and are never used
 *            again.
 * `spans`    by trace, so that a trace is read in one piece. `body`: see spanRows.ts.
 * `postings` which traces hold a term (terms.ts), by blocks of traces: new ones go into one small part of the tree, a search looks into
 *            the newest block first, and a block whose traces are all gone is removed in one piece.
 * `texts`    texts that occur often, written as numbers within bodies (texts.ts).
 * `followed` how far each span file has been taken in (spanFollower.ts).
 */
import type { DatabaseSync } from 'node:sqlite';

/** "MRTS": SQLite's application id, by which the file is known as ours. */
export const applicationId = 0x4d525453;
/** Raised when the tables change; a file with another one is refused. */
export const schemaVersion = 1;
export const pageBytes = 8192;
/** Traces in one block of `postings`: 2^10. */
export const blockBits = 10;
export const databaseName = 'telemetry.sqlite';

export const tables = `
CREATE TABLE traces (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  trace_id BLOB NOT NULL UNIQUE,
  start_us INTEGER NOT NULL,
  duration_us INTEGER NOT NULL,
  spans INTEGER NOT NULL,
  errors INTEGER NOT NULL,
  root_us INTEGER NOT NULL,
  is_root INTEGER NOT NULL,
  name TEXT NOT NULL,
  service TEXT NOT NULL,
  pipeline TEXT,
  event_id TEXT,
  events INTEGER NOT NULL
) STRICT;
CREATE INDEX traces_by_start ON traces (start_us, duration_us, errors);
CREATE TABLE spans (
  trace INTEGER NOT NULL,
  span BLOB NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (trace, span)
) STRICT, WITHOUT ROWID;
CREATE TABLE postings (
  block INTEGER NOT NULL,
  term INTEGER NOT NULL,
  trace INTEGER NOT NULL,
  PRIMARY KEY (block, term, trace)
) STRICT, WITHOUT ROWID;
CREATE TABLE texts (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE series (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  key TEXT NOT NULL UNIQUE,
  service TEXT NOT NULL,
  instance TEXT NOT NULL,
  name TEXT NOT NULL,
  unit TEXT NOT NULL,
  attributes TEXT NOT NULL,
  last_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX series_by_name ON series (name);
CREATE TABLE points (
  series INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  value REAL,
  histogram TEXT,
  PRIMARY KEY (series, at_ms)
) STRICT, WITHOUT ROWID;
CREATE TABLE logs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at_ms INTEGER NOT NULL,
  service TEXT NOT NULL,
  instance TEXT NOT NULL,
  severity TEXT NOT NULL,
  body TEXT NOT NULL,
  trace_id BLOB,
  attributes TEXT NOT NULL
) STRICT;
CREATE INDEX logs_by_time ON logs (at_ms);
CREATE INDEX logs_by_trace ON logs (trace_id) WHERE trace_id IS NOT NULL;
CREATE TABLE followed (
  head TEXT PRIMARY KEY,
  path TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  seen_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE counts (what TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO counts VALUES ('spans', 0), ('points', 0), ('logs', 0);
`;

/** Names of what the file must hold, sorted. */
export function tableNames(db: DatabaseSync): string {
  const rows = db.prepare("SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name").all();
  return rows.map((row) => row.name as string).join(' ');
}

/** Runs `work` within one transaction: all of it is stored or nothing. What it throws passes through. */
export function transaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (thrown) {
    // SQLite ends the transaction itself for some errors, a full disk among them.
    if (db.isTransaction) db.exec('ROLLBACK');
    throw thrown;
  }
}
