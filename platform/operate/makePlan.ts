/** The plan of a deploy before it is asked for, and what refuses it early. Changes nothing. */
import { observe } from '../activities/observed.ts';
import { planFor } from '../activities/planning.ts';
import { plannedCluster, readCluster } from '../cluster/cluster-file.ts';
import { takenByOthers } from '../cluster/process/foreign-ports.ts';
import { coversAddress, listeners } from '../cluster/process/ports.ts';
import { portBaseOf } from '../control/start.ts';
import { fail } from '../errors.ts';
import type { Plan, PlanOutcome } from '../model/plan.ts';
import { renderReason } from '../plan/render.ts';
import { createRecords } from '../records/records.ts';
import { loadBlueprint } from '../sdk/loadBlueprint.ts';
import type { Operating } from './operating.ts';

/** Plans against what is recorded and what listens on this machine; needs nothing to be running. */
export async function makePlan(
  { home, repoRoot, env }: Pick<Operating, 'home' | 'repoRoot' | 'env'>,
  blueprint: string,
  pipeline: string,
  parameters: Readonly<Record<string, string>>,
  nodes?: number,
): Promise<PlanOutcome> {
  // Before anything is looked for under the name: a pipeline is named after its blueprint unless told otherwise.
  await loadBlueprint(repoRoot, blueprint);
  const portBase = portBaseOf(env);
  const cluster = readCluster(home) ?? plannedCluster(home, { nodes: nodes ?? 1, ...portBase });
  const observed = await observe(cluster, createRecords(home), pipeline, async (address) => listening(address));
  return await planFor({ repoRoot, pipeline, blueprint, parameters }, observed);
}

/** The plan, if nothing stands against it. Throws PLAN_REFUSED; PORT_TAKEN, naming the owner. */
export function refuseEarly({ home }: Pick<Operating, 'home'>, outcome: PlanOutcome): Plan {
  if ('refused' in outcome) {
    const { pipeline, summary, reason, help } = outcome;
    fail('PLAN_REFUSED', { pipeline, summary, tree: renderReason(reason), help, reason });
  }
  const placements = [...outcome.placements, ...outcome.frameworks.flatMap((framework) => framework.placements)];
  const conflict = takenByOthers(
    home,
    placements.map(({ demand, ...placement }) => ({ ...placement, sharedPorts: demand.sharedPorts ?? [] })),
  );
  if (conflict) fail('PORT_TAKEN', { ...conflict });
  return outcome;
}

function listening(address: string): ReadonlyMap<number, string> {
  const here = listeners(() => false).filter((each) => coversAddress(each.address, address));
  return new Map(here.map(({ port }) => [port, 'a server of this machine']));
}
