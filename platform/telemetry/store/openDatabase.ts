/**
 * Opens the file of the store, or makes it where there is none. A file that is not ours, of another version, cut short or damaged is
 * refused by name and left as it is. Damage deep inside shows when it is read: see `isDamage`.
 */
import { closeSync, existsSync, fstatSync, mkdirSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fail, MillraceError } from '../../errors.ts';
import { applicationId, databaseName, pageBytes, schemaVersion, tableNames, tables, transaction } from './schema.ts';

const lockName = 'store.lock';

/**
 * The right to write the store of `directory`, until `close` or the end of the process, however it ends: a lock of the kernel.
 * Throws TELEMETRY_STORE_TAKEN, TELEMETRY_STORE_UNAVAILABLE.
 */
export function lockStore(directory: string): { close(): void } {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const lock = new DatabaseSync(join(directory, lockName));
    try {
      lock.exec('BEGIN EXCLUSIVE');
    } catch (thrown) {
      lock.close();
      throw thrown;
    }
    return lock;
  } catch (thrown) {
    if (sqliteCode(thrown) === codes.busy) fail('TELEMETRY_STORE_TAKEN', { directory }, thrown);
    fail('TELEMETRY_STORE_UNAVAILABLE', { directory, reason: (thrown as Error).message }, thrown);
  }
}

/** For the one that writes. Throws TELEMETRY_STORE_CORRUPT, _FOREIGN, _UNAVAILABLE. */
export function openForWriting(directory: string): DatabaseSync {
  const file = join(directory, databaseName);
  const isNew = checkHeader(directory, file);
  return guarded(directory, file, () => {
    const db = new DatabaseSync(file);
    try {
      if (isNew) create(db);
      checkTables(directory, file, db);
      db.exec('PRAGMA journal_mode = WAL');
      db.exec('PRAGMA synchronous = NORMAL');
      db.exec('PRAGMA cache_size = -16384');
      db.exec('PRAGMA journal_size_limit = 16777216');
      return db;
    } catch (thrown) {
      db.close();
      throw thrown;
    }
  });
}

/** For the one that reads, once the other has opened it. */
export function openForReading(directory: string): DatabaseSync {
  const file = join(directory, databaseName);
  return guarded(directory, file, () => {
    const db = new DatabaseSync(file, { readOnly: true, timeout: 5000 });
    db.exec('PRAGMA cache_size = -16384');
    return db;
  });
}

function create(db: DatabaseSync): void {
  db.exec(`PRAGMA page_size = ${pageBytes}`);
  db.exec('PRAGMA auto_vacuum = INCREMENTAL');
  transaction(db, () => {
    db.exec(tables);
    db.exec(`PRAGMA application_id = ${applicationId}`);
    db.exec(`PRAGMA user_version = ${schemaVersion}`);
  });
}

/** Looks at the first 100 bytes (https://sqlite.org/fileformat2.html#the_database_header). True: there is nothing yet. */
function checkHeader(directory: string, file: string): boolean {
  const found = readHeader(directory, file);
  if (found === undefined) return true;
  const { head, bytes } = found;
  const corrupt = (reason: string) => fail('TELEMETRY_STORE_CORRUPT', { file, directory, reason });
  const hasJournal = (statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
  // A process that was killed while it made the file leaves it empty; its tables may stand in the journal.
  if (bytes === 0) return !hasJournal;
  if (head.toString('latin1', 0, 15) !== 'SQLite format 3')
    corrupt(`it does not begin as a SQLite file (${bytes} bytes)`);
  if (head.length < 100) corrupt(`it ends after ${bytes} bytes`);
  const [application, version] = [head.readUInt32BE(68), head.readUInt32BE(60)];
  // Killed between making the file and its first transaction: nothing of anybody's is in it.
  if (application === 0 && version === 0 && head.readUInt32BE(28) <= 1) return true;
  checkIdentity(directory, file, application, version);
  const page = head.readUInt16BE(16) === 1 ? 65_536 : head.readUInt16BE(16);
  const pages = head.readUInt32BE(28);
  if (!hasJournal && bytes < pages * page) corrupt(`it was cut short: ${bytes} of ${pages * page} bytes are there`);
  return false;
}

function checkIdentity(directory: string, file: string, application: number, version: number): void {
  const expected = `telemetry store version ${schemaVersion}`;
  if (application !== applicationId)
    fail('TELEMETRY_STORE_FOREIGN', { file, directory, found: "another program's database", expected });
  if (version !== schemaVersion)
    fail('TELEMETRY_STORE_FOREIGN', { file, directory, found: `telemetry store version ${version}`, expected });
}

function readHeader(directory: string, file: string): { head: Buffer; bytes: number } | undefined {
  if (!existsSync(file)) return undefined;
  try {
    const fd = openSync(file, 'r');
    try {
      const head = Buffer.alloc(100);
      const read = readSync(fd, head, 0, 100, 0);
      return { head: head.subarray(0, read), bytes: fstatSync(fd).size };
    } finally {
      closeSync(fd);
    }
  } catch (thrown) {
    fail('TELEMETRY_STORE_UNAVAILABLE', { directory, reason: (thrown as Error).message }, thrown);
  }
}

/** The tables are all there, and the first and last page of each can be read. */
function checkTables(directory: string, file: string, db: DatabaseSync): void {
  const model = new DatabaseSync(':memory:');
  model.exec(tables);
  const [expected, found] = [tableNames(model), tableNames(db)];
  model.close();
  if (expected !== found)
    fail('TELEMETRY_STORE_CORRUPT', { file, directory, reason: `its tables are "${found}", not "${expected}"` });
  for (const [table, order] of Object.entries({ traces: 'id', spans: 'trace', postings: 'block', logs: 'id' })) {
    db.prepare(`SELECT * FROM ${table} ORDER BY ${order} LIMIT 1`).all();
    db.prepare(`SELECT * FROM ${table} ORDER BY ${order} DESC LIMIT 1`).all();
  }
}

function guarded<T>(directory: string, file: string, open: () => T): T {
  try {
    return open();
  } catch (thrown) {
    if (thrown instanceof MillraceError) throw thrown;
    const reason = (thrown as Error).message;
    if (isDamage(thrown)) fail('TELEMETRY_STORE_CORRUPT', { file, directory, reason }, thrown);
    fail('TELEMETRY_STORE_UNAVAILABLE', { directory, reason }, thrown);
  }
}

/** SQLITE_BUSY, SQLITE_CORRUPT, SQLITE_NOTADB (https://sqlite.org/rescode.html). */
const codes = { busy: 5, corrupt: 11, notADatabase: 26 } as const;
/** SQLITE_TOOBIG, SQLITE_CONSTRAINT, SQLITE_MISMATCH: what was given is refused, and would be refused again. */
const codesOfContent: readonly number[] = [18, 19, 20];

export function isDamage(thrown: unknown): boolean {
  const code = sqliteCode(thrown);
  return code === codes.corrupt || code === codes.notADatabase;
}

/** Whether the database itself can't go on (its disk, its lock): the same may be taken later. */
export function isOfDatabase(thrown: unknown): boolean {
  const code = sqliteCode(thrown);
  return code !== undefined && !codesOfContent.includes(code);
}

/** The primary code of an error of SQLite. */
function sqliteCode(thrown: unknown): number | undefined {
  const code = (thrown as { errcode?: unknown }).errcode;
  return typeof code === 'number' ? code & 0xff : undefined;
}
