/** Instances that were set by hand, over those that the blueprint names. Pure. */
import { fail } from '../errors.ts';
import type { BlueprintSpec } from '../model/blueprint.ts';
import type { Plan } from '../model/plan.ts';

type Scale = NonNullable<Plan['scaled']>;

/**
 * What holds for the next revision. A number set by hand stays over later deploys until the blueprint itself names another
 * one than it did then, or the blueprint's own number is set by hand. Throws UNKNOWN_SERVICE.
 */
export function nextScale(
  pipeline: string,
  { services }: Pick<BlueprintSpec, 'services'>,
  asked: Readonly<Record<string, number>> = {},
  former: Scale = {},
): Scale {
  const unknown = Object.keys(asked).find((name) => services[name] === undefined);
  if (unknown !== undefined) fail('UNKNOWN_SERVICE', { name: unknown, pipeline, known: Object.keys(services) });
  const next: Record<string, Scale[string]> = {};
  for (const [name, { instances: declared }] of Object.entries(services)) {
    const before = former[name]?.declared === declared ? former[name].instances : undefined;
    const instances = asked[name] ?? before ?? declared;
    if (instances !== declared) next[name] = { instances, declared };
  }
  return next;
}

export function scaledSpec(spec: BlueprintSpec, scaled: Scale): BlueprintSpec {
  if (Object.keys(scaled).length === 0) return spec;
  const services = Object.entries(spec.services).map(([name, service]) => [
    name,
    { ...service, instances: scaled[name]?.instances ?? service.instances },
  ]);
  return { ...spec, services: Object.fromEntries(services) };
}
