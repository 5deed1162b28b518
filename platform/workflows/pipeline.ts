/** The entity workflow of one pipeline: owns its deploys and its destruction, one at a time, for as long as it exists. */
import {
  allHandlersFinished,
  condition,
  continueAsNew,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { LedgerEntry } from '../model/ledger.ts';
import type {
  ChangeRequest,
  ChangeResult,
  DeployRequest,
  DeployResult,
  DestroyRequest,
  DestroyResult,
  StepScope,
} from '../model/operations.ts';
import type { Activities } from './activities.ts';
import { errorJsonOf, finalFailure, recorded } from './failures.ts';
import { PlanRun, runUndo } from './interpret.ts';
import { cancelSignal, changeUpdate, deployUpdate, destroyUpdate } from './messages.ts';
import { traced } from './traced.ts';
import { Turns } from './turns.ts';

const activities = proxyActivities<Activities>({
  startToCloseTimeout: '60s',
  retry: { initialInterval: '300ms', backoffCoefficient: 1.6, maximumInterval: '5s' },
});

export async function pipelineWorkflow(): Promise<void> {
  const entity = new PipelineEntity();
  setHandler(deployUpdate, (request) => entity.deploy(request));
  setHandler(destroyUpdate, (request) => entity.destroy(request));
  setHandler(changeUpdate, (request) => entity.change(request));
  setHandler(cancelSignal, (operation) => entity.cancel(operation));
  await condition(() => entity.turns.idle && (entity.ended || workflowInfo().continueAsNewSuggested));
  await condition(allHandlersFinished);
  if (!entity.ended) await continueAsNew<typeof pipelineWorkflow>();
}

class PipelineEntity {
  readonly turns = new Turns();
  /** Nothing of the pipeline is left: the workflow ends, and a later deploy starts a new one. */
  ended = false;
  private running: { readonly operation: string; readonly run: PlanRun } | undefined;
  private readonly cancelled = new Set<string>();
  private deployed = false;

  deploy(request: DeployRequest): Promise<DeployResult> {
    return this.turns.take(() =>
      operation(request.scale ? 'scale' : 'deploy', request, (traceparent) =>
        this.carryOut({ ...request, traceparent }),
      ),
    );
  }

  destroy(request: DestroyRequest): Promise<DestroyResult> {
    return this.turns.take(() =>
      operation('destroy', request, (traceparent) => this.tearDown({ ...request, traceparent })),
    );
  }

  change(request: ChangeRequest): Promise<ChangeResult> {
    return this.turns.take(() =>
      operation(request.change, request, (traceparent) => this.carryOutChange({ ...request, traceparent })),
    );
  }

  cancel(operation: string): void {
    this.cancelled.add(operation);
    if (this.running?.operation === operation) this.running.run.cancel();
  }

  private async carryOut(request: DeployRequest): Promise<DeployResult> {
    this.ended = false;
    const plan = await activities['pipeline.plan'](request).catch((failure) => {
      this.ended = !this.deployed;
      throw finalFailure(errorJsonOf(failure));
    });
    const scope: StepScope = { operation: request, kind: 'pipeline', name: request.pipeline, revision: plan.revision };
    const run = new PlanRun(scope, plan.phases);
    this.running = { operation: request.id, run };
    if (this.cancelled.has(request.id)) run.cancel();
    try {
      await run.run();
    } catch (failure) {
      const error = await recorded(errorJsonOf(failure), await run.rollBack(), (told) =>
        activities['pipeline.fail'](request, plan.revision, told),
      );
      this.ended = !this.deployed;
      throw finalFailure(error);
    } finally {
      this.running = undefined;
    }
    this.deployed = true;
    return await activities['pipeline.finish'](request, plan.revision);
  }

  /** What has been done of it stays when it fails: the same change again goes on from there. */
  private async carryOutChange(request: ChangeRequest): Promise<ChangeResult> {
    const { pipeline, change } = request;
    try {
      const { revision, phases } = await activities['pipeline.planChange'](request);
      const run = new PlanRun({ operation: request, kind: 'pipeline', name: pipeline, revision }, phases);
      this.running = { operation: request.id, run };
      if (this.cancelled.has(request.id)) run.cancel();
      await run.run();
      const changed = phases
        .flatMap(({ steps }) => steps)
        .filter(({ kind }) => kind in { 'task.stop': 0, 'task.resume': 0, 'task.restart': 0 });
      return { pipeline, revision, change, tasks: changed.map(({ input }) => (input as { task: string }).task) };
    } catch (failure) {
      this.ended = !this.deployed;
      throw finalFailure(errorJsonOf(failure));
    } finally {
      this.running = undefined;
    }
  }

  private async tearDown(request: DestroyRequest): Promise<DestroyResult> {
    try {
      const waves = await activities['pipeline.planTeardown'](request);
      const removed: LedgerEntry[] = [];
      for (const wave of waves) {
        for (const entries of await Promise.all(wave.map(runUndo))) removed.push(...entries);
      }
      const result = await activities['pipeline.finishTeardown'](request, removed);
      this.ended = true;
      return result;
    } catch (failure) {
      throw finalFailure(errorJsonOf(failure));
    }
  }
}

/** Its record says how it ended, besides its span. */
function operation<T>(
  kind: string,
  request: DeployRequest | DestroyRequest | ChangeRequest,
  work: (traceparent: string) => Promise<T>,
): Promise<T> {
  return traced(`${kind} ${request.pipeline}`, request, work, { endsOperation: true });
}
