/**
 * Mutual exclusion between processes that share a cache. Node's built-in modules only: the bootstrap uses it before the
 * npm packages are there.
 *
 * The lock is SQLite's own lock on an empty file, that is, one of the kernel: it ends with its owner, however that ends,
 * so no dead owner ever has to be recognised and taken over (which lock files with a pid can't do without a race).
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';

const pollMs = 100;

/**
 * Locks that are held. Referenced from here, because a `work` that nothing can settle any more is garbage, its stack frame
 * with it, and collecting the frame would close the lock.
 */
const held = new Set<DatabaseSync>();

export interface Waiting {
  /** The process that holds the lock, as far as it is known. */
  readonly ownerPid: number | undefined;
  readonly waitedMs: number;
}

/** Runs `work` while this process alone holds the lock `file`; calls `onWaiting` about once a second until then. */
export async function withExclusive<T>(
  file: string,
  work: () => Promise<T>,
  onWaiting: (waiting: Waiting) => void = () => {},
): Promise<T> {
  mkdirSync(dirname(file), { recursive: true });
  const owner = `${file}.owner`;
  const lock = await acquire(file, owner, onWaiting);
  held.add(lock);
  try {
    writeFileSync(owner, `${process.pid}\n`);
    return await work();
  } finally {
    rmSync(owner, { force: true });
    lock.close();
    held.delete(lock);
  }
}

async function acquire(file: string, owner: string, onWaiting: (waiting: Waiting) => void): Promise<DatabaseSync> {
  const began = performance.now();
  let told = 0;
  for (;;) {
    const lock = tryAcquire(file);
    if (lock !== undefined) return lock;
    const waitedMs = Math.round(performance.now() - began);
    // Not at once: a new owner needs a moment to write down who it is.
    if (waitedMs >= pollMs && (told === 0 || waitedMs - told >= 1000)) {
      told = waitedMs;
      onWaiting({ ownerPid: ownerPid(owner), waitedMs });
    }
    await delay(pollMs);
  }
}

function tryAcquire(file: string): DatabaseSync | undefined {
  const lock = new DatabaseSync(file);
  try {
    lock.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
}

/** SQLITE_BUSY is 5; https://www.sqlite.org/rescode.html#busy. Not by class: errors of Node are of another realm in Jest. */
function isBusy(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'errcode' in error && error.errcode === 5;
}

function ownerPid(owner: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(owner, 'utf8'), 10);
    return Number.isInteger(pid) ? pid : undefined;
  } catch {
    return undefined;
  }
}
