/** The steps that packages are made of. Pure. Ids are unique in a framework: `launch:TASK`, `ready:TASK`. */
import type { Step } from '../model/plan.ts';

export interface StepTimes {
  /** Ids of steps that must be done before. */
  readonly after?: readonly string[];
  readonly timeoutSeconds?: number;
}

/** Starts the task's process. A rollback removes the task with its data. */
export function launchStep(task: string, label: string, times: StepTimes = {}): Step<'task.launch'> {
  return {
    id: `launch:${task}`,
    label,
    kind: 'task.launch',
    input: { task },
    after: times.after ?? [],
    undo: { kind: 'task.remove', input: { task, data: true } },
    timeoutSeconds: times.timeoutSeconds ?? 60,
  };
}

/** Waits until the task answers as ours; by default after its own launch alone. */
export function readyStep(task: string, label: string, times: StepTimes = {}): Step<'task.ready'> {
  return {
    id: `ready:${task}`,
    label,
    kind: 'task.ready',
    input: { task },
    after: times.after ?? [`launch:${task}`],
    timeoutSeconds: times.timeoutSeconds ?? 180,
  };
}
