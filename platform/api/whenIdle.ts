/** Work that can wait (the console's build takes about a second of CPU): done when no operation runs, so that no deploy pays for it. */

const firstLookMs = 15_000;
const lookMs = 5000;

/** Answers a function that calls it off. */
export function whenIdle(isBusy: () => boolean, work: () => void): () => void {
  let timer = setTimeout(look, firstLookMs);
  function look(): void {
    if (busy()) timer = setTimeout(look, lookMs);
    else work();
  }
  /** What can't be told now is asked again: thrown in a timer, it would end the process. */
  function busy(): boolean {
    try {
      return isBusy();
    } catch {
      return true;
    }
  }
  return () => clearTimeout(timer);
}
