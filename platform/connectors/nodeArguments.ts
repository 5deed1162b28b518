/**
 * How Node is started for a process of flows. What a batch is made of lives until the store has acknowledged it, so much of it
 * is moved out of the young generation whatever that one's size; a small one costs no more CPU, and a third less memory
 * (measured by `npm run bench:sink`: 211 MiB instead of 313). With so little to collect at a time, further threads for it cost more
 * than they bring: 0.96 of the CPU a record without them, at as many records a second (2026-11-25, six rounds, 0.91 to 1.03).
 */
export const flowsNodeArguments: readonly string[] = ['--max-semi-space-size=4', '--single-threaded-gc'];
