/** What of a pipeline stands now, as far as its record says. */
import type { BlueprintSpec } from '../model/blueprint.ts';
import type { Placement } from '../model/cluster.ts';
import type { Plan } from '../model/plan.ts';
import type { PipelineRecord } from '../model/records.ts';

export interface StandingPipeline {
  /** 0: it was never deployed. */
  readonly revision: number;
  /** Of the last revision; undefined if it was never deployed. */
  readonly spec: BlueprintSpec | undefined;
  readonly plan: Plan | undefined;
  /** Placements of tasks that run; the offers count them. */
  readonly running: readonly Placement[];
  /** Placements of tasks that do not run any more: a new one goes back there if it can, to the data it left. */
  readonly ended: readonly Placement[];
  /** Whether the offers count the ended tasks still: the record of a failed revision holds them. */
  readonly endedIsCounted: boolean;
  readonly topics: ReadonlySet<string>;
  readonly tables: ReadonlySet<string>;
  /** Whether its users, tables and queues may be in the servers: it was deployed and not destroyed. */
  readonly installed: boolean;
}

const nothing: StandingPipeline = {
  revision: 0,
  spec: undefined,
  plan: undefined,
  running: [],
  ended: [],
  endedIsCounted: false,
  topics: new Set(),
  tables: new Set(),
  installed: false,
};

/**
 * A failed revision has undone what it had made new, so that only what it meant to keep stands. Destroyed with its data
 * kept: topics and tables stand, nothing runs.
 */
export function standingOf(record: PipelineRecord | undefined): StandingPipeline {
  if (record === undefined) return nothing;
  const { plan, revision, state } = record;
  const stays = (effect: string) => state !== 'failed' || effect === 'keep';
  const named = (kind: 'topic' | 'table') =>
    new Set(plan.data.filter((each) => each.kind === kind && stays(each.effect)).map(({ name }) => name));
  const base = {
    revision,
    plan,
    spec: plan.spec,
    endedIsCounted: state === 'failed',
    topics: named('topic'),
    tables: named('table'),
  };
  if (state === 'stopped') return { ...base, running: [], ended: plan.placements, installed: false };
  if (state !== 'failed') return { ...base, running: plan.placements, ended: [], installed: true };
  const undone = new Set(plan.phases.flatMap(({ steps }) => steps.flatMap((step) => (step.undo ? [step.id] : []))));
  const isUndone = ({ task }: Placement) => undone.has(`launch:${task}`);
  return {
    ...base,
    running: plan.placements.filter((placement) => !isUndone(placement)),
    ended: plan.placements.filter(isUndone),
    installed: !undone.has('user:kafka'),
  };
}
