/** Installing, sharing and releasing frameworks. The entity workflow of a framework calls these one at a time. */
import { randomBytes } from 'node:crypto';
import { WithStartWorkflowOperation } from '@temporalio/client';
import { fail } from '../errors.ts';
import { connectCassandraAdmin } from '../frameworks/cassandra/admin.ts';
import type { CassandraOptions } from '../frameworks/cassandra/spec.ts';
import { frameworks, optionsOf } from '../frameworks/registry.ts';
import type { LedgerEntry } from '../model/ledger.ts';
import { pipelineName } from '../model/names.ts';
import type { EnsureRequest, ReleaseRequest } from '../model/operations.ts';
import type { FrameworkPlan, Step } from '../model/plan.ts';
import type { FrameworkRecord } from '../model/records.ts';
import type { StepCall, UndoCall } from '../workflows/activities.ts';
import { ensureUpdate, releaseUpdate, taskQueue, workflowIds } from '../workflows/messages.ts';
import { frameworkAccess } from './access.ts';
import type { ActivityDeps } from './deps.ts';
import { runStep } from './running.ts';
import { recordedPipeline } from './tasks.ts';

export function createFrameworkActivities(deps: ActivityDeps) {
  return {
    'framework.ensure': ({ scope, step }: StepCall<'framework.ensure'>) =>
      // The installation is the framework's workflow's: a rollback calls it off there.
      runStep(deps, { scope, id: step.id, label: step.label, looksOnly: true }, async () => {
        const { framework } = step.input;
        const { id, traceparent, requestedAtMs } = scope.operation;
        await deps.temporal.workflow.executeUpdateWithStart(ensureUpdate, {
          args: [{ id, traceparent, requestedAtMs, framework, pipeline: scope.name, revision: scope.revision }],
          updateId: `${id}-ensure`,
          startWorkflowOperation: startFramework(framework),
        });
      }),
    'framework.release': async ({ scope, input }: UndoCall): Promise<readonly LedgerEntry[]> => {
      const { framework } = input as { framework: EnsureRequest['framework'] };
      const { id, traceparent, requestedAtMs } = scope.operation;
      return await deps.temporal.workflow.executeUpdateWithStart(releaseUpdate, {
        args: [{ id, traceparent, requestedAtMs, framework, pipeline: scope.name }],
        updateId: `${id}-release`,
        startWorkflowOperation: startFramework(framework),
      });
    },
    'framework.begin': (request: EnsureRequest) => begin(deps, request),
    'framework.finish': async (request: EnsureRequest) => {
      const record =
        deps.records.framework(request.framework) ?? fail('NOT_INSTALLED', { framework: request.framework });
      deps.records.writeFramework({ ...record, state: 'running' });
    },
    'framework.fail': async (request: EnsureRequest) => {
      const record = deps.records.framework(request.framework);
      if (record?.installedBy === request.id) await uninstall(deps, record);
      else if (record && !usedBefore(deps, request)) {
        deps.records.writeFramework(withoutUser(record, request.pipeline));
      }
    },
    'framework.removeUser': (request: ReleaseRequest) => removeUser(deps, request),
    'cassandra.secure': ({ scope, step }: StepCall<'cassandra.secure'>) =>
      runStep(deps, { scope, id: step.id, label: step.label }, async () => {
        const admin = await connectCassandraAdmin(await frameworkAccess<CassandraOptions>(deps, 'cassandra'));
        await admin.secure().finally(() => admin.close());
      }),
    /** Kafka is secure from its first start: its storage is formatted with the administrator's credentials. */
    'kafka.secure': ({ scope, step }: StepCall<'kafka.secure'>) =>
      runStep(deps, { scope, id: step.id, label: step.label }, async () => undefined),
  };
}

function startFramework(framework: string): WithStartWorkflowOperation<() => Promise<void>> {
  return new WithStartWorkflowOperation('frameworkWorkflow', {
    workflowId: workflowIds.framework(framework),
    taskQueue,
    args: [],
    workflowIdConflictPolicy: 'USE_EXISTING',
  });
}

/** Decides between installing and reusing by what is recorded, and records the pipeline as a user before anything runs. */
async function begin(deps: ActivityDeps, request: EnsureRequest) {
  pipelineName(request.pipeline);
  const there = deps.records.framework(request.framework);
  if (there && there.state === 'running') {
    deps.records.writeFramework({ ...there, users: [...new Set([...there.users, request.pipeline])] });
    return { action: 'reused' as const, revision: request.revision, phases: await missingPhases(deps, there.plan) };
  }
  const plan = there?.plan ?? planOf(deps, request);
  const identity = there?.identity ?? randomBytes(8).toString('hex');
  deps.records.writeFramework({
    format: 'millrace/framework/1',
    framework: request.framework,
    state: 'installing',
    plan,
    identity,
    installedBy: there?.installedBy ?? request.id,
    users: [...new Set([...(there?.users ?? []), request.pipeline])],
  });
  return { action: 'installed' as const, revision: request.revision, phases: phasesOf(plan) };
}

/**
 * Of a framework that is there: launches only tasks that do not run, and asks all whether they are ready. A task that runs is
 * left alone even where this Millrace would render it otherwise: others use it, and an upgrade is asked for by name.
 */
async function missingPhases(deps: ActivityDeps, plan: FrameworkPlan) {
  const tasks = await deps.driver.list();
  const running = new Set(tasks.filter(({ phase }) => phase === 'running').map(({ id }) => id));
  const needed = (step: Step) => step.kind !== 'task.launch' || !running.has((step.input as { task: string }).task);
  return phasesOf(plan).map((phase) => ({ ...phase, steps: phase.steps.filter(needed) }));
}

/** The steps without their undo where the framework was there before: a failed deploy must not remove what others use. */
function phasesOf(plan: FrameworkPlan) {
  const { options } = plan;
  const framework = frameworks[plan.framework];
  return framework.phases(optionsOf(framework, options)).map((phase) => ({
    ...phase,
    steps: phase.steps.map(({ undo: _undo, ...step }) => step),
  }));
}

function planOf(deps: ActivityDeps, request: EnsureRequest): FrameworkPlan {
  const { plan } = recordedPipeline(deps, { name: request.pipeline, revision: request.revision });
  const found = plan.frameworks.find(({ framework }) => framework === request.framework);
  return found ?? fail('INTERNAL', { reason: `the plan has no framework ${request.framework}` });
}

/** The revision that a failed deploy goes back to uses the framework still. */
function usedBefore(deps: ActivityDeps, { framework, pipeline, revision }: EnsureRequest): boolean {
  const former = deps.records.pipelineRevision(pipeline, revision - 1);
  return former?.plan.frameworks.some((each) => each.framework === framework) ?? false;
}

function withoutUser(record: FrameworkRecord, pipeline: string): FrameworkRecord {
  return { ...record, users: record.users.filter((user) => user !== pipeline) };
}

/** Removes a framework that this very operation installed; any other stays, shared, until `millrace down`. */
async function removeUser(deps: ActivityDeps, request: ReleaseRequest): Promise<readonly LedgerEntry[]> {
  const record = deps.records.framework(request.framework);
  if (!record) return [];
  const left = withoutUser(record, request.pipeline);
  if (left.users.length === 0 && record.installedBy === request.id) return await uninstall(deps, left);
  deps.records.writeFramework(left);
  return [];
}

async function uninstall(deps: ActivityDeps, record: FrameworkRecord): Promise<readonly LedgerEntry[]> {
  deps.records.writeFramework({ ...record, state: 'removing' });
  const removed: LedgerEntry[] = [];
  for (const { task } of record.plan.placements.toReversed()) {
    removed.push(...(await deps.driver.remove(task, { data: true })));
  }
  deps.secrets.removeAll(record.framework);
  deps.records.removeFramework(record.framework);
  return removed;
}
