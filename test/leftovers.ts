/**
 * What a run of tests leaves behind. The run has a directory for temporary files of its own (TMPDIR); whatever a test makes or
 * starts lies in it, or names it: in its command line, its environment, its working directory or where its output goes. So
 * runs beside each other do not see one another's.
 */
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { listeners } from '../platform/cluster/process/ports.ts';
import { processTable } from '../platform/cluster/process/process-table.ts';

/** What is ending when the last test has ended is given so long. */
const endingMs = 10_000;
const lookMs = 250;

export interface TestRoom {
  /** Given to the stages as TMPDIR. */
  readonly directory: string;
  /** A line for each process, with its ports, and each file or directory that is left. None: the room is removed. */
  leftovers(): Promise<readonly string[]>;
}

export function openTestRoom(patienceMs = endingMs): TestRoom {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-run-'));
  return {
    directory,
    async leftovers() {
      const deadlineMs = performance.now() + patienceMs;
      while (processesOf(directory).length > 0 && performance.now() < deadlineMs) await sleep(lookMs);
      const left = [...processesOf(directory).map(describe), ...readdirSync(directory).map((name) => `file ${name}`)];
      if (left.length === 0) rmdirSync(directory);
      return left;
    },
  };
}

function processesOf(directory: string): readonly number[] {
  const living = processTable()
    .list()
    .filter(({ zombie }) => !zombie);
  return living.map(({ pid }) => pid).filter((pid) => pid !== process.pid && names(pid, directory));
}

/** False where nothing can be read: a process that has just ended, of another user, or no /proc (macOS). */
function names(pid: number, directory: string): boolean {
  const links = ['cwd', 'fd/1', 'fd/2'].map((link) => reading(() => readlinkSync(`/proc/${pid}/${link}`)));
  const texts = ['cmdline', 'environ'].map((file) => reading(() => readFileSync(`/proc/${pid}/${file}`, 'latin1')));
  return [...links, ...texts].some((text) => text.includes(directory));
}

function reading(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}

function describe(pid: number): string {
  const table = processTable();
  const ports = listeners(() => true).filter((each) => each.pid === pid);
  const listening = ports.map(({ address, port }) => `${address}:${port}`).join(', ');
  const task = table.markOf(pid);
  return [
    `process ${table.nameOf(pid)} (pid ${pid})`,
    ...(task ? [`task ${task}`] : []),
    ...(listening ? [`listens on ${listening}`] : []),
  ].join(', ');
}
