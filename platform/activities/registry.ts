/** All activities of the worker, made from their dependencies. The type check against the workflows' view is here. */
import { Context } from '@temporalio/activity';
import { undoKinds } from '../model/plan.ts';
import { newSpanId } from '../telemetry/context.ts';
import type { Activities, OperationSpan } from '../workflows/activities.ts';
import { tracedAttempt, workflowAttributes } from './attempts.ts';
import { createChangeActivities } from './changes.ts';
import type { ActivityDeps } from './deps.ts';
import { createFrameworkActivities } from './frameworks.ts';
import { createObserveActivities } from './observe.ts';
import { endOperation } from './operationRecord.ts';
import { createPlanningActivities } from './planning.ts';
import { createResourceActivities } from './resources.ts';
import { guarded, runUndo } from './running.ts';
import { createTaskActivities } from './tasks.ts';

export function createActivities(deps: ActivityDeps): Activities {
  const activities: Activities = {
    ...createTaskActivities(deps),
    ...createChangeActivities(deps),
    ...createFrameworkActivities(deps),
    ...createResourceActivities(deps),
    ...createObserveActivities(deps),
    ...createPlanningActivities(deps),
    'operation.span': async (span: OperationSpan) => recordOperation(deps, span),
  };
  for (const kind of undoKinds) {
    const undo = activities[kind];
    activities[kind] = (call) => runUndo(deps, call, () => undo(call));
  }
  const wrapped = Object.entries(activities).map(([name, activity]) => {
    const isSpanItself = name === 'operation.span';
    return [name, guarded(isSpanItself ? (activity as never) : tracedAttempt(deps.recorder, name, activity as never))];
  });
  return Object.fromEntries(wrapped) as Activities;
}

/** Called within the activity of the workflow whose span it is. */
export function recordOperation(
  { recorder, home }: Pick<ActivityDeps, 'recorder' | 'home'>,
  span: OperationSpan,
): void {
  const fault = endOperation(home, span);
  const [, traceId = '', parentSpanId = newSpanId()] = span.traceparent.split('-');
  const { name, spanId, startMs, endMs, error } = span;
  recorder.record({
    name,
    kind: 'internal',
    traceId,
    spanId,
    parentSpanId,
    startMs,
    endMs,
    attributes: {
      ...workflowAttributes(Context.current().info),
      ...(fault === undefined ? {} : { 'millrace.operation.record_fault': fault }),
    },
    ...(error ? { error } : {}),
  });
}
