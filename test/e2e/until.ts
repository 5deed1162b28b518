import { setTimeout as sleep } from 'node:timers/promises';

/** Asks again and again until there is an answer; the test's own time is the limit. */
export async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(300);
  }
}
