/** Carrying out an operation through its workflow: sent, followed in its journal, answered or failed. */
import { randomBytes } from 'node:crypto';
import { WithStartWorkflowOperation, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure, type UpdateDefinition } from '@temporalio/common';
import { followJournal } from '../activities/journal.ts';
import type { ControlPlane } from '../control/start.ts';
import { type ErrorJson, isErrorCode, MillraceError } from '../errors.ts';
import type { JournalEntry, Operation } from '../model/operations.ts';
import { withSpan } from '../telemetry/operation.ts';
import { createSpanRecorder } from '../telemetry/recorder.ts';
import { taskQueue, workflowIds } from '../workflows/messages.ts';
import type { Operating } from './operating.ts';

export function newOperationId(kind: string, pipeline: string): string {
  return `${kind}-${pipeline}-${randomBytes(5).toString('hex')}`;
}

export interface Carried<Q extends Operation, R> {
  readonly plane: ControlPlane;
  readonly pipeline: string;
  readonly kind: string;
  readonly update: UpdateDefinition<R, [Q]>;
  readonly request: Omit<Q, 'traceparent'>;
  /** What the operation does, as it does it. */
  readonly onEntry?: (entry: JournalEntry) => void;
}

/**
 * Sends the update (starting the pipeline's workflow if need be), tells of its progress, gives its result. The operation does not
 * depend on this call: it goes on when the caller ends. Throws the error of the table that the operation failed with.
 */
export async function carryOut<Q extends Operation, R>(operating: Operating, carried: Carried<Q, R>): Promise<R> {
  const { plane, pipeline, kind, update, request, onEntry } = carried;
  const recorder = createSpanRecorder({
    service: operating.service,
    instance: `${process.pid}`,
    spansDir: operating.home.spansDir,
    env: operating.env,
  });
  const done = new AbortController();
  const following = onEntry ? follow(operating, request.id, onEntry, done.signal) : undefined;
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

async function follow(
  { home }: Operating,
  operation: string,
  onEntry: (entry: JournalEntry) => void,
  signal: AbortSignal,
): Promise<void> {
  for await (const entry of followJournal(home, operation, signal)) onEntry(entry);
}

/** The row of the error table that a failed update carries. */
export function errorOf(thrown: unknown): unknown {
  const cause = thrown instanceof WorkflowUpdateFailedError ? thrown.cause : thrown;
  if (!(cause instanceof ApplicationFailure) || !cause.type || !isErrorCode(cause.type)) return thrown;
  const carried = cause.details?.[0] as ErrorJson | undefined;
  return new MillraceError(cause.type, carried?.details ?? {}, thrown);
}
