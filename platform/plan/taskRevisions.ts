/** Since which revision each task is as it is: a task that nothing concerning it changed for keeps its revision and runs on. */
import type { BlueprintSpec } from '../model/blueprint.ts';
import type { Placement } from '../model/cluster.ts';
import type { Plan } from '../model/plan.ts';
import { canonical } from '../reconcile/equal.ts';
import { recordedCheckpoints } from './checkpoints.ts';
import type { StandingPipeline } from './standing.ts';
import { flowGroups, type PipelineTask } from './tasks.ts';

/** What tasks are configured from. */
export type Configured = Pick<
  Plan,
  'spec' | 'sql' | 'parameters' | 'frameworks' | 'placements' | 'checkpoints' | 'sabotage'
>;

export function taskRevisions(
  tasks: readonly PipelineTask[],
  desired: Configured,
  standing: StandingPipeline,
): Record<string, number> {
  const next = standing.revision + 1;
  const running = new Set(standing.running.map(({ task }) => task));
  const entries = tasks.map((each): [string, number] => {
    const { task } = each.demand;
    const before = standing.plan;
    if (before === undefined || !running.has(task)) return [task, next];
    const same = canonical(concerns(each, desired)) === canonical(concerns(each, before));
    return [task, same ? (before.taskRevisions[task] ?? next) : next];
  });
  return Object.fromEntries(entries);
}

/** Everything of the plan that the task's configuration is made from. */
function concerns({ demand, part, role }: PipelineTask, plan: Configured): unknown {
  const { spec, sabotage } = plan;
  const base = {
    sabotage,
    placement: plan.placements.find(({ task }) => task === demand.task),
    frameworks: plan.frameworks.map(({ framework, version, options, placements }) => ({
      framework,
      version,
      options,
      placements,
    })),
  };
  if (role === 'spark-driver') {
    const checkpoints = Object.values(recordedCheckpoints(plan)).map(({ directory }) => directory);
    return { ...base, jobs: spec.jobs, sql: plan.sql, topics: spec.topics, datasets: spec.datasets, checkpoints };
  }
  if (role === 'service') return { ...base, ...serviceConcerns(part, plan) };
  const flows = flowGroups(spec)[part];
  const { topics, tables, datasets } = spec;
  if (role === 'sinks') return { ...base, flows, topics, tables };
  return { ...base, flows, datasets, endpoints: endpointsOf(spec, plan.placements) };
}

function serviceConcerns(part: string, { spec, parameters, placements }: Configured): object {
  const service = spec.services[part];
  if (service === undefined) return {};
  const { runs, endpoint, resources } = service;
  const itself = { runs, endpoint, resources };
  if (runs.kind === 'ingress') return { ...itself, topic: spec.topics[runs.topic] };
  // A module of the blueprint may read any of these through the SDK.
  const { topics, tables, flows, verify } = spec;
  return { ...itself, parameters, topics, tables, flows, verify, endpoints: endpointsOf(spec, placements) };
}

/** Where each service is reached: the shared port at its first instance. */
function endpointsOf(spec: BlueprintSpec, placements: readonly Placement[]): unknown {
  return Object.keys(spec.services).map((name) => {
    const first = placements.find(({ demand, task }) => task.endsWith('.0') && demand.group.endsWith(`.${name}`));
    return [name, first?.address, first?.ports.service];
  });
}
