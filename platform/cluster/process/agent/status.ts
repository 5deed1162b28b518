/** How a task stands, in words and numbers. Pure. */
import type { TaskPhase, TaskStatus } from '../../driver.ts';
import type { TaskRecord } from '../../tasks/records.ts';
import type { RunRecord } from './records.ts';
import type { Usage } from './usage.ts';

export interface TaskState {
  readonly record: TaskRecord;
  readonly run: RunRecord;
  /** Why it can't be started at all. */
  readonly failure: string | undefined;
  /** What keeps it from starting now: a port that is taken. */
  readonly obstacle: string | undefined;
  /** Milliseconds since the epoch. */
  readonly nextStartAt: number | undefined;
}

/** Whether it is meant to run now. */
export function shouldRun(record: TaskRecord): boolean {
  return record.desired === 'running' && record.complete && !record.suspended;
}

export function phaseOf({ record, run, failure }: TaskState): TaskPhase {
  if (run.process !== null) return 'running';
  if (!shouldRun(record)) return 'stopped';
  return failure === undefined ? 'backoff' : 'failed';
}

export function statusOf(state: TaskState, usage: Usage | null, now: number): TaskStatus {
  const { record, run, nextStartAt } = state;
  const { spec } = record;
  return {
    id: spec.id,
    node: spec.node,
    owner: spec.owner,
    phase: phaseOf(state),
    desired: record.desired,
    pid: run.process?.pid ?? null,
    startedAt: run.startedAt,
    restarts: run.restarts,
    lastExit: run.lastExit,
    nextStartAt: nextStartAt === undefined ? null : new Date(nextStartAt).toISOString(),
    reason: reasonOf(state, now),
    usage,
    ports: spec.ports,
    tier: spec.tier,
    specHash: record.specHash,
  };
}

function reasonOf(state: TaskState, now: number): string {
  const { record, run, failure, obstacle } = state;
  const phase = phaseOf(state);
  if (phase === 'running')
    return run.restarts === 0 ? 'runs' : `runs; ${endingOf(run)} before, ${counted(run.restarts)}`;
  if (phase === 'failed') return `can not be started: ${failure}`;
  if (phase === 'backoff') {
    return [
      ...(run.lastExit ? [endingOf(run)] : []),
      ...(obstacle ? [obstacle] : []),
      counted(run.restarts),
      nextText(state, now),
    ].join(', ');
  }
  if (!record.complete) return 'its launch was cut short: launch it again';
  return record.desired === 'running' ? 'stopped with the cluster' : 'stopped on request';
}

function nextText({ nextStartAt }: TaskState, now: number): string {
  const seconds = nextStartAt === undefined ? 0 : Math.ceil((nextStartAt - now) / 1000);
  return seconds > 0 ? `next in ${seconds} s` : 'starts now';
}

function endingOf({ lastExit }: RunRecord): string {
  if (lastExit === null) return 'ended';
  if (lastExit.signal !== null) return `ended by ${lastExit.signal}`;
  return lastExit.code === null ? 'ended while the agent was away' : `ended with code ${lastExit.code}`;
}

function counted(restarts: number): string {
  return `${restarts} restart${restarts === 1 ? '' : 's'}`;
}
