import { setTimeout as sleep } from 'node:timers/promises';
import { processTable } from '../../../platform/cluster/process/process-table.ts';

const table = processTable();

/** A guard against a test that hangs, never a measure: generous, for a loaded machine. */
const giveUpMs = 60_000;

/** Waits until `check` answers something, and answers that. */
export async function until<T>(
  what: string,
  check: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  for (const end = Date.now() + giveUpMs; Date.now() < end; await sleep(20)) {
    const found = await check();
    if (found !== undefined && found !== false) return found;
  }
  throw new Error(`gave up waiting for ${what}`);
}

/** Whether the process lives. One that has ended and only waits for its parent to collect it does not. */
export function isThere(pid: number): boolean {
  const found = table.read(pid);
  return found !== undefined && !found.zombie;
}
