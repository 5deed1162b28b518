/** Steps on tasks: launch, readiness, removal; for tasks of frameworks and of pipelines alike. */
import { mkdirSync } from 'node:fs';
import type { TaskSpec } from '../cluster/driver.ts';
import { fail } from '../errors.ts';
import type { Readiness } from '../frameworks/contract.ts';
import { frameworks } from '../frameworks/registry.ts';
import type { StepScope } from '../model/operations.ts';
import type { FrameworkName } from '../model/plan.ts';
import type { PipelineRecord } from '../model/records.ts';
import type { StepCall, UndoCall } from '../workflows/activities.ts';
import { accessOf, frameworkRecord } from './access.ts';
import type { ActivityDeps } from './deps.ts';
import { renderPipelineTask } from './pipelineTasks.ts';
import { untilRecorded } from './recorded.ts';
import { pause, runStep } from './running.ts';

const probeMs = 150;
/** The agent is asked less often than the task itself: a crash is seen a second later. */
const statusEveryMs = 1000;
/** A task that has crashed so often since its launch is given up, with its last lines shown. */
const crashesAllowed = 3;
const tailLines = 15;

export function createTaskActivities(deps: ActivityDeps) {
  return {
    'task.launch': ({ scope, step }: StepCall<'task.launch'>) =>
      runStep(deps, { scope, id: step.id, label: step.label }, async (waiting) => {
        await untilFrameworksRecorded(deps, scope, waiting);
        mkdirSync(deps.home.spansDir, { recursive: true, mode: 0o700 });
        await deps.driver.launch(await renderTask(deps, scope, step.input.task));
      }),
    'task.ready': ({ scope, step }: StepCall<'task.ready'>) =>
      runStep(deps, { scope, id: step.id, label: step.label, looksOnly: true }, (waiting) =>
        untilReady(deps, scope, step.input.task, waiting),
      ),
    'task.retire': ({ scope, step }: StepCall<'task.retire'>) =>
      runStep(deps, { scope, id: step.id, label: step.label }, async () => {
        await deps.driver.remove(step.input.task, { data: true });
      }),
    'task.remove': async ({ input }: UndoCall) => {
      const { task, data } = input as { task: string; data: boolean };
      return await deps.driver.remove(task, { data });
    },
    'task.restore': async ({ scope, input }: UndoCall) => {
      const { task, revision } = input as { task: string; revision: number };
      await deps.driver.launch(await renderTask(deps, { ...scope, revision }, task));
      return [];
    },
  };
}

/** The plan that a pipeline step belongs to, as it was recorded. */
export function recordedPipeline(deps: ActivityDeps, scope: Pick<StepScope, 'name' | 'revision'>): PipelineRecord {
  const record = deps.records.pipelineRevision(scope.name, scope.revision);
  return (
    record ??
    fail('UNKNOWN_PIPELINE', { name: scope.name, known: deps.records.pipelines().map((each) => each.pipeline) })
  );
}

async function untilFrameworksRecorded(
  deps: ActivityDeps,
  scope: StepScope,
  waiting: (text: string) => void,
): Promise<void> {
  if (scope.kind !== 'pipeline') return;
  const names = recordedPipeline(deps, scope).plan.frameworks.map(({ framework }) => framework);
  await untilRecorded(deps.records, scope.name, names, { pause, waiting });
}

async function renderTask(deps: ActivityDeps, scope: StepScope, task: string): Promise<TaskSpec> {
  if (scope.kind === 'pipeline') {
    const { plan } = recordedPipeline(deps, scope);
    // A task that nothing changed for is rendered from the revision that it was made by: the same spec, so no restart.
    const revision = plan.taskRevisions[task] ?? plan.revision;
    const source = revision === plan.revision ? plan : recordedPipeline(deps, { ...scope, revision }).plan;
    return await renderPipelineTask(deps, source, task);
  }
  const record = frameworkRecord(deps, scope.name as FrameworkName);
  const placement = record.plan.placements.find((each) => each.task === task);
  if (!placement) fail('INTERNAL', { reason: `framework ${scope.name} has no task ${task}` });
  return frameworks[record.framework].render({ ...(await accessOf(deps, record)), placement });
}

async function untilReady(
  deps: ActivityDeps,
  scope: StepScope,
  task: string,
  waiting: (text: string) => void,
): Promise<void> {
  const probe = await probeOf(deps, scope, task);
  for (let statusDueMs = 0; ; ) {
    if (Date.now() >= statusDueMs) {
      await refuseEnded(deps, task);
      statusDueMs = Date.now() + statusEveryMs;
    }
    const { ready, waitingFor } = await probe();
    if (ready) return;
    waiting(waitingFor);
    await pause(probeMs);
  }
}

/** Throws TASK_FAILED when it was removed, or has crashed too often. */
async function refuseEnded(deps: ActivityDeps, task: string): Promise<void> {
  const status = await deps.driver.status(task);
  if (!status) fail('TASK_FAILED', { task, ending: 'without a trace', tail: '(it was removed)' });
  if (status.phase !== 'failed' && status.restarts < crashesAllowed) return;
  const { code, signal } = status.lastExit ?? { code: null, signal: null };
  const ending = signal ? `by ${signal}` : `with code ${code ?? 'unknown'}`;
  fail('TASK_FAILED', { task: status.id, ending, tail: await deps.driver.tail(status.id, tailLines) });
}

async function probeOf(deps: ActivityDeps, scope: StepScope, task: string): Promise<() => Promise<Readiness>> {
  if (scope.kind === 'framework') {
    const record = frameworkRecord(deps, scope.name as FrameworkName);
    const access = await accessOf(deps, record);
    const placement = access.placements.find((each) => each.task === task);
    if (!placement) fail('INTERNAL', { reason: `framework ${scope.name} has no task ${task}` });
    return () => frameworks[record.framework].ready(access, placement);
  }
  const { plan } = recordedPipeline(deps, scope);
  const placement = plan.placements.find((each) => each.task === task);
  if (!placement) fail('INTERNAL', { reason: `pipeline ${scope.name} has no task ${task}` });
  return () => probeHealth(`http://${placement.address}:${placement.ports.health}/healthz`, task);
}

/** Asks a task's health port. Throws WRONG_IDENTITY when another task answers there. */
export async function probeHealth(url: string, task: string): Promise<Readiness> {
  let health: { task?: string; ready?: boolean; waitingFor?: string };
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(4000) });
    health = (await response.json()) as typeof health;
  } catch {
    return { ready: false, waitingFor: 'its health port to answer' };
  }
  if (health.task !== task) {
    fail('WRONG_IDENTITY', { endpoint: url, expected: `task ${task}`, found: `task ${health.task ?? 'unknown'}` });
  }
  return { ready: health.ready === true, waitingFor: health.waitingFor ?? '' };
}
