/** An operation's steps, by phase, as bars against time. Pure: what time it is comes as an argument. */
import type { OperationStep, OperationView } from '../../../../api/contract/control.ts';

export interface TimelineStep {
  readonly step: OperationStep;
  /** Of the operation's duration up to now; null: it has not begun. */
  readonly bar: { readonly leftPercent: number; readonly widthPercent: number } | null;
  /** Of a running step: up to now. Null: it has not begun. */
  readonly durationMs: number | null;
}
export interface TimelinePhase {
  readonly name: string;
  /** `failed` wins over `running`, that over `waiting`; `done` only when all are. */
  readonly state: OperationStep['state'];
  readonly done: number;
  readonly steps: readonly TimelineStep[];
}
export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly retries: number;
  readonly durationMs: number;
}

/** Phases in the order in which their first step comes. */
export function timeline(operation: OperationView, nowMs: number): TimelinePhase[] {
  const endMs = operation.endMs ?? Math.max(nowMs, operation.startMs + 1);
  const latestMs = operation.steps.reduce((most, step) => Math.max(most, step.endMs ?? 0), endMs);
  const extentMs = Math.max(1, latestMs - operation.startMs);
  const phases = Map.groupBy(operation.steps, (step) => step.phase);
  return [...phases].map(([name, steps]) => ({
    name,
    state: phaseState(steps),
    done: steps.filter(({ state }) => state === 'done').length,
    steps: steps.map((step) => timelineStep(step, operation.startMs, extentMs, endMs)),
  }));
}

function timelineStep(step: OperationStep, startMs: number, extentMs: number, endMs: number): TimelineStep {
  if (step.startMs === null) return { step, bar: null, durationMs: null };
  const untilMs = Math.max(step.startMs, step.endMs ?? endMs);
  const percent = (ms: number) => Math.min(100, Math.max(0, ((ms - startMs) / extentMs) * 100));
  const widthPercent = Math.max(0.4, percent(untilMs) - percent(step.startMs));
  const leftPercent = Math.min(percent(step.startMs), 100 - widthPercent);
  return { step, bar: { leftPercent, widthPercent }, durationMs: untilMs - step.startMs };
}

function phaseState(steps: readonly OperationStep[]): OperationStep['state'] {
  const has = (state: OperationStep['state']) => steps.some((step) => step.state === state);
  if (has('failed')) return 'failed';
  if (has('undone')) return 'undone';
  if (has('running')) return 'running';
  if (!has('waiting')) return 'done';
  return has('done') ? 'running' : 'waiting';
}

export function progressOf({ steps, startMs, endMs }: OperationView, nowMs: number): Progress {
  return {
    done: steps.filter(({ state }) => state === 'done').length,
    total: steps.length,
    retries: steps.reduce((sum, { attempts }) => sum + Math.max(0, attempts - 1), 0),
    durationMs: Math.max(0, (endMs ?? nowMs) - startMs),
  };
}

/** What a person wants to look at now: what failed, else what waits for something or is tried again, else what runs. */
export function stepInFocus(steps: readonly OperationStep[]): OperationStep | undefined {
  return (
    steps.find(({ state }) => state === 'failed') ??
    steps.find(({ state, reason }) => state === 'running' && reason !== null) ??
    steps.find(({ state }) => state === 'running')
  );
}
