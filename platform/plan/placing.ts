/** Finds places for the tasks of a plan: what stands unchanged stays, the rest is allocated at once. */
import { type Allocation, allocate } from '../allocate/allocate.ts';
import { giveBack } from '../allocate/capacity.ts';
import type { Offer, Placement, TaskDemand } from '../model/cluster.ts';
import { sameJson } from '../reconcile/equal.ts';
import type { FrameworkIntent } from './frameworkPlans.ts';
import type { StandingPipeline } from './standing.ts';

export interface PlacingInput {
  readonly offers: readonly Offer[];
  /** Demands of the pipeline's own tasks. */
  readonly pipeline: readonly TaskDemand[];
  /** Demands of each framework that is installed. */
  readonly installs: readonly { readonly intent: FrameworkIntent; readonly demands: readonly TaskDemand[] }[];
  readonly standing: StandingPipeline;
}

export type Placing =
  | { readonly ok: true; readonly placements: ReadonlyMap<string, Placement>; readonly asked: readonly TaskDemand[] }
  | Extract<Allocation, { ok: false }>;

/** `placements` by task. `asked`: demands of the tasks that hold nothing of the offers yet, or ask another amount. */
export function placeTasks({ offers, pipeline, installs, standing }: PlacingInput): Placing {
  const runningByTask = new Map(standing.running.map((placement) => [placement.task, placement]));
  const keeps = (demand: TaskDemand) => sameJson(runningByTask.get(demand.task)?.demand, demand);
  const kept = pipeline.flatMap((demand) => (keeps(demand) ? [runningByTask.get(demand.task)!] : []));
  const wanted = new Set(pipeline.map(({ task }) => task));
  const changed = standing.running.filter(({ task }) => wanted.has(task) && !kept.some((each) => each.task === task));
  // A task that the revision drops ends only when the others are ready: what it holds can't be given away yet.
  const dropped = standing.running.filter(({ task }) => !wanted.has(task));
  const tried = installs.flatMap(({ intent }) => intent.former);
  const counted = [...changed, ...tried, ...(standing.endedIsCounted ? standing.ended : [])];
  const asked = [...installs.flatMap(({ demands }) => demands), ...pipeline.filter((demand) => !keeps(demand))];
  const former = [...changed, ...tried, ...standing.ended];
  const result = allocate(asked, giveBack(offers, counted), { kept: [...kept, ...dropped], former });
  if (!result.ok) return result;
  return { ok: true, asked, placements: new Map([...kept, ...result.placements].map((each) => [each.task, each])) };
}
