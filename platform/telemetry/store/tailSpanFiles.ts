/** Brings the span files of our own processes into the store. */
import type { EmbeddedStore } from './open.ts';

export interface SpanFileTail {
  /** Resolves when what the files hold now is stored. */
  caughtUp(): Promise<void>;
}

/**
 * From now until the store is closed. The work is done by the store's writing thread; how far each file has been taken in stands in
 * the database, so that a restart stores nothing twice and passes nothing over.
 */
export function tailSpanFiles(spansDir: string, store: EmbeddedStore): SpanFileTail {
  store.followSpanFiles(spansDir);
  return { caughtUp: () => store.caughtUp() };
}
