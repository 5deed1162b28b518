/**
 * The thread of loopGuard.ts. It counts its own looks, no time: while the process is stopped (SIGSTOP, a laptop that sleeps), or gets
 * no CPU, it does not look either.
 */
import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import type { LoopGuardData } from './loopGuard.ts';

const lookMs = 1000;
const { beats, looks } = workerData as LoopGuardData;
let [seen, without] = [0, 0];

setInterval(() => {
  const now = Atomics.load(beats, 0);
  without = now === seen ? without + 1 : 0;
  seen = now;
  if (without < looks) return;
  const why = `the event loop has not turned for ${(looks * lookMs) / 1000} s: a fault in this program. The process ends itself, to be started again`;
  try {
    writeSync(1, `${new Date().toISOString()} ${why}\n`);
  } finally {
    // An exit would wait for the loop.
    process.kill(process.pid, 'SIGKILL');
  }
}, lookMs);
