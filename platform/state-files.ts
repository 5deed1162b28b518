/**
 * State files: JSON on disk that names its own format (`millrace/task/1`). Written whole to a temporary name, synced and
 * renamed, so that a reader sees the old or the new one and never half of one. A file that is not ours is refused by name.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fail } from './errors.ts';

export interface StateFile {
  readonly format: string;
}

/**
 * Reads `file`, or answers undefined when there is none.
 *
 * `check` looks at the content: it gives the value back or throws; a zod schema's `parse` will do.
 * Throws CORRUPT_STATE (no JSON, no format, refused by `check`), FOREIGN_STATE (another format), STATE_UNAVAILABLE.
 */
export function readState<T extends StateFile>(
  file: string,
  format: T['format'],
  check?: (value: unknown) => T,
): T | undefined {
  const text = readText(file);
  if (text === undefined) return undefined;
  const value = parse(file, text);
  const found = formatOf(value);
  if (found === undefined) fail('CORRUPT_STATE', { file, reason: 'it does not say its format' });
  if (found !== format) fail('FOREIGN_STATE', { file, found, expected: format });
  if (check === undefined) return value as T;
  try {
    return check(value);
  } catch (thrown) {
    fail('CORRUPT_STATE', { file, reason: reasonOf(thrown) }, thrown);
  }
}

/** Writes `value` to `file`, readable by its owner only, making the directory (0700) where needed. Throws STATE_UNAVAILABLE. */
export function writeState<T extends StateFile>(file: string, value: T): void {
  const temporary = join(dirname(file), `.${basename(file)}.${process.pid}.${randomBytes(4).toString('hex')}`);
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const fd = openSync(temporary, 'wx', 0o600);
    try {
      // All of it, or an error: a disk that is almost full takes a part of a single write without one.
      writeFileSync(fd, `${JSON.stringify(value, null, 2)}\n`);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, file);
  } catch (thrown) {
    removeQuietly(temporary);
    fail('STATE_UNAVAILABLE', { file, verb: 'written', reason: reasonOf(thrown) }, thrown);
  }
}

/** What keeps a file from being written may keep it from being removed, too; only the former is to be told. */
function removeQuietly(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // A left-over that begins with a dot is no state file.
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    fail('STATE_UNAVAILABLE', { file, verb: 'read', reason: reasonOf(thrown) }, thrown);
  }
}

function parse(file: string, text: string): unknown {
  if (text.trim() === '') fail('CORRUPT_STATE', { file, reason: 'it is empty' });
  try {
    return JSON.parse(text);
  } catch (thrown) {
    fail('CORRUPT_STATE', { file, reason: `it is not whole JSON (${text.length} characters)` }, thrown);
  }
}

function formatOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('format' in value)) return undefined;
  return typeof value.format === 'string' ? value.format : undefined;
}

/** A zod error tells its first issue; any other error its message. */
function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const issues = 'issues' in thrown && Array.isArray(thrown.issues) ? thrown.issues : [];
  const first = issues[0] as { path?: readonly PropertyKey[]; message?: string } | undefined;
  if (first?.message === undefined) return thrown.message;
  return `at ${first.path?.join('.') || 'its top'}, ${first.message}`;
}
