/**
 * The journal of an operation: what its steps did, a JSON line each, in `<home>/operations/<operation>.ndjson`. Activities
 * append, the CLI follows; it lives outside workflow history, so that progress costs the history nothing.
 */
import { appendFileSync, mkdirSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Home } from '../home.ts';
import { operationFile } from '../home.ts';
import type { JournalEntry } from '../model/operations.ts';

export function appendJournal(home: Home, operation: string, entry: Omit<JournalEntry, 'at'>): void {
  const file = operationFile(home, operation);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  appendFileSync(file, `${JSON.stringify({ at: new Date().toISOString(), ...entry })}\n`, { mode: 0o600 });
}

/** How often the file is looked at for new lines. */
const pollMs = 100;

/** Yields the entries of an operation from its beginning, and goes on until `signal` is aborted. */
export async function* followJournal(home: Home, operation: string, signal: AbortSignal): AsyncGenerator<JournalEntry> {
  let offset = 0;
  let partial = '';
  for (;;) {
    const ended = signal.aborted;
    const chunk = await readFrom(operationFile(home, operation), offset);
    offset += chunk.length;
    const lines = (partial + chunk.toString('utf8')).split('\n');
    partial = lines.pop() ?? '';
    for (const line of lines) if (line) yield JSON.parse(line) as JournalEntry;
    if (ended) return;
    await sleep(pollMs, undefined, { signal }).catch(() => undefined);
  }
}

async function readFrom(file: string, offset: number): Promise<Buffer> {
  const handle = await open(file, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!handle) return Buffer.alloc(0);
  try {
    const { size } = await handle.stat();
    const buffer = Buffer.alloc(Math.max(0, size - offset));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
