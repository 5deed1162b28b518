/** Scenes of a story. Where one that the others need has failed, they fail at once, instead of waiting for what can't come. */
import { join } from 'node:path';
import { it } from '@jest/globals';
import { screenshots } from '../browser.ts';
import type { LiveConsole } from './home.ts';

type Scene = (name: string, work: (shown: LiveConsole) => Promise<void>, timeoutMs: number) => void;

export interface Scenes {
  /** The others need it. */
  readonly first: Scene;
  readonly scene: Scene;
}

/** What the page showed when a scene failed is kept, as `story-failed-NUMBER.png`. */
export function createScenes(live: () => LiveConsole): Scenes {
  let missing: string | undefined;
  let failures = 0;
  const play = (isNeeded: boolean): Scene => {
    return (name, work, timeoutMs) =>
      it(
        name,
        async () => {
          if (missing !== undefined) throw new Error(`It was not begun, since this failed: ${missing}`);
          if (isNeeded) missing = name;
          const shown = live();
          try {
            await work(shown);
            if (isNeeded) missing = undefined;
          } catch (error) {
            failures += 1;
            const path = join(screenshots, `story-failed-${failures}.png`);
            await shown.page.screenshot({ path }).catch(() => undefined);
            throw error;
          }
        },
        timeoutMs,
      );
  };
  return { first: play(true), scene: play(false) };
}
