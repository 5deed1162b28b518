/**
 * Interprets a recorded plan: a step runs as soon as every step that it names in `after` is done. The undo of a step is
 * remembered before the step starts; after a failure, what was begun is undone in reverse order.
 */
import { CancellationScope, isCancellation, proxyActivities } from '@temporalio/workflow';
import type { StepScope } from '../model/operations.ts';
import type { Phase, Step } from '../model/plan.ts';
import type { Activities, UndoCall } from './activities.ts';

/** A dead worker is noticed after this long: activities that wait report every second. */
const heartbeatTimeout = '5s';

export class PlanRun {
  private readonly undo: UndoCall[] = [];
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

  /** Undoes what was begun, newest first. A failing undo does not keep the others from running; the first error is thrown. */
  async rollBack(): Promise<void> {
    await CancellationScope.nonCancellable(async () => {
      let failure: unknown;
      for (const call of this.undo.toReversed()) {
        await runUndo(call).catch((error) => {
          failure ??= error;
        });
      }
      if (failure && !isCancellation(failure)) throw failure;
    });
  }

  private async execute(step: Step): Promise<void> {
    if (step.undo) this.undo.push({ scope: this.scope, step: step.id, ...step.undo });
    const activities = proxyActivities<Activities>({
      startToCloseTimeout: `${step.timeoutSeconds}s`,
      scheduleToCloseTimeout: `${step.timeoutSeconds * 2}s`,
      heartbeatTimeout,
      retry: { initialInterval: '300ms', backoffCoefficient: 1.6, maximumInterval: '5s' },
    });
    const activity = activities[step.kind] as (call: { scope: StepScope; step: Step }) => Promise<void>;
    await activity({ scope: this.scope, step });
  }
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
