/**
 * Interprets a recorded plan: a step runs as soon as every step that it names in `after` is done. The undo of a step is
 * remembered before the step starts; after a failure, what was begun is undone: tasks first, then what they worked on.
 */
import {
  ActivityCancellationType,
  CancellationScope,
  getExternalWorkflowHandle,
  isCancellation,
  patched,
  proxyActivities,
} from '@temporalio/workflow';
import type { StepScope } from '../model/operations.ts';
import type { Phase, Step, UndoKind } from '../model/plan.ts';
import type { Activities, UndoCall } from './activities.ts';
import { errorJsonOf } from './failures.ts';
import { cancelSignal, workflowIds } from './messages.ts';

/** A dead worker is noticed after this long: activities that wait report every second. */
const heartbeatTimeout = '5s';

/**
 * Undos of one wave run together; a wave begins when the one before has ended. New tasks end before former ones come back to
 * their ports, and nothing is removed that a task still works on.
 */
const undoWaves: readonly (readonly UndoKind[])[] = [
  ['task.remove'],
  ['task.restore'],
  ['kafka.topics.remove', 'cassandra.tables.remove', 'redis.keys.remove'],
  ['pipeline.user.remove'],
  ['framework.release'],
];

export class PlanRun {
  private readonly undo: UndoCall[] = [];
  private readonly done = new Set<string>();
  private readonly scope: StepScope;
  private readonly steps: readonly Step[];
  private readonly cancellation = new CancellationScope();

  constructor(scope: StepScope, phases: readonly Phase[]) {
    this.scope = scope;
    this.steps = phases.flatMap((phase) => phase.steps);
  }

  /** Runs every step. Rejects with the first failure, after the steps in flight have ended. */
  async run(): Promise<void> {
    let failure: unknown;
    await this.cancellation.run(async () => {
      const runs = new Map<string, Promise<void>>();
      const stepsById = new Map(this.steps.map((step) => [step.id, step]));
      const start = (step: Step): Promise<void> => {
        const running = runs.get(step.id);
        if (running) return running;
        const before = step.after.map((id) => stepsById.get(id)).filter((found) => found !== undefined);
        const run = Promise.all(before.map(start)).then(() => (failure ? undefined : this.execute(step)));
        runs.set(step.id, run);
        return run;
      };
      const guarded = this.steps.map((step) =>
        start(step).catch((error) => {
          failure ??= error;
          this.cancellation.cancel();
        }),
      );
      await Promise.all(guarded);
    });
    if (failure) throw failure;
  }

  /** Ends the steps in flight; `run` then rejects with a cancellation. */
  cancel(): void {
    this.cancellation.cancel();
  }

  /** Undoes what was begun. A failing undo does not keep the others from running: it is a line of the answer. */
  async rollBack(): Promise<readonly string[]> {
    const notUndone: string[] = [];
    await CancellationScope.nonCancellable(async () => {
      const guarded = (call: UndoCall) =>
        runUndo(call).catch((error) => {
          if (!isCancellation(error)) notUndone.push(`${nameOf(call)}: ${errorJsonOf(error).message}`);
        });
      const newestFirst = this.undo.toReversed();
      if (newestFirst.length > 0 && settlesBeforeUndo()) {
        for (const kinds of undoWaves) {
          await Promise.all(newestFirst.filter(({ kind }) => kinds.includes(kind)).map(guarded));
          // Not before the tasks have ended: without its servers, one may take all of its grace to end.
          if (kinds.includes('task.remove')) await this.callOffInstalls();
        }
      } else for (const call of newestFirst) await guarded(call);
    });
    return notUndone;
  }

  /** A rollback does not wait until what it no longer wants is installed. */
  private async callOffInstalls(): Promise<void> {
    const running = this.undo.filter(({ kind, step }) => kind === 'framework.release' && !this.done.has(step));
    const calledOff = running.map(({ input }) => {
      const workflow = getExternalWorkflowHandle(workflowIds.framework(String(input.framework)));
      // Not there: its installation was never begun.
      return workflow.signal(cancelSignal, this.scope.operation.id).catch(() => undefined);
    });
    await Promise.all(calledOff);
  }

  private async execute(step: Step): Promise<void> {
    if (step.undo) this.undo.push({ scope: this.scope, step: step.id, ...step.undo });
    const activities = proxyActivities<Activities>({
      startToCloseTimeout: `${step.timeoutSeconds}s`,
      scheduleToCloseTimeout: `${step.timeoutSeconds * 2}s`,
      heartbeatTimeout,
      retry: { initialInterval: '300ms', backoffCoefficient: 1.6, maximumInterval: '5s' },
      // An activity that is given up before it has ended could still launch a task after its removal.
      ...(settlesBeforeUndo() ? { cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED } : {}),
    });
    const activity = activities[step.kind] as (call: { scope: StepScope; step: Step }) => Promise<void>;
    await activity({ scope: this.scope, step });
    this.done.add(step.id);
  }
}

/** False only in the replay of what an earlier Millrace began: it undid newest first, beside steps that had not ended. */
function settlesBeforeUndo(): boolean {
  return patched('settle-before-undo');
}

function nameOf({ kind, input }: UndoCall): string {
  return [kind, input.task ?? input.framework ?? ''].join(' ').trim();
}

/** One undo or removal, retried until it is done: half a removal must not stay. */
export async function runUndo(call: UndoCall): Promise<Awaited<ReturnType<Activities['task.remove']>>> {
  const activities = proxyActivities<Activities>({
    startToCloseTimeout: '90s',
    scheduleToCloseTimeout: '5m',
    heartbeatTimeout,
    retry: { initialInterval: '300ms', backoffCoefficient: 1.6, maximumInterval: '5s' },
  });
  return await activities[call.kind](call);
}
