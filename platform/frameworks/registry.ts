/** Every framework there is, by name. An import has no side effect; to add one, write its package and name it here. */
import { z } from 'zod';
import { fail } from '../errors.ts';
import { type FrameworkName, frameworkNames } from '../model/plan.ts';
import { cassandraPackage } from './cassandra/package.ts';
import type { FrameworkPackage } from './contract.ts';
import { kafkaPackage } from './kafka/package.ts';
import { redisPackage } from './redis/package.ts';
import { sparkPackage } from './spark/package.ts';

/** A package whose options come from a plan or a blueprint, unchecked; each call checks them and fills in defaults. */
export type AnyFrameworkPackage = FrameworkPackage<unknown>;

export const frameworks: Readonly<Record<FrameworkName, AnyFrameworkPackage>> = {
  kafka: checked(kafkaPackage),
  cassandra: checked(cassandraPackage),
  spark: checked(sparkPackage),
  redis: checked(redisPackage),
};

/** Throws INVALID_ARGUMENT for a name that is none. */
export function frameworkNamed(name: string): AnyFrameworkPackage {
  const known = frameworkNames.find((each) => each === name);
  if (known === undefined) {
    fail('INVALID_ARGUMENT', {
      reason: `There is no framework "${name}", only ${frameworkNames.join(', ')}.`,
      command: 'catalog',
    });
  }
  return frameworks[known];
}

/** The options with defaults filled in. Throws INVALID_OPTIONS with the path of the first fault. */
export function optionsOf<O>(framework: FrameworkPackage<O>, options: unknown): O {
  const parsed = framework.options.safeParse(options ?? {});
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.length ? issue.path.join('.') : '(all options)';
  return fail('INVALID_OPTIONS', { framework: framework.name, path, reason: issue?.message ?? 'not valid' });
}

/** JSON Schema of the options, for `catalog`. */
export function optionsSchema(framework: AnyFrameworkPackage): object {
  return z.toJSONSchema(framework.options, { io: 'input' });
}

function checked<O>(framework: FrameworkPackage<O>): AnyFrameworkPackage {
  const options = (raw: unknown) => optionsOf(framework, raw);
  return {
    name: framework.name,
    version: framework.version,
    options: framework.options,
    demands: (raw) => framework.demands(options(raw)),
    phases: (raw) => framework.phases(options(raw)),
    render: (context) => framework.render({ ...context, options: options(context.options) }),
    ready: (access, placement) => framework.ready({ ...access, options: options(access.options) }, placement),
  };
}
