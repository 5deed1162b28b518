/**
 * Takes in the span files of our own processes (spanFiles.ts) as they grow. How far each has been taken in stands in the database and
 * changes in the same transaction as its spans: after a kill nothing is passed over and nothing is stored twice. A file is known by
 * its first line, which no other has, so that it may be renamed (turned over) meanwhile.
 */
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { listSpanFiles } from '../spanFiles.ts';
import { parseSpanLine, type StoredSpan } from '../spanLines.ts';

/** Read at once from one file, and so the most that one transaction takes in. A longer line was not written by us. */
const chunkBytes = 1024 * 1024;
const maxLineBytes = 4 * 1024 * 1024;
const headBytes = 2048;
/** How long a file that is gone is remembered: a listing may miss one that is being renamed. */
const forgetAfterMs = 3600_000;
const newline = 0x0a;

export interface FollowedChunk {
  readonly spans: readonly StoredSpan[];
  /** Lines that are no spans: torn by a kill, or not ours. */
  readonly malformed: number;
}

export class SpanFollower {
  readonly #spansDir: string;
  readonly #buffer = Buffer.allocUnsafe(maxLineBytes);
  readonly #find;
  readonly #save;
  readonly #touch;
  readonly #forget;
  /** Files of which all was taken in, by path: one look at the directory is all that an unchanged file costs. */
  readonly #done = new Map<string, { readonly head: string; readonly bytes: number }>();

  constructor(db: DatabaseSync, spansDir: string) {
    this.#spansDir = spansDir;
    this.#find = db.prepare('SELECT bytes FROM followed WHERE head = ?');
    this.#save = db.prepare(
      `INSERT INTO followed (head, path, bytes, seen_ms) VALUES (?, ?, ?, ?)
       ON CONFLICT (head) DO UPDATE SET path = excluded.path, bytes = excluded.bytes, seen_ms = excluded.seen_ms`,
    );
    this.#touch = db.prepare('UPDATE followed SET seen_ms = ? WHERE head = ?');
    this.#forget = db.prepare('DELETE FROM followed WHERE seen_ms < ?');
  }

  /** Files with something new, the one written longest ago first. */
  async changed(): Promise<readonly string[]> {
    const files = await listSpanFiles(this.#spansDir);
    const present = new Set(files.map(({ path }) => path));
    for (const path of this.#done.keys()) if (!present.has(path)) this.#done.delete(path);
    return files
      .filter(({ path, bytes }) => this.#done.get(path)?.bytes !== bytes)
      .map(({ path }) => path)
      .reverse();
  }

  /** Within a transaction: files that are still there are remembered, others forgotten after an hour. */
  remember(nowMs: number): void {
    for (const { head } of this.#done.values()) this.#touch.run(nowMs, head);
    this.#forget.run(nowMs - forgetAfterMs);
  }

  /**
   * Reads the next whole lines of `path` and hands them to `store` with the statement that makes them known: both belong into one
   * transaction. False: there is nothing more for now.
   */
  take(path: string, nowMs: number, store: (chunk: FollowedChunk, save: () => void) => void): boolean {
    let fd: number;
    try {
      fd = openSync(path, 'r');
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw thrown;
    }
    try {
      return this.#takeFrom(fd, path, nowMs, store);
    } finally {
      closeSync(fd);
    }
  }

  #takeFrom(fd: number, path: string, nowMs: number, store: (chunk: FollowedChunk, save: () => void) => void): boolean {
    const size = fstatSync(fd).size;
    const head = this.#headOf(fd);
    if (head === undefined) return false;
    const from = (this.#find.get(head)?.bytes as number | undefined) ?? 0;
    if (from >= size) {
      this.#done.set(path, { head, bytes: size });
      return false;
    }
    const { lines, taken } = this.#linesFrom(fd, from);
    if (taken === 0) {
      // An unfinished line: looked at again when the file has grown.
      this.#done.set(path, { head, bytes: size });
      return false;
    }
    store(parse(lines), () => this.#save.run(head, path, from + taken, nowMs));
    if (from + taken >= size) this.#done.set(path, { head, bytes: size });
    return from + taken < size;
  }

  /** Undefined: not even one line is there. */
  #headOf(fd: number): string | undefined {
    const read = readSync(fd, this.#buffer, 0, headBytes, 0);
    const end = this.#buffer.subarray(0, read).indexOf(newline);
    if (end === -1 && read < headBytes) return undefined;
    const head = this.#buffer.subarray(0, end === -1 ? read : end);
    return createHash('sha256').update(head).digest('base64url').slice(0, 22);
  }

  #linesFrom(fd: number, from: number): { lines: Buffer; taken: number } {
    let read = 0;
    for (let want = chunkBytes; want <= maxLineBytes; want *= 2) {
      read += readSync(fd, this.#buffer, read, want - read, from + read);
      const end = this.#buffer.subarray(0, read).lastIndexOf(newline);
      if (end !== -1) return { lines: this.#buffer.subarray(0, end), taken: end + 1 };
      if (read < want) return { lines: this.#buffer.subarray(0, 0), taken: 0 };
    }
    return { lines: this.#buffer.subarray(0, 1), taken: read };
  }
}

function parse(lines: Buffer): FollowedChunk {
  const spans: StoredSpan[] = [];
  let malformed = 0;
  for (let start = 0; start < lines.length; ) {
    const end = lines.indexOf(newline, start);
    const line = lines.subarray(start, end === -1 ? lines.length : end);
    start = end === -1 ? lines.length : end + 1;
    if (line.length === 0) continue;
    const found = parseLine(line);
    if (found.length === 0) malformed += 1;
    for (const span of found) spans.push(span);
  }
  return { spans, malformed };
}

/** A line that is JSON, but not of spans, may break its reader anywhere. */
function parseLine(line: Buffer): StoredSpan[] {
  try {
    return parseSpanLine(line);
  } catch {
    return [];
  }
}
