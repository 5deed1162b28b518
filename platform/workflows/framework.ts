/** The entity workflow of one shared framework: installs it once, whoever asks first, and knows who uses it. */
import {
  allHandlersFinished,
  condition,
  continueAsNew,
  patched,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { EnsureRequest, EnsureResult, Operation, StepScope } from '../model/operations.ts';
import type { Activities } from './activities.ts';
import { errorJsonOf, finalFailure, recorded } from './failures.ts';
import { PlanRun } from './interpret.ts';
import { cancelSignal, ensureUpdate, releaseUpdate } from './messages.ts';
import { traced } from './traced.ts';
import { Turns } from './turns.ts';

const activities = proxyActivities<Activities>({
  startToCloseTimeout: '60s',
  retry: { initialInterval: '300ms', backoffCoefficient: 1.6, maximumInterval: '5s' },
});

export async function frameworkWorkflow(): Promise<void> {
  const turns = new Turns();
  const installs = new Installs();
  setHandler(ensureUpdate, (request) =>
    turns.take(() => inTrace(`ensure ${request.framework}`, request, (asked) => ensure(asked, installs))),
  );
  setHandler(releaseUpdate, (request) =>
    turns.take(() =>
      inTrace(`release ${request.framework}`, request, (asked) =>
        activities['framework.removeUser'](asked).catch((failure) => {
          throw finalFailure(errorJsonOf(failure));
        }),
      ),
    ),
  );
  setHandler(cancelSignal, (operation) => installs.cancel(operation));
  await condition(() => turns.idle && workflowInfo().continueAsNewSuggested);
  await condition(allHandlersFinished);
  await continueAsNew<typeof frameworkWorkflow>();
}

/** Without a span in the replay of what an earlier Millrace began: it recorded none. */
async function inTrace<Q extends Operation, T>(name: string, request: Q, work: (request: Q) => Promise<T>): Promise<T> {
  if (!patched('framework-span')) return await work(request);
  return await traced(name, request, (traceparent) => work({ ...request, traceparent }));
}

/** The installation that runs, and those that were called off before it was their turn. */
class Installs {
  private running: { readonly operation: string; readonly run: PlanRun } | undefined;
  private readonly cancelled = new Set<string>();

  cancel(operation: string): void {
    this.cancelled.add(operation);
    if (this.running?.operation === operation) this.running.run.cancel();
  }

  async run(operation: string, run: PlanRun): Promise<void> {
    this.running = { operation, run };
    if (this.cancelled.has(operation)) run.cancel();
    try {
      await run.run();
    } finally {
      this.running = undefined;
    }
  }
}

async function ensure(request: EnsureRequest, installs: Installs): Promise<EnsureResult> {
  const plan = await activities['framework.begin'](request).catch((failure) => {
    throw finalFailure(errorJsonOf(failure));
  });
  const scope: StepScope = { operation: request, kind: 'framework', name: request.framework, revision: plan.revision };
  const run = new PlanRun(scope, plan.phases);
  try {
    await installs.run(request.id, run);
  } catch (failure) {
    throw finalFailure(
      await recorded(errorJsonOf(failure), await run.rollBack(), (told) => activities['framework.fail'](request, told)),
    );
  }
  await activities['framework.finish'](request);
  return { action: plan.action };
}
