/** Pictures of pages that the tests take. They stay when a run has ended: CI keeps them. */
import { readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** `MILLRACE_SCREENSHOTS` (`.ci/run` and `npm test` set it), else a directory among temporary files. */
export function screenshotsOf({ MILLRACE_SCREENSHOTS }: NodeJS.ProcessEnv): string {
  return resolve(MILLRACE_SCREENSHOTS || join(tmpdir(), 'millrace-screenshots'));
}

/** Those of an earlier run would pass for those of this one. Nothing else in the directory is touched. */
export function clearScreenshots(directory: string): void {
  for (const name of picturesIn(directory)) rmSync(join(directory, name), { force: true });
}

/** How many there are, and where; undefined: none. */
export function screenshotsLine(directory: string): string | undefined {
  const { length } = picturesIn(directory);
  return length === 0 ? undefined : `Screenshots: ${length} in ${directory}`;
}

function picturesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).filter((name) => name.endsWith('.png'));
  } catch {
    return [];
  }
}
