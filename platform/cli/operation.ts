/** Carrying out an operation through its workflow: sent, followed in its journal, answered or failed. */
import { randomBytes } from 'node:crypto';
import { WithStartWorkflowOperation, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure, type UpdateDefinition } from '@temporalio/common';
import { followJournal } from '../activities/journal.ts';
import type { ControlPlane } from '../control/start.ts';
import { type ErrorJson, isErrorCode, MillraceError } from '../errors.ts';
import type { Operation } from '../model/operations.ts';
import { withSpan } from '../telemetry/operation.ts';
import { createSpanRecorder } from '../telemetry/recorder.ts';
import { taskQueue, workflowIds } from '../workflows/messages.ts';
import { progressLines } from './progressLines.ts';
import type { Session } from './session.ts';

export function newOperationId(kind: string, pipeline: string): string {
  return `${kind}-${pipeline}-${randomBytes(5).toString('hex')}`;
}

interface Carried<Q extends Operation, R> {
  readonly plane: ControlPlane;
  readonly pipeline: string;
  readonly kind: string;
  readonly update: UpdateDefinition<R, [Q]>;
  readonly request: Omit<Q, 'traceparent'>;
}

/** Sends the update (starting the pipeline's workflow if need be), shows its progress, gives its result. */
export async function carryOut<Q extends Operation, R>(session: Session, carried: Carried<Q, R>): Promise<R> {
  const { plane, pipeline, kind, update, request } = carried;
  const recorder = createSpanRecorder({
    service: 'millrace.cli',
    instance: `${process.pid}`,
    spansDir: session.home.spansDir,
    env: session.env,
  });
  const done = new AbortController();
  const following = showProgress(session, request.id, done.signal);
  const attributes = { 'millrace.pipeline': pipeline, 'millrace.operation': kind };
  try {
    return await withSpan(
      recorder,
      `millrace ${kind} ${pipeline}`,
      undefined,
      (traceparent) =>
        plane.client.workflow.executeUpdateWithStart(update, {
          args: [{ ...request, traceparent } as Q],
          updateId: request.id,
          startWorkflowOperation: new WithStartWorkflowOperation('pipelineWorkflow', {
            workflowId: workflowIds.pipeline(pipeline),
            taskQueue,
            args: [],
            workflowIdConflictPolicy: 'USE_EXISTING',
          }),
        }),
      { attributes },
    );
  } catch (thrown) {
    throw errorOf(thrown);
  } finally {
    done.abort();
    await following;
    await recorder.shutdown();
  }
}

async function showProgress(session: Session, operation: string, signal: AbortSignal): Promise<void> {
  const lines = progressLines(session);
  for await (const entry of followJournal(session.home, operation, signal)) lines.show(entry);
}

/** The row of the error table that a failed update carries. */
export function errorOf(thrown: unknown): unknown {
  const cause = thrown instanceof WorkflowUpdateFailedError ? thrown.cause : thrown;
  if (!(cause instanceof ApplicationFailure) || !cause.type || !isErrorCode(cause.type)) return thrown;
  const carried = cause.details?.[0] as ErrorJson | undefined;
  return new MillraceError(cause.type, carried?.details ?? {}, thrown);
}
