/** The cache: one directory per artifact, which is either whole or not there. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Waiting, withExclusive } from './exclusive.ts';
import { type ArtifactName, directoryName, type Lock, lockOf, thisPlatform } from './locks.ts';
import { type Identity, writeManifest } from './manifest.ts';

export interface Place extends Identity {
  readonly name: ArtifactName;
  readonly lock: Lock;
}

export function placeOf(cache: string, name: ArtifactName): Place {
  const lock = lockOf(name);
  const directory = join(cache, directoryName(lock, thisPlatform));
  return { name, lock, artifact: lock.artifact, version: lock.version, directory };
}

export function isThere(place: Place): boolean {
  return existsSync(place.directory);
}

/**
 * Runs `work` with a directory of its own, while no other process does the same under this `name`. Directories that killed
 * owners have left are removed first, this one at the end.
 */
export async function withWorkDir<T>(
  cache: string,
  name: string,
  work: (workDir: string) => Promise<T>,
  onWaiting?: (waiting: Waiting) => void,
): Promise<T> {
  const partial = join(cache, 'partial');
  const alone = async () => {
    mkdirSync(partial, { recursive: true });
    for (const left of readdirSync(partial)) {
      if (left.startsWith(`${name}.`)) remove(join(partial, left));
    }
    const workDir = mkdtempSync(join(partial, `${name}.`));
    try {
      return await work(workDir);
    } finally {
      remove(workDir);
    }
  };
  return withExclusive(join(cache, 'locks', name), alone, onWaiting);
}

/** Records what `made` holds, then puts it in its place, in one step; what was there before (a repair) goes. */
export async function commit(place: Place, made: string, workDir: string): Promise<void> {
  await writeManifest({ ...place, directory: made });
  if (existsSync(place.directory)) renameSync(place.directory, join(workDir, `${basename(place.directory)}.old`));
  renameSync(made, place.directory);
}

/** A client whose owner was killed may still be writing there: hence the retries. */
function remove(directory: string): void {
  rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}
