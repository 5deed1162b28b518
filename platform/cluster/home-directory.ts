/**
 * Whether a directory is a home of Millrace, and how one is removed: what Millrace made, and nothing else. `MILLRACE_HOME` may
 * point anywhere, also to a directory whose `data` is somebody else's.
 */
import { readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fail } from '../errors.ts';
import { type Home, homeEntries } from '../home.ts';

/** Any of these shows a home. The first is the first that is written, and the last that a removal takes away. */
const proofsOf = (home: Home) => [home.clusterFile, home.controlFile, join(home.agentDir, 'agent.json')];
const ourFormat = /"format"\s*:\s*"millrace\//;

/** Nothing of ours would be mixed with anything of others: a home, a directory without our names in it, or none yet. */
export function refuseForeignHome(home: Home): void {
  const ours = homeEntries(home);
  if (!isHome(home) && entriesOf(home).some((name) => ours.includes(name))) refuse(home);
}

export interface HomeRemoval {
  /** Absolute paths. The root alone, where it is gone with all that was in it. */
  readonly removed: readonly string[];
  /** Why the directory is still there; undefined: it is gone. */
  readonly keptBecause?: string;
}

/**
 * Removes what Millrace made, then the directory if nothing else is in it. Killed half-way, it can be called again: what shows
 * that the directory is ours goes last. Throws HOME_FOREIGN, before anything is removed.
 */
export function removeHome(home: Home): HomeRemoval {
  refuseRemoval(home);
  rmSync(home.agentSocket, { force: true });
  const ours = entriesOf(home).filter((name) => isOurs(home, name));
  const last = [home.agentDir, home.controlFile, home.clusterFile].map((path) => basename(path));
  const order = [...ours.filter((name) => !last.includes(name)), ...last];
  const removed = order.filter((name) => ours.includes(name)).map((name) => join(home.root, name));
  for (const path of removed) rmSync(path, { recursive: true, force: true });
  const others = entriesOf(home);
  if (others.length > 0) return { removed, keptBecause: `holds what Millrace did not make: ${listed(others)}` };
  try {
    rmdirSync(home.root);
    return { removed: [home.root] };
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException;
    if (code === 'ENOENT') return { removed };
    return { removed, keptBecause: `is empty, and can not be removed: ${message}` };
  }
}

/** Throws HOME_FOREIGN where `removeHome` would. */
export function refuseRemoval(home: Home): void {
  if (!isHome(home) && entriesOf(home).some((name) => !isDraft(home, name))) refuse(home);
}

export function isHome(home: Home): boolean {
  return proofsOf(home).some((file) => ourFormat.test(textOf(file)));
}

function isOurs(home: Home, name: string): boolean {
  return homeEntries(home).includes(name) || isDraft(home, name);
}

/** A state file that was being written when its writer was killed (state-files.ts). */
function isDraft(home: Home, name: string): boolean {
  const files = [home.clusterFile, home.controlFile].map((file) => basename(file));
  return files.some((file) => name.startsWith(`.${file}.`) && /^\.\d+\.[0-9a-f]{8}$/.test(name.slice(file.length + 1)));
}

function refuse(home: Home): never {
  fail('HOME_FOREIGN', { home: home.root, found: listed(entriesOf(home)) });
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}

function entriesOf(home: Home): readonly string[] {
  try {
    return readdirSync(home.root).sort();
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw thrown;
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
