/** Checks what a blueprint promises: targets that can be kept and missed, and stages that there are. */
import type { BlueprintSpec } from '../model/blueprint.ts';
import type { Reason } from '../model/cluster.ts';
import type { ObjectiveSpec } from '../model/objective.ts';
import { mustExist } from './fields.ts';
import { faultAt } from './reasons.ts';

/**
 * Inclusive. A target of 1 has no error budget, so that nothing could be said about its use. Less than 12 hours: the
 * shortest window of the burn rates would be less than the five seconds in which a pipeline is looked at.
 */
const ranges = { target: [0.5, 0.999999], windowHours: [12, 2160], withinSeconds: [1, 86_400] } as const;

export function checkObjectives(spec: BlueprintSpec): Reason[] {
  return Object.entries(spec.objectives ?? {}).flatMap(([name, objective]) =>
    checkObjective(`objectives.${name}`, objective, spec),
  );
}

function checkObjective(path: string, objective: ObjectiveSpec, spec: BlueprintSpec): Reason[] {
  const reasons = [
    ...mustBeWithin(path, 'target', objective.target),
    ...mustBeWithin(path, 'windowHours', objective.windowHours),
  ];
  if (objective.kind === 'completeness') return reasons;
  reasons.push(...mustBeWithin(path, 'withinSeconds', objective.withinSeconds));
  const { stage } = objective;
  return stage === undefined ? reasons : [...reasons, ...mustExist(`${path}.stage`, 'stage', stage, measured(spec))];
}

/** The stages whose latency is measured: jobs, and flows out of a topic. */
function measured({ jobs, flows }: BlueprintSpec): Readonly<Record<string, unknown>> {
  return { ...jobs, ...Object.fromEntries(Object.entries(flows).filter(([, { from }]) => from.kind === 'kafka')) };
}

function mustBeWithin(path: string, field: keyof typeof ranges, value: number): Reason[] {
  const [least, most] = ranges[field];
  if (value >= least && value <= most) return [];
  return [faultAt(`${path}.${field}`, `is ${value}; it must be from ${least} to ${most}`)];
}
