/** Blueprints that this checkout has: the folders beside this file that hold a `blueprint.ts`. Nothing is imported before it is asked for. */
import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fail } from '../platform/errors.ts';
import type { BlueprintModule } from '../platform/model/blueprint.ts';
import { nearestNames } from '../platform/model/nearest.ts';

export interface LoadedBlueprint {
  readonly module: BlueprintModule;
  /** Absolute path of its folder: `sqlFile` and `entry` are relative to it. */
  readonly folder: string;
  /** Every file under jobs/, by its path relative to the folder (`jobs/x.sql`). */
  readonly sqlFiles: Readonly<Record<string, string>>;
}

export const blueprintsFolder = import.meta.dirname;

/** Names of all blueprints, sorted. */
export function blueprintNames(root = blueprintsFolder): readonly string[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(root, entry.name, 'blueprint.ts')))
    .map((entry) => entry.name)
    .sort();
}

/** Throws UNKNOWN_BLUEPRINT with the nearest names, INVALID_BLUEPRINT when its module can not be loaded or is named otherwise. */
export async function loadBlueprint(name: string, root = blueprintsFolder): Promise<LoadedBlueprint> {
  const known = blueprintNames(root);
  if (!known.includes(name)) {
    const nearest = nearestNames(name, known);
    fail('UNKNOWN_BLUEPRINT', { name, nearest: nearest.length > 0 ? nearest : known });
  }
  const folder = join(root, name);
  const module = await importModule(name, join(folder, 'blueprint.ts'));
  return { module, folder, sqlFiles: await readJobs(folder) };
}

async function importModule(name: string, file: string): Promise<BlueprintModule> {
  let exported: { readonly blueprint?: BlueprintModule };
  try {
    exported = await import(pathToFileURL(file).href);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return fail('INVALID_BLUEPRINT', { name, path: 'blueprint.ts', reason }, error);
  }
  const { blueprint } = exported;
  if (blueprint === undefined)
    return fail('INVALID_BLUEPRINT', { name, path: 'blueprint.ts', reason: 'it does not export "blueprint"' });
  if (blueprint.name !== name)
    return fail('INVALID_BLUEPRINT', { name, path: 'name', reason: `it is "${blueprint.name}", not the folder's name` });
  return blueprint;
}

async function readJobs(folder: string): Promise<Record<string, string>> {
  const jobs = join(folder, 'jobs');
  if (!existsSync(jobs)) return {};
  const files = readdirSync(jobs)
    .filter((file) => file.endsWith('.sql'))
    .sort();
  const texts = files.map(async (file) => [`jobs/${file}`, await readFile(join(jobs, file), 'utf8')] as const);
  return Object.fromEntries(await Promise.all(texts));
}
