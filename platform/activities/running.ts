/** What every activity does around its work: journal, heartbeat, and errors in the shape that workflows carry. */

import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure, Context } from '@temporalio/activity';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { asMillraceError, MillraceError } from '../errors.ts';
import type { LedgerEntry } from '../model/ledger.ts';
import type { StepScope } from '../model/operations.ts';
import type { UndoKind } from '../model/plan.ts';
import type { UndoCall } from '../workflows/activities.ts';
import type { ActivityDeps } from './deps.ts';
import { appendJournal } from './journal.ts';

/** An error that is not in the table may be passing (a connection cut): so many tries before it is final. */
const unknownErrorAttempts = 5;
/** A port may be held by a task of ours that is just moving; whoever still has it after these tries (3 s) stays. */
const takenPortAttempts = 5;
const beatMs = 1000;

export interface StepIdentity {
  readonly scope: StepScope;
  readonly id: string;
  readonly label: string;
  /** It only looks, so that a cancellation ends it at once. Any other is let finish: its undo must find all of its effect. */
  readonly looksOnly?: boolean;
}

/** Runs a step's work: told in the journal, its errors mapped. `waiting` reports what the step waits for. */
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
    await (step.looksOnly ? untilCancelled(work(waiting)) : work(waiting));
    tell('done');
  } catch (thrown) {
    const failure = failureOf(thrown, attempt);
    if (isCancelled(failure)) tell('failed', 'cancelled');
    else tell(failure.nonRetryable ? 'failed' : 'retrying', failure.message);
    throw failure;
  }
}

/** Runs an undo or a removal, told in the journal. */
export async function runUndo(
  deps: ActivityDeps,
  { scope, step, kind, input }: UndoCall,
  work: () => Promise<readonly LedgerEntry[]>,
): Promise<readonly LedgerEntry[]> {
  const { task, framework } = input as { task?: string; framework?: string };
  const label = [undoLabels[kind], task ?? framework ?? ''].join(' ').trim();
  const tell = (state: 'started' | 'retrying' | 'undone', rest: { text?: string; ms?: number } = {}) =>
    appendJournal(deps.home, scope.operation.id, {
      scope: scope.name,
      step: `undo:${kind}:${step}`,
      label,
      state,
      ...rest,
    });
  const startMs = Date.now();
  tell('started');
  try {
    const removed = await work();
    tell('undone', { ms: Date.now() - startMs });
    return removed;
  } catch (thrown) {
    tell('retrying', { text: failureOf(thrown, 1).message });
    throw thrown;
  }
}

const undoLabels: Readonly<Record<UndoKind, string>> = {
  'task.remove': 'removed',
  'task.restore': 'back as it was:',
  'kafka.topics.remove': 'removed topics',
  'cassandra.tables.remove': 'removed tables',
  'redis.keys.remove': 'removed keys',
  'pipeline.user.remove': "removed the pipeline's user in",
  'framework.release': 'released',
};

/** Rejects as soon as the activity is cancelled, whatever `work` does then. */
function untilCancelled<T>(work: Promise<T>): Promise<T> {
  return Promise.race([work, Context.current().cancelled]);
}

/** Heartbeats while `work` runs, so that a dead worker is noticed within seconds and a cancellation comes in. */
export async function beating<T>(work: () => Promise<T>): Promise<T> {
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(), beatMs);
  try {
    return await work();
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
  if (isCancelled(thrown)) return thrown;
  if (thrown instanceof ApplicationFailure) return thrown;
  // Of a framework's installation, asked for by an update: what it failed with is what the step fails with.
  if (thrown instanceof WorkflowUpdateFailedError && thrown.cause instanceof ApplicationFailure) return thrown.cause;
  const error = asMillraceError(thrown);
  const known = thrown instanceof MillraceError;
  const tries = error.code === 'PORT_TAKEN' ? takenPortAttempts : Number.POSITIVE_INFINITY;
  const nonRetryable = known ? !error.row.retryable || attempt >= tries : attempt >= unknownErrorAttempts;
  const details = [error.toJSON()];
  return ApplicationFailure.create({ type: error.code, message: error.message, nonRetryable, details, cause: error });
}

function isCancelled(thrown: unknown): thrown is Error & { readonly nonRetryable?: undefined } {
  return thrown instanceof Error && thrown.name === 'CancelledFailure';
}

/** Wraps every activity: heartbeats, and errors in the shape that workflows carry. */
export function guarded<A extends unknown[], R>(work: (...input: A) => Promise<R>): (...input: A) => Promise<R> {
  return async (...input) => {
    try {
      return await beating(() => work(...input));
    } catch (thrown) {
      throw failureOf(thrown, Context.current().info.attempt);
    }
  };
}
