import type { Command } from 'commander';
import { fail } from '../../errors.ts';
import { frameworkNamed, optionsSchema } from '../../frameworks/registry.ts';
import type { BlueprintModule, ParameterSpec } from '../../model/blueprint.ts';
import { nearestOrAll } from '../../model/nearest.ts';
import { frameworkNames } from '../../model/plan.ts';
import { listBlueprints, loadBlueprint } from '../../sdk/loadBlueprint.ts';
import { answer, columns, createSession, type Session } from '../session.ts';

export function addCatalog(program: Command): void {
  program
    .command('catalog [name]')
    .description('blueprints and frameworks there are; with a name, its parameters or options')
    .option('--json', 'print JSON')
    .action(async (name: string | undefined, options) => {
      const session = createSession(options);
      if (name === undefined) await showAll(session);
      else if (frameworkNames.some((each) => each === name)) showFramework(session, name);
      else await showBlueprint(session, await blueprintNamed(session, name));
    });
}

/** Throws UNKNOWN_NAME with the nearest of all names; INVALID_BLUEPRINT. */
async function blueprintNamed({ repoRoot }: Session, name: string): Promise<BlueprintModule> {
  const blueprints = listBlueprints(repoRoot);
  if (blueprints.includes(name)) return await loadBlueprint(repoRoot, name);
  return fail('UNKNOWN_NAME', { name, hint: nearestOrAll(name, [...blueprints, ...frameworkNames], 'Names') });
}

async function showAll(session: Session): Promise<void> {
  const names = listBlueprints(session.repoRoot);
  const blueprints = await Promise.all(names.map((name) => loadBlueprint(session.repoRoot, name)));
  const value = {
    blueprints: blueprints.map(({ name, title, description }) => ({ name, title, description })),
    frameworks: frameworkNames.map((name) => ({ name, version: frameworkNamed(name).version })),
  };
  answer(session, value, ({ blueprints, frameworks }) =>
    [
      'Blueprints',
      columns(blueprints.map(({ name, title }) => [`  ${name}`, title])),
      '',
      'Frameworks',
      columns(frameworks.map(({ name, version }) => [`  ${name}`, version])),
    ].join('\n'),
  );
}

function showFramework(session: Session, name: string): void {
  const framework = frameworkNamed(name);
  const value = { name, version: framework.version, options: optionsSchema(framework) };
  answer(session, value, ({ version, options }) => `${name} ${version}\n${JSON.stringify(options, null, 2)}`);
}

async function showBlueprint(
  session: Session,
  { name, title, description, parameters }: BlueprintModule,
): Promise<void> {
  answer(session, { name, title, description, parameters }, () =>
    [`${name}: ${title}`, description, '', columns(Object.entries(parameters).map(row))].join('\n'),
  );
}

function row([name, spec]: [string, ParameterSpec]): string[] {
  const bounds = spec.oneOf
    ? spec.oneOf.join(' | ')
    : [spec.minimum, spec.maximum].some((bound) => bound !== undefined)
      ? `${spec.minimum ?? ''} … ${spec.maximum ?? ''}`
      : '';
  return [`  ${name}`, `= ${spec.default}`, spec.unit ?? '', bounds, spec.doc];
}
