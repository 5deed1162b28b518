/** Makes a blueprint's module out of its typed description. */
import { fail } from '../errors.ts';
import { type BlueprintModule, type BlueprintSpec, blueprintSpec, type ParameterValues } from '../model/blueprint.ts';
import { createKit, type Kit } from './kit.ts';
import type { ParameterSpecs, ValuesOf } from './parameters.ts';

export interface BlueprintDefinition<P extends ParameterSpecs> {
  /** The name of its folder. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly parameters: P;
  /** Pure: adds every part to `kit`, wired by reference. Called once per plan, with each parameter filled in. */
  build(parameters: ValuesOf<P>, kit: Kit): void;
}

/**
 * `build` of the result throws INVALID_BLUEPRINT with the path of the fault. It expects parameters that `resolveParameters`
 * (platform/plan) has checked.
 */
export function defineBlueprint<const P extends ParameterSpecs>(definition: BlueprintDefinition<P>): BlueprintModule {
  const { name, title, description, parameters } = definition;
  return {
    name,
    title,
    description,
    parameters,
    build: (values) => buildSpec(definition, values),
  };
}

function buildSpec<P extends ParameterSpecs>(
  { name, title, description, build }: BlueprintDefinition<P>,
  values: ParameterValues,
): BlueprintSpec {
  const { kit, draft } = createKit();
  try {
    build(values as ValuesOf<P>, kit);
  } catch (error) {
    return fail('INVALID_BLUEPRINT', { name, path: 'build', reason: reasonOf(error) }, error);
  }
  const parsed = blueprintSpec.safeParse({ name, title, description, ...draft });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.map(String).join('.') || 'the top';
  return fail('INVALID_BLUEPRINT', { name, path, reason: issue?.message ?? 'it does not fit the schema' });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
