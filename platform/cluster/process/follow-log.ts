/** A task's log, followed as it is written. */
import { open, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const pollMs = 400;
const mostBytes = 256 * 1024;

/**
 * What is written from now on, until `signal`. The log is emptied in place when it has become large (log-file.ts): reading begins
 * anew then. Of a burst larger than 256 KiB between two looks, the newest part is given.
 */
export async function* followLog(file: string, signal: AbortSignal): AsyncGenerator<string> {
  // A character may be cut in two between two looks.
  const decoder = new TextDecoder();
  let at = await sizeOf(file);
  while (!signal.aborted) {
    await sleep(pollMs, undefined, { signal }).catch(() => undefined);
    const size = signal.aborted ? at : await sizeOf(file);
    if (size < at) at = 0;
    if (size === at) continue;
    const from = Math.max(at, size - mostBytes);
    at = size;
    yield decoder.decode(await readPart(file, from, size - from), { stream: true });
  }
}

function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}

async function readPart(file: string, from: number, length: number): Promise<Buffer> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (handle === undefined) return Buffer.alloc(0);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, from);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
