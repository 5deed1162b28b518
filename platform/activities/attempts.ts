/**
 * Each attempt of each activity is a span of the operation's trace, with what Temporal says of it. Spans as data, not Temporal's
 * interceptors (docs/decisions/0003): an attempt is described when it has ended, and nothing enters workflow code. An attempt
 * whose worker was killed leaves no span; the next one says by its number that there was one.
 */
import { Context, type Info } from '@temporalio/activity';
import { withSpan } from '../telemetry/operation.ts';
import type { SpanRecorder } from '../telemetry/recorder.ts';
import type { Attributes } from '../telemetry/span.ts';

/** What activities are called with, as far as it matters here: a step, an undo, or the request of an operation. */
interface AnyInput {
  readonly scope?: { readonly operation: { readonly traceparent: string } };
  readonly step?: string | { readonly label: string };
  readonly input?: { readonly task?: string; readonly framework?: string };
  readonly traceparent?: string;
}

/** Wraps an activity. A step or an undo is called with the attempt's own context, so that the installation it asks for hangs under it. */
export function tracedAttempt<A extends unknown[], R>(
  recorder: SpanRecorder,
  name: string,
  work: (...input: A) => Promise<R>,
): (...input: A) => Promise<R> {
  return async (...input) => {
    const [first, ...rest] = input as unknown as [AnyInput | undefined, ...unknown[]];
    const parent = first?.scope?.operation.traceparent ?? first?.traceparent;
    if (first === undefined || parent === undefined) return work(...input);
    const attributes = attributesOf(Context.current().info, Date.now());
    const run = (traceparent: string) => work(...([within(first, traceparent), ...rest] as unknown as A));
    return await withSpan(recorder, spanNameOf(name, first), parent, run, { attributes });
  };
}

/** A step by its label, an undo by what it takes away, anything else by its activity. */
function spanNameOf(name: string, { step, input }: AnyInput): string {
  if (typeof step === 'object') return step.label;
  return [name, input?.task ?? input?.framework ?? ''].join(' ').trim();
}

function within(input: AnyInput, traceparent: string): AnyInput {
  const { scope } = input;
  // A request goes on as it came: a teardown hands it to the undos that it plans.
  if (scope === undefined) return input;
  return { ...input, scope: { ...scope, operation: { ...scope.operation, traceparent } } };
}

/**
 * `temporalWorkflowID`, `temporalRunID`, `temporalActivityID`: as Temporal's SDKs for Go and Python name them; the others have
 * no name there. `schedule_to_start`: from the time at which the server scheduled this attempt to the time at which a worker had
 * it.
 */
function attributesOf(info: Info, nowMs: number): Attributes {
  return {
    ...workflowAttributes(info),
    temporalActivityID: info.activityId,
    'temporal.activity.type': info.activityType,
    'temporal.activity.attempt': info.attempt,
    'temporal.activity.schedule_to_start_ms': Math.max(0, nowMs - info.currentAttemptScheduledTimestampMs),
    'temporal.activity.since_first_schedule_ms': Math.max(0, nowMs - info.scheduledTimestampMs),
    'temporal.task_queue': info.taskQueue,
  };
}

/** Of the workflow that has called this activity. */
export function workflowAttributes({ workflowExecution, workflowType, namespace }: Info): Attributes {
  return {
    temporalWorkflowID: workflowExecution?.workflowId,
    temporalRunID: workflowExecution?.runId,
    'temporal.workflow.type': workflowType,
    'temporal.namespace': namespace,
  };
}
