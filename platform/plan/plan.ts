/** Decides how a pipeline comes to be: checks, frameworks, placements, steps. Pure: what it knows of the world is handed in. */

import { MillraceError } from '../errors.ts';
import { sparkOptions } from '../frameworks/spark/spec.ts';
import { withParameters } from '../frameworks/spark/sql.ts';
import type { BlueprintModule, BlueprintSpec, ParameterValues } from '../model/blueprint.ts';
import type { Offer, Placement, Reason, TaskDemand } from '../model/cluster.ts';
import type { FrameworkName, FrameworkPlan, Plan, PlanOutcome, Refusal, ResourceTotals } from '../model/plan.ts';
import type { FrameworkRecord, PipelineRecord } from '../model/records.ts';
import { reconcile } from '../reconcile/reconcile.ts';
import { planCheckpoints } from './checkpoints.ts';
import { checkDataChanges, dataConsequences } from './dataChanges.ts';
import { type FrameworkIntent, intendFramework, type PlannedPackage } from './frameworkPlans.ts';
import { neededFrameworks } from './neededFrameworks.ts';
import { parameterChanges } from './parameters.ts';
import { placeTasks } from './placing.ts';
import { fault, faultAt, faultCount } from './reasons.ts';
import { nextScale, scaledSpec } from './scale.ts';
import { checkSparkRoom, type Neighbour } from './sparkRoom.ts';
import { standingOf } from './standing.ts';
import { pipelinePhases } from './steps.ts';
import { taskRevisions } from './taskRevisions.ts';
import { pipelineTasks } from './tasks.ts';
import { checkWiring } from './wiring.ts';

export interface PlanInput {
  readonly pipeline: string;
  readonly module: BlueprintModule;
  readonly parameters: ParameterValues;
  /** Text of each job's SQL file, by job name; `${name}` in it is filled in here. */
  readonly sql: Readonly<Record<string, string>>;
  readonly offers: readonly Offer[];
  readonly frameworks: Readonly<Partial<Record<FrameworkName, FrameworkRecord>>>;
  readonly current?: PipelineRecord;
  /** Other pipelines that are deployed. */
  readonly neighbours?: readonly Neighbour[];
  readonly sabotage?: string;
  /** Instances by service, asked for by hand. */
  readonly scale?: Readonly<Record<string, number>>;
  readonly packages: Readonly<Record<FrameworkName, PlannedPackage>>;
  /** `options`: of Spark, as planned. */
  readonly sparkDriverDemand: (pipeline: string, options: unknown) => TaskDemand;
}

/**
 * A plan, or why there is none: faults of the wiring first, then of data, of options, and of room in Spark and on the nodes. Throws
 * UNKNOWN_SERVICE for a scale.
 */
export function planPipeline(input: PlanInput): PlanOutcome {
  const { pipeline, module, parameters, scale, current } = input;
  const declared = module.build(parameters);
  const scaled = nextScale(pipeline, declared, scale, current?.plan.scaled);
  const spec = scaledSpec(declared, scaled);
  const sql = fillIn(input, spec);
  if (!sql.ok) return refusal(pipeline, sql.reason, mend(module.name));
  const wiring = checkWiring(spec, sql.texts);
  if (wiring) return refusal(pipeline, wiring, mend(module.name));
  const former = checkFormer(input, spec);
  if (former) return refusal(pipeline, former.reason, former.help);
  const intents = neededFrameworks(spec).map((name) =>
    intendFramework(name, spec, input.frameworks[name], input.packages),
  );
  const conflicts = intents.flatMap((intent) => (isIntent(intent) ? [] : intent));
  if (conflicts.length > 0) {
    const reason = fault("the frameworks can't be as the blueprint asks", conflicts);
    return refusal(
      pipeline,
      reason,
      'Frameworks are shared: change the options in the blueprint, or free the framework.',
    );
  }
  const full = checkRoom(input, spec, intents.filter(isIntent));
  if (full) return refusal(pipeline, full.reason, full.help);
  const outcome = place(input, spec, sql.texts, intents.filter(isIntent));
  return 'refused' in outcome || Object.keys(scaled).length === 0 ? outcome : { ...outcome, scaled };
}

function isIntent(intent: FrameworkIntent | readonly Reason[]): intent is FrameworkIntent {
  return !Array.isArray(intent);
}

function checkRoom({ pipeline, neighbours = [] }: PlanInput, spec: BlueprintSpec, intents: readonly FrameworkIntent[]) {
  const spark = intents.find(({ framework }) => framework === 'spark');
  return spark && checkSparkRoom({ pipeline, spec }, sparkOptions.parse(spark.options), neighbours);
}

function place(
  input: PlanInput,
  spec: BlueprintSpec,
  sql: Readonly<Record<string, string>>,
  intents: readonly FrameworkIntent[],
): PlanOutcome {
  const { pipeline, offers, packages } = input;
  const standing = standingOf(input.current);
  const spark = intents.find(({ framework }) => framework === 'spark');
  const hasJobs = Object.keys(spec.jobs).length > 0;
  const tasks = pipelineTasks(pipeline, spec, hasJobs ? input.sparkDriverDemand(pipeline, spark?.options) : undefined);
  const installs = intents
    .filter(({ action }) => action === 'install')
    .map((intent) => ({ intent, demands: packages[intent.framework].demands(intent.options) }));
  const placing = placeTasks({
    offers,
    pipeline: tasks.map(({ demand }) => demand),
    installs,
    standing,
  });
  if (!placing.ok) return refusal(pipeline, placing.reason, placing.help);
  const placed = (demands: readonly TaskDemand[]) => demands.map(({ task }) => placing.placements.get(task)!);
  const frameworks = intents.map((intent) => frameworkPlan(intent, packages, placed));
  const placements = placed(tasks.map(({ demand }) => demand));
  const sabotage = input.sabotage === undefined ? {} : { sabotage: input.sabotage };
  const checkpoints = planCheckpoints(spec, sql, standing);
  const desired = { spec, sql, parameters: input.parameters, frameworks, placements, checkpoints, ...sabotage };
  const revisions = taskRevisions(tasks, desired, standing);
  return {
    format: 'millrace/plan/1',
    pipeline,
    blueprint: input.module.name,
    revision: standing.revision + 1,
    ...desired,
    parameterChanges: parameterChanges(input.module, input.parameters, standing.plan?.parameters),
    taskRevisions: revisions,
    changes: reconcile(desired, standing.installed ? standing.plan : undefined),
    data: dataConsequences(spec, sql, standing),
    phases: pipelinePhases({ pipeline, spec, intents, tasks, taskRevisions: revisions, standing }),
    totals: { asked: total(placing.asked.map((each) => each.resources)), free: total(offers.map((each) => each.free)) },
  } satisfies Plan;
}

function frameworkPlan(
  { framework, action, version, options, former }: FrameworkIntent,
  packages: PlanInput['packages'],
  placed: (demands: readonly TaskDemand[]) => readonly Placement[],
): FrameworkPlan {
  const base = { framework, action, version, options };
  if (action === 'reuse') return { ...base, placements: former, phases: [] };
  const { demands, phases } = packages[framework];
  return { ...base, placements: placed(demands(options)), phases: phases(options) };
}

function checkFormer(
  { pipeline, module, current }: PlanInput,
  spec: BlueprintSpec,
): { reason: Reason; help: string } | undefined {
  if (current === undefined) return undefined;
  if (current.blueprint !== module.name) {
    const reason = faultAt(pipeline, `it was deployed from blueprint ${current.blueprint}, not ${module.name}`);
    return { reason, help: `Give the new pipeline another name, or run \`millrace destroy ${pipeline}\` first.` };
  }
  const faults = checkDataChanges(spec, standingOf(current));
  if (faults.length === 0) return undefined;
  const help = `Keep what is there, use another name, or run \`millrace destroy ${pipeline}\` first, which deletes its data.`;
  return { reason: fault("data that is there can't be changed so", faults), help };
}

type Filled =
  | { readonly ok: true; readonly texts: Record<string, string> }
  | { readonly ok: false; readonly reason: Reason };

function fillIn({ sql, parameters, module }: PlanInput, spec: BlueprintSpec): Filled {
  const texts: Record<string, string> = {};
  const faults: Reason[] = [];
  for (const [job, text] of Object.entries(sql)) {
    try {
      texts[job] = withParameters(text, parameters, module.name);
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error;
      faults.push(faultAt(`jobs.${job}.sqlFile`, `${spec.jobs[job]?.sqlFile ?? job}: ${error.message}`));
    }
  }
  return faults.length === 0 ? { ok: true, texts } : { ok: false, reason: fault("the SQL can't be filled in", faults) };
}

function mend(blueprint: string): string {
  return `Mend blueprints/${blueprint} at these paths, then run \`millrace plan ${blueprint}\`.`;
}

function refusal(pipeline: string, reason: Reason, help: string): Refusal {
  const faults = faultCount(reason);
  const more = faults > 1 && !/^\d/.test(reason.text) ? ` (${faults} faults)` : '';
  return { refused: true, pipeline, summary: `${reason.text}${more}`, reason, help };
}

function total(amounts: readonly ResourceTotals[]): ResourceTotals {
  const sum = (name: keyof ResourceTotals) => {
    const whole = amounts.reduce((so, amount) => so + amount[name], 0);
    return Math.round(whole * 1000) / 1000;
  };
  return { cpus: sum('cpus'), memoryMiB: sum('memoryMiB'), diskMiB: sum('diskMiB') };
}
