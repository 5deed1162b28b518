/** What every activity does around its work: journal, span, heartbeat, and errors in the shape that workflows carry. */

import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure, Context } from '@temporalio/activity';
import { asMillraceError, MillraceError } from '../errors.ts';
import type { StepScope } from '../model/operations.ts';
import { withSpan } from '../telemetry/operation.ts';
import type { ActivityDeps } from './deps.ts';
import { appendJournal } from './journal.ts';

/** An error that is not in the table may be passing (a connection cut): so many tries before it is final. */
const unknownErrorAttempts = 5;
const beatMs = 1000;

export interface StepIdentity {
  readonly scope: StepScope;
  readonly id: string;
  readonly label: string;
}

/** Runs a step's work: told in the journal, traced, its errors mapped. `waiting` reports what the step waits for. */
export async function runStep(
  deps: ActivityDeps,
  step: StepIdentity,
  work: (waiting: (text: string) => void) => Promise<void>,
): Promise<void> {
  const { operation, name } = step.scope;
  const startMs = Date.now();
  const attempt = Context.current().info.attempt;
  let lastText = '';
  const tell = (state: 'started' | 'waiting' | 'retrying' | 'done' | 'failed', text?: string) =>
    appendJournal(deps.home, operation.id, {
      scope: name,
      step: step.id,
      label: step.label,
      state,
      ...(text ? { text } : {}),
      ...(state === 'done' || state === 'failed' ? { ms: Date.now() - startMs } : {}),
    });
  const waiting = (text: string) => {
    if (text === lastText) return;
    lastText = text;
    tell('waiting', text);
  };
  tell('started', attempt > 1 ? `attempt ${attempt}` : undefined);
  try {
    await withSpan(deps.recorder, step.label, operation.traceparent, () => beating(() => work(waiting)));
    tell('done');
  } catch (thrown) {
    const failure = failureOf(thrown, attempt);
    tell(failure.nonRetryable ? 'failed' : 'retrying', failure.message);
    throw failure;
  }
}

/** Heartbeats while `work` runs, so that a dead worker is noticed within seconds and a cancellation reaches it. */
export async function beating<T>(work: () => Promise<T>): Promise<T> {
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(), beatMs);
  try {
    return await Promise.race([work(), context.cancelled]);
  } finally {
    clearInterval(timer);
  }
}

/** Waits inside an activity; rejects at once when the activity is cancelled. */
export async function pause(ms: number): Promise<void> {
  const { cancellationSignal, cancelled } = Context.current();
  if (cancellationSignal.aborted) await cancelled;
  await sleep(ms, undefined, { signal: cancellationSignal }).catch(() => cancelled);
}

export function failureOf(
  thrown: unknown,
  attempt: number,
): Error & { readonly nonRetryable?: boolean | null | undefined } {
  if (thrown instanceof Error && thrown.name === 'CancelledFailure') return thrown;
  if (thrown instanceof ApplicationFailure) return thrown;
  const error = asMillraceError(thrown);
  const known = thrown instanceof MillraceError;
  const nonRetryable = known ? !error.row.retryable : attempt >= unknownErrorAttempts;
  const details = [error.toJSON()];
  return ApplicationFailure.create({ type: error.code, message: error.message, nonRetryable, details, cause: error });
}

/** Wraps an activity that is not a step: errors in the same shape, heartbeats. */
export function guarded<A extends unknown[], R>(work: (...input: A) => Promise<R>): (...input: A) => Promise<R> {
  return async (...input) => {
    try {
      return await work(...input);
    } catch (thrown) {
      throw failureOf(thrown, Context.current().info.attempt);
    }
  };
}
