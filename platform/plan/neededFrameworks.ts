/** Which servers a blueprint needs. */
import type { BlueprintSpec } from '../model/blueprint.ts';
import { type FrameworkName, frameworkNames } from '../model/plan.ts';

/** In the order of `frameworkNames`. A framework that only has options in the blueprint is not needed by that. */
export function neededFrameworks(spec: BlueprintSpec): FrameworkName[] {
  const used = new Set<FrameworkName>();
  if (Object.keys(spec.topics).length > 0) used.add('kafka');
  if (Object.keys(spec.tables).length > 0) used.add('cassandra');
  if (Object.keys(spec.jobs).length > 0) used.add('spark');
  for (const { to } of Object.values(spec.flows)) {
    if (to.kind === 'redis' || to.kind === 'bullmq') used.add('redis');
  }
  for (const { runs } of Object.values(spec.services)) {
    if (runs.kind === 'module') for (const name of runs.uses) used.add(name);
  }
  return frameworkNames.filter((name) => used.has(name));
}
