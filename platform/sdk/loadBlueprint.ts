/** Blueprints by name: the folders under `blueprints/` that hold a `blueprint.ts`. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fail } from '../errors.ts';
import type { BlueprintModule } from '../model/blueprint.ts';
import { nearestOrAll } from '../model/nearest.ts';

/** Absolute path of the blueprint's folder, whether it is there or not. */
export function blueprintDir(repoRoot: string, name: string): string {
  return join(repoRoot, 'blueprints', name);
}

/** Names, in alphabetical order. */
export function listBlueprints(repoRoot: string): string[] {
  const root = join(repoRoot, 'blueprints');
  if (!existsSync(root)) return [];
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(root, entry.name, 'blueprint.ts')))
    .map(({ name }) => name)
    .sort();
}

/** Throws UNKNOWN_BLUEPRINT with the nearest names, INVALID_BLUEPRINT when the file can't be loaded or exports none. */
export async function loadBlueprint(repoRoot: string, name: string): Promise<BlueprintModule> {
  const known = listBlueprints(repoRoot);
  if (!known.includes(name)) fail('UNKNOWN_BLUEPRINT', { name, hint: nearestOrAll(name, known, 'Blueprints') });
  const url = pathToFileURL(join(blueprintDir(repoRoot, name), 'blueprint.ts')).href;
  const loaded: { readonly blueprint?: unknown } = await import(url).catch((error: Error) =>
    fail('INVALID_BLUEPRINT', { name, path: 'blueprint.ts', reason: error.message }, error),
  );
  const { blueprint } = loaded;
  if (!isBlueprintModule(blueprint))
    return fail('INVALID_BLUEPRINT', {
      name,
      path: 'blueprint.ts',
      reason: 'it exports no `blueprint` made by defineBlueprint',
    });
  if (blueprint.name !== name)
    return fail('INVALID_BLUEPRINT', {
      name,
      path: 'name',
      reason: `it is "${blueprint.name}" in the folder "${name}"`,
    });
  return blueprint;
}

function isBlueprintModule(value: unknown): value is BlueprintModule {
  const module = value as Partial<BlueprintModule> | null | undefined;
  return (
    typeof module?.build === 'function' && typeof module.name === 'string' && typeof module.parameters === 'object'
  );
}
