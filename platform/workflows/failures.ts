import { ActivityFailure, ApplicationFailure, isCancellation, TimeoutFailure } from '@temporalio/workflow';
import type { ErrorJson } from '../errors.ts';

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

function plain(code: ErrorJson['code'], reason: string): ErrorJson {
  return { code, message: reason, meaning: '', next: '', retryable: false, details: { reason } };
}
