/** Facts about this machine that decide how well, or whether, the platform runs here. Reads only. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism, freemem, totalmem } from 'node:os';
import { dirname } from 'node:path';

const bytesPerMiB = 1 << 20;

export interface Memory {
  readonly totalMiB: number;
  readonly availableMiB: number;
  /** Whether a control group sets a lower limit than the machine has. */
  readonly limited: boolean;
}

/** Linux: MemAvailable, lowered by the limit of our own control group. Elsewhere: free memory. */
export function memory(): Memory {
  const total = totalmem() / bytesPerMiB;
  const limit = process.constrainedMemory() / bytesPerMiB;
  const limited = limit > 0 && limit < total;
  const available = Math.min(
    availableMiB(),
    limited ? process.availableMemory() / bytesPerMiB : Number.POSITIVE_INFINITY,
  );
  return { totalMiB: Math.round(limited ? limit : total), availableMiB: Math.round(available), limited };
}

function availableMiB(): number {
  try {
    const kib = /^MemAvailable:\s+(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
    if (kib !== undefined) return Number(kib) / 1024;
  } catch {
    // Not Linux.
  }
  return freemem() / bytesPerMiB;
}

/** Free space for an ordinary user on the file system of `directory`, or of its nearest parent that exists. */
export function freeDiskMiB(directory: string): number {
  let existing = directory;
  while (!existsSync(existing)) existing = dirname(existing);
  const { bavail, bsize } = statfsSync(existing);
  return Math.round((bavail * bsize) / bytesPerMiB);
}

export function cpus(): number {
  return availableParallelism();
}

/** Whether a server can listen on `address` (127.0.0.2 needs an alias on macOS). Port 0: any. */
export function canListen(address: string, port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once('error', () => resolve(false));
  server.listen({ host: address, port, exclusive: true }, () => server.close(() => resolve(true)));
  return promise;
}

/** The version that a tool prints, e.g. `3.8.7` out of "Apache Maven 3.8.7"; undefined when it does not run. */
export function versionSaid(executable: string, argument: string): string | undefined {
  const { stdout, stderr, status } = spawnSync(executable, [argument], { encoding: 'utf8', timeout: 20_000 });
  if (status !== 0) return undefined;
  return /\d+(?:\.\d+)+/.exec(`${stdout}\n${stderr}`)?.[0];
}
