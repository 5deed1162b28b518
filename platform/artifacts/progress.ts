/** What a fetch tells its caller while it runs. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Inert; one per change, about one a second while bytes come. */
export interface FetchEvent {
  /** `kafka`, `spark` … or a step of our own: `pip`, `java-classes of spark`. */
  readonly artifact: string;
  readonly version: string;
  readonly state: 'kept' | 'waiting' | 'fetching' | 'unpacking' | 'checking' | 'finished' | 'broken' | 'failed';
  /** `fetching`: brought in so far; `finished` and `kept`: on disk. */
  readonly bytes: number;
  /** `fetching`: to bring in, by the lock file, whatever the client's own cache may save; else equal to `bytes`. */
  readonly totalBytes: number;
  /** Since its fetch began. */
  readonly seconds: number;
  /** `waiting`: for whom; `broken` and `failed`: why. Else empty. */
  readonly detail: string;
}

export type OnProgress = (event: FetchEvent) => void;

const everyMs = 1000;

/** Reports the growth of `directory` until the returned function is called. */
export function watchGrowth(directory: string, report: (bytes: number) => void): () => void {
  const timer = setInterval(() => report(bytesUnder(directory)), everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** Sum of the sizes of the files under it; files that vanish meanwhile don't count. */
export function bytesUnder(directory: string): number {
  let sum = 0;
  try {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) sum += bytesUnder(path);
      else if (entry.isFile()) sum += statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    }
  } catch {
    // The directory itself went: its owner has finished.
  }
  return sum;
}
