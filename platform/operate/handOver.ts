/** An operation handed to its workflow: answered as soon as the workflow has it, however long it takes. */
import {
  isGrpcServiceError,
  ServiceError,
  WithStartWorkflowOperation,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import type { UpdateDefinition } from '@temporalio/common';
import type { ControlPlane } from '../control/start.ts';
import { fail, MillraceError } from '../errors.ts';
import type { Operation } from '../model/operations.ts';
import { withSpan } from '../telemetry/operation.ts';
import type { SpanRecorder } from '../telemetry/recorder.ts';
import { cancelSignal, taskQueue, workflowIds } from '../workflows/messages.ts';
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
    throw asPlaneDown(errorOf(thrown), `whether ${request.id} was taken is not known`);
  }
}

/** Asks the pipeline's workflow to roll the deploy back. Throws CONTROL_PLANE_DOWN. */
export async function cancelOperation(
  { client }: Pick<ControlPlane, 'client'>,
  pipeline: string,
  operation: string,
): Promise<void> {
  const handle = client.workflow.getHandle(workflowIds.pipeline(pipeline));
  try {
    await client.withDeadline(Date.now() + acceptMs, () => handle.signal(cancelSignal, operation));
  } catch (thrown) {
    throw asPlaneDown(thrown, `whether ${operation} will be rolled back is not known`);
  }
}

/** https://grpc.io/docs/guides/status-codes/: CANCELLED, DEADLINE_EXCEEDED, UNAVAILABLE. */
const unanswered = new Set([1, 4, 14]);

/** A Temporal that went away, or did not answer in time, by its name; anything else as it is. */
function asPlaneDown(thrown: unknown, what: string): unknown {
  const cause = thrown instanceof ServiceError ? thrown.cause : thrown;
  if (!isGrpcServiceError(cause) || !unanswered.has(cause.code)) return thrown;
  return new MillraceError(
    'CONTROL_PLANE_DOWN',
    { reason: `Temporal does not answer (${cause.details}); ${what}` },
    thrown,
  );
}
