/** An operation handed to its workflow: answered as soon as the workflow has it, however long it takes. */
import { WithStartWorkflowOperation, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import type { UpdateDefinition } from '@temporalio/common';
import type { ControlPlane } from '../control/start.ts';
import { fail } from '../errors.ts';
import type { Operation } from '../model/operations.ts';
import { withSpan } from '../telemetry/operation.ts';
import type { SpanRecorder } from '../telemetry/recorder.ts';
import { taskQueue, workflowIds } from '../workflows/messages.ts';
import { errorOf } from './carryOut.ts';

/** A worker that runs takes an update within a second; one that is just starting, or starts again, within this. */
const acceptMs = 20_000;

export interface HandedOver<Q extends Operation, R> {
  readonly plane: ControlPlane;
  readonly recorder: SpanRecorder;
  readonly pipeline: string;
  readonly kind: string;
  readonly update: UpdateDefinition<R, [Q]>;
  readonly request: Omit<Q, 'traceparent'>;
}

/**
 * Resolves when the workflow has accepted the update: it is in its history then, and is carried out whatever becomes of the caller.
 * The same request id again joins that operation. Throws CONTROL_PLANE_DOWN when no worker takes it. How it goes on, its record and its journal tell (operations.ts).
 */
export async function handOver<Q extends Operation, R>(handed: HandedOver<Q, R>): Promise<void> {
  const { plane, recorder, pipeline, kind, update, request } = handed;
  const attributes = { 'millrace.pipeline': pipeline, 'millrace.operation': kind };
  const start = (traceparent: string) =>
    plane.client.workflow.startUpdateWithStart(update, {
      args: [{ ...request, traceparent } as Q],
      updateId: request.id,
      waitForStage: 'ACCEPTED',
      startWorkflowOperation: new WithStartWorkflowOperation('pipelineWorkflow', {
        workflowId: workflowIds.pipeline(pipeline),
        taskQueue,
        args: [],
        workflowIdConflictPolicy: 'USE_EXISTING',
      }),
    });
  const send = (traceparent: string) => plane.client.withDeadline(Date.now() + acceptMs, () => start(traceparent));
  try {
    await withSpan(recorder, `millrace ${kind} ${pipeline}`, undefined, send, { attributes });
  } catch (thrown) {
    if (thrown instanceof WorkflowUpdateRPCTimeoutOrCancelledError)
      fail(
        'CONTROL_PLANE_DOWN',
        { reason: `no worker took ${request.id} within ${acceptMs / 1000} s; one may yet` },
        thrown,
      );
    throw errorOf(thrown);
  }
}
