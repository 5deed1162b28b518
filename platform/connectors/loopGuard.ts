/**
 * Ends a process whose event loop has stopped to turn: it neither moves events nor answers its health port nor obeys SIGTERM, and
 * nothing in it could notice but another thread. The agent starts it again; what was not committed is read again.
 */
import { Worker } from 'node:worker_threads';
import { reasonOf } from './backoff.ts';
import type { Log } from './contract.ts';

export interface LoopGuardOptions {
  readonly log: Log;
  /**
   * Looks, one a second, without a turn of the loop until the process is ended. No single piece of work here takes more than a
   * fraction of a second; a minute is beyond what load can explain.
   */
  readonly looks?: number;
}

export interface LoopGuardData {
  readonly beats: Int32Array<SharedArrayBuffer>;
  readonly looks: number;
}

const beatMs = 500;

/** Guards the loop of the thread that calls it, for the life of its process; does not keep that alive. */
export function guardLoop({ log, looks = 60 }: LoopGuardOptions): void {
  const beats = new Int32Array(new SharedArrayBuffer(4));
  setInterval(() => Atomics.add(beats, 0, 1), beatMs).unref();
  const workerData: LoopGuardData = { beats, looks };
  const thread = new Worker(new URL('./loopGuardThread.ts', import.meta.url), {
    workerData,
    // It allocates next to nothing.
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 },
  });
  thread.on('error', (error) => log(`nothing watches over the event loop of this process: ${reasonOf(error)}`));
  thread.unref();
}
