/** Planning, recording and closing of a pipeline's deploys and teardowns. */
import { loadCluster } from '../cluster/cluster-file.ts';
import type { ErrorJson } from '../errors.ts';
import { fail, MillraceError } from '../errors.ts';
import { frameworks } from '../frameworks/registry.ts';
import { sparkDriverDemand } from '../frameworks/spark/driver-task.ts';
import type { SparkOptions } from '../frameworks/spark/spec.ts';
import type { LedgerEntry } from '../model/ledger.ts';
import { physical, pipelineName } from '../model/names.ts';
import {
  type ChangeRequest,
  type DeployRequest,
  type DeployResult,
  type DestroyRequest,
  type DestroyResult,
  notUndoneOf,
  type RecordedPlan,
} from '../model/operations.ts';
import type { FrameworkName, Plan, PlanOutcome } from '../model/plan.ts';
import type { PipelineRecord } from '../model/records.ts';
import { planChange } from '../plan/changes.ts';
import { resolveParameters } from '../plan/parameters.ts';
import { planPipeline } from '../plan/plan.ts';
import { renderReason } from '../plan/render.ts';
import { planTeardown } from '../plan/teardown.ts';
import { loadBlueprint } from '../sdk/loadBlueprint.ts';
import type { UndoCall } from '../workflows/activities.ts';
import { countedFrom, settledFrom } from './countedFrom.ts';
import type { ActivityDeps } from './deps.ts';
import { type Observed, observe } from './observed.ts';
import { beginOperation, recordLedger } from './operationRecord.ts';
import { jobSql, serviceUrls } from './pipelineTasks.ts';
import { remainsAsLedger, remainsOf } from './remains.ts';

export function createPlanningActivities(deps: ActivityDeps) {
  let planning: Promise<unknown> = Promise.resolve();
  return {
    /** One at a time: two plans made at once could give the same memory and ports away twice. */
    'pipeline.plan': async (request: DeployRequest): Promise<RecordedPlan> => {
      pipelineName(request.pipeline);
      const mine = planning.then(() => plan(deps, request));
      planning = mine.catch(() => undefined);
      return mine;
    },
    'pipeline.finish': (request: DeployRequest, revision: number) => finish(deps, request, revision),
    'pipeline.fail': async (request: DeployRequest, revision: number, error: ErrorJson) =>
      failed(deps, request, revision, error),
    'pipeline.planChange': async (request: ChangeRequest) => change(deps, request),
    'pipeline.planTeardown': async (request: DestroyRequest) => teardown(deps, request),
    'pipeline.finishTeardown': (request: DestroyRequest, removed: readonly LedgerEntry[]) =>
      tornDown(deps, request, removed),
  };
}

export interface PlanRequest {
  readonly repoRoot: string;
  readonly pipeline: string;
  readonly blueprint: string;
  readonly parameters: Readonly<Record<string, number | string | boolean>>;
  readonly sabotage?: string;
  readonly scale?: Readonly<Record<string, number>>;
}

/** The plan for what was observed; writes nothing. Throws the input errors of the blueprint and its parameters. */
export async function planFor(request: PlanRequest, observed: Observed): Promise<PlanOutcome> {
  const { repoRoot, pipeline, blueprint } = request;
  const module = await loadBlueprint(repoRoot, blueprint);
  const parameters = resolveParameters(module, request.parameters);
  const { current, ...world } = observed;
  return planPipeline({
    pipeline,
    module,
    parameters,
    sql: await jobSql(repoRoot, { blueprint, spec: module.build(parameters) }),
    ...world,
    ...(current ? { current } : {}),
    ...(request.sabotage === undefined ? {} : { sabotage: request.sabotage }),
    ...(request.scale === undefined ? {} : { scale: request.scale }),
    packages: frameworks,
    sparkDriverDemand: (name, options) => sparkDriverDemand(name, options as SparkOptions),
  });
}

async function plan(deps: ActivityDeps, request: DeployRequest): Promise<RecordedPlan> {
  const { pipeline, blueprint, id } = request;
  const before = deps.records.pipeline(pipeline);
  const begin = (plan: Plan) => {
    const { revision, phases } = plan;
    beginOperation(deps.home, request, { kind: request.scale ? 'scale' : 'deploy', pipeline, revision, phases });
    return recordedPlan(plan);
  };
  if (before?.state === 'deploying' && before.operation === id) return begin(before.plan);
  const cluster = loadCluster(deps.home);
  const observed = await observe(cluster, deps.records, pipeline, (address) => deps.driver.takenPorts(address));
  const outcome = await planFor({ ...request, repoRoot: deps.repoRoot }, observed);
  if ('refused' in outcome) {
    const { summary, reason, help } = outcome;
    fail('PLAN_REFUSED', { pipeline, summary, tree: renderReason(reason), help, reason });
  }
  deps.records.writePipeline({
    format: 'millrace/pipeline/1',
    pipeline,
    blueprint,
    revision: outcome.revision,
    operation: id,
    state: 'deploying',
    plan: outcome,
    endpoints: serviceUrls(outcome),
    countedFromMs: countedFrom(before, outcome),
  });
  return begin(outcome);
}

function recordedPlan({ revision, phases }: Plan): RecordedPlan {
  return { revision, phases };
}

async function finish(deps: ActivityDeps, request: DeployRequest, revision: number): Promise<DeployResult> {
  const record = recordOf(deps, request.pipeline, revision);
  const { pipeline, blueprint, endpoints } = record;
  const firstEventMs = record.firstEventMs ?? Date.now() - request.requestedAtMs;
  const countedFromMs = settledFrom(record.countedFromMs, Date.now());
  const deployedAt = new Date().toISOString();
  deps.records.writePipeline({ ...record, state: 'flowing', deployedAt, firstEventMs, countedFromMs });
  return { pipeline, blueprint, revision, state: 'flowing', firstEventMs, endpoints };
}

/**
 * A first deploy that failed leaves no pipeline; a later one falls back to the revision that was there. Where something could
 * not be undone, a first deploy leaves its record: `destroy` finds by it what is still there.
 */
function failed(deps: ActivityDeps, request: DeployRequest, revision: number, error: ErrorJson): void {
  const { pipeline } = request;
  const former = deps.records.pipelineRevision(pipeline, revision - 1);
  const notUndone = notUndoneOf(error);
  const left = notUndone.length > 0 ? ` Not undone: ${notUndone.join('; ')}.` : '';
  const told = { code: error.code, message: `${error.message}${left}` };
  // A task that was ended and is restored has lost its journal: as when the deploy had done it.
  const countedFromMs = settledFrom(deps.records.pipelineRevision(pipeline, revision)?.countedFromMs, Date.now());
  if (former) deps.records.writePipeline({ ...former, countedFromMs, error: told });
  else if (notUndone.length > 0) {
    deps.records.writePipeline({ ...recordOf(deps, pipeline, revision), state: 'failed', error: told });
  } else {
    deps.records.removePipeline(pipeline);
    deps.secrets.removeAll(physical.secret(pipeline));
  }
}

function recordOf(deps: ActivityDeps, pipeline: string, revision: number): PipelineRecord {
  const known = () => deps.records.pipelines().map((each) => each.pipeline);
  return (
    deps.records.pipelineRevision(pipeline, revision) ?? fail('UNKNOWN_PIPELINE', { name: pipeline, known: known() })
  );
}

function change(deps: ActivityDeps, request: ChangeRequest): RecordedPlan {
  const { plan } = standing(deps, request.pipeline);
  const phases = planChange(plan, request);
  beginOperation(deps.home, request, {
    kind: request.change,
    pipeline: plan.pipeline,
    revision: plan.revision,
    phases,
  });
  return { revision: plan.revision, phases };
}

function standing(deps: ActivityDeps, pipeline: string): PipelineRecord {
  const record = deps.records.pipeline(pipelineName(pipeline));
  return record ?? fail('UNKNOWN_PIPELINE', { name: pipeline, known: deps.records.pipelines().map((p) => p.pipeline) });
}

function teardown(deps: ActivityDeps, request: DestroyRequest): UndoCall[][] {
  const record = standing(deps, request.pipeline);
  deps.records.writePipeline({ ...record, state: 'destroying' });
  const { pipeline, revision } = record;
  beginOperation(deps.home, request, { kind: 'destroy', pipeline, revision, phases: [] });
  const scope = { operation: request, kind: 'pipeline', name: record.pipeline, revision: record.revision } as const;
  return planTeardown(record, request.keepData).map((wave) => wave.map((call) => ({ scope, ...call })));
}

/**
 * The proof: nothing of the pipeline's that was there before is there now. Where something is, its record stays, so that
 * `destroy` can be asked for again.
 */
async function tornDown(
  deps: ActivityDeps,
  request: DestroyRequest,
  removed: readonly LedgerEntry[],
): Promise<DestroyResult> {
  const { pipeline } = request;
  const record = deps.records.pipeline(pipeline);
  const remains = await remainsOf(deps, pipeline, askedFor(deps, request));
  const { left, kept } = remainsAsLedger(remains, request.keepData);
  const shared = deps.records.frameworks().map(({ framework, users }) => ({
    kind: 'process' as const,
    name: framework,
    owner: 'shared framework',
    why: users.length > 0 ? `used by ${users.join(', ')}` : 'shared; `millrace down` stops it',
  }));
  const ledger = { removed, kept: [...kept, ...shared], left };
  recordLedger(deps.home, request.id, ledger);
  if (left.length > 0 && record) {
    const { code, message } = new MillraceError('LEFT_BEHIND', { pipeline, left: left.map(({ name }) => name) });
    deps.records.writePipeline({ ...record, state: 'failed', error: { code, message } });
    return { pipeline, ledger };
  }
  deps.records.removePipeline(pipeline);
  if (!request.keepData) deps.secrets.removeAll(physical.secret(pipeline));
  return { pipeline, ledger };
}

/** Servers to ask for what is left. Nothing is asked of Redis when its data is kept: a destroy has not started it then. */
function askedFor(deps: ActivityDeps, { pipeline, keepData }: DestroyRequest): readonly FrameworkName[] {
  const used = deps.records.pipeline(pipeline)?.plan.frameworks ?? deps.records.frameworks();
  return used.map(({ framework }) => framework).filter((name) => name !== 'redis' || !keepData);
}
