/** Spark's home: its own jars and those of its Kafka source in one directory `jars`, as symbolic links. */

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { placeOf, withWorkDir } from './store.ts';

/**
 * Gives the directory `jars`, made on first use. Its parent is a SPARK_HOME: a standalone worker starts executors from
 * `$SPARK_HOME/jars`. Links, relative ones: a repaired artifact needs no new links, and a cache may be moved.
 */
export async function ensureSparkHome(cache: string): Promise<string> {
  const parts = [
    { place: placeOf(cache, 'spark'), folder: 'jars' },
    { place: placeOf(cache, 'spark-kafka'), folder: 'lib' },
  ];
  const hash = createHash('sha256')
    .update(parts.map(({ place }) => basename(place.directory)).join('\n'))
    .digest('hex');
  const home = join(cache, `spark-home-${hash.slice(0, 12)}`);
  const links = new Map<string, string>();
  for (const { place, folder } of parts) {
    for (const jar of readdirSync(join(place.directory, folder))) {
      links.set(jar, join('..', '..', basename(place.directory), folder, jar));
    }
  }
  if (!isAsWanted(home, links)) await withWorkDir(cache, 'spark-home', (workDir) => make(home, links, workDir));
  return join(home, 'jars');
}

function isAsWanted(home: string, links: ReadonlyMap<string, string>): boolean {
  if (!existsSync(join(home, 'jars'))) return false;
  const found = readdirSync(join(home, 'jars'));
  return found.length === links.size && found.every((jar) => links.has(jar));
}

async function make(home: string, links: ReadonlyMap<string, string>, workDir: string): Promise<void> {
  if (isAsWanted(home, links)) return;
  const made = join(workDir, 'home');
  mkdirSync(join(made, 'jars'), { recursive: true });
  for (const [jar, target] of links) symlinkSync(target, join(made, 'jars', jar));
  if (existsSync(home)) renameSync(home, join(workDir, 'old'));
  renameSync(made, home);
}
