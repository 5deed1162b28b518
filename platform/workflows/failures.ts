import { ActivityFailure, ApplicationFailure, isCancellation, patched, TimeoutFailure } from '@temporalio/workflow';
import type { ErrorJson } from '../errors.ts';
import { notUndoneOf } from '../model/operations.ts';

/** The row of the error table that a failed activity carried, or what can be said of it. */
export function errorJsonOf(failure: unknown): ErrorJson {
  if (isCancellation(failure)) return plain('DEPLOY_CANCELLED', 'The deploy was cancelled.');
  const cause = causeOf(failure);
  if (cause instanceof ApplicationFailure) {
    const carried = cause.details?.[0] as ErrorJson | undefined;
    if (carried?.code) return carried;
  }
  const step = failure instanceof ActivityFailure ? failure.activityType : 'the workflow';
  const reason = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  return plain('STEP_FAILED', `${step}: ${reason}`);
}

/** What went wrong in an activity: where its time ran out between two tries, what the last one said. */
function causeOf(failure: unknown): unknown {
  const cause = failure instanceof ActivityFailure ? failure.cause : failure;
  return cause instanceof TimeoutFailure && cause.cause instanceof ApplicationFailure ? cause.cause : cause;
}

/** A failure that carries `error` to the caller of an update, and is final. */
export function finalFailure(error: ErrorJson): ApplicationFailure {
  return ApplicationFailure.create({ type: error.code, message: error.message, nonRetryable: true, details: [error] });
}

/** The error with what could not be undone after it: a line each in `details.notUndone`, after those it carries already. */
export function withNotUndone(error: ErrorJson, lines: readonly string[]): ErrorJson {
  if (lines.length === 0) return error;
  return { ...error, details: { ...error.details, notUndone: [...notUndoneOf(error), ...lines] } };
}

/**
 * Records a failure, and gives the error to end with: the first one, whatever fails on the way. `record` is not called in the
 * replay of a failed undo of an earlier Millrace, which ended there.
 */
export async function recorded(
  error: ErrorJson,
  notUndone: readonly string[],
  record: (error: ErrorJson) => Promise<void>,
): Promise<ErrorJson> {
  if (notUndone.length > 0 && !patched('record-after-failed-undo')) return error;
  const told = withNotUndone(error, notUndone);
  try {
    await record(told);
    return told;
  } catch (failure) {
    return withNotUndone(told, [`the record: ${errorJsonOf(failure).message}`]);
  }
}

function plain(code: ErrorJson['code'], reason: string): ErrorJson {
  return { code, message: reason, meaning: '', next: '', retryable: false, details: { reason } };
}
