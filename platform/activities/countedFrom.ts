/** Which stages lose counts when a revision takes the place of another: the journals of tasks that end go with them. Pure. */
import type { Plan } from '../model/plan.ts';
import type { PipelineRecord } from '../model/records.ts';
import { type Hop, hopsOf } from '../observe/hops.ts';

/** Of a stage whose task may end at any moment: nothing of it can be balanced until it is known when. */
export const notYetMs = Number.MAX_SAFE_INTEGER;

type Counted = NonNullable<PipelineRecord['countedFromMs']>;

/** Of the next revision's stages, while its deploy is under way. */
export function countedFrom(former: PipelineRecord | undefined, plan: Plan): Counted {
  if (former === undefined) return {};
  const before = new Map(hopsOf(plan.pipeline, former.plan.spec).map((hop) => [hop.name, hop]));
  const known = former.countedFromMs ?? {};
  const found = hopsOf(plan.pipeline, plan.spec).flatMap((hop) => {
    const was = before.get(hop.name);
    if (was === undefined) return [];
    const now = new Set(tasksOf(plan, hop));
    if (tasksOf(former.plan, was).some((task) => !now.has(task))) return [[hop.name, notYetMs] as const];
    return known[hop.name] === undefined ? [] : [[hop.name, known[hop.name]!] as const];
  });
  return Object.fromEntries(found);
}

/** When the deploy has ended: what was gone by then is gone. */
export function settledFrom(counted: Counted = {}, nowMs: number): Counted {
  return Object.fromEntries(Object.entries(counted).map(([name, fromMs]) => [name, Math.min(fromMs, nowMs)]));
}

function tasksOf({ pipeline, placements }: Pick<Plan, 'pipeline' | 'placements'>, { part }: Hop): readonly string[] {
  return placements.filter(({ demand }) => demand.group === `${pipeline}.${part}`).map(({ task }) => task);
}
