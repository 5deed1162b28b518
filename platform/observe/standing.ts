/** What stands of a framework: its recorded state, corrected by what its tasks do now. Pure. */
import type { TaskStatus } from '../cluster/driver.ts';
import type { Readiness } from '../frameworks/contract.ts';

/** What is known of one task of a placement. */
export interface SeenTask {
  readonly task: string;
  /** Undefined: there is no such task, or no agent to ask. */
  readonly status: TaskStatus | undefined;
  /** Asked where the task runs; without an agent of every task, since tasks outlive it. */
  readonly readiness: Readiness | undefined;
}

export interface Standing {
  readonly state: string;
  /** What keeps it from `running`, a line each; empty when nothing does. */
  readonly waitsFor: readonly string[];
}

/** An operation of the control plane is under way, or was cut off. */
const passing = new Set(['installing', 'removing']);

export interface Control {
  readonly agent: boolean;
  /** Whether the platform worker runs, which carries operations out. */
  readonly worker: boolean;
}

export function standingOf(recorded: string, tasks: readonly SeenTask[], control: Control): Standing {
  if (passing.has(recorded))
    return { state: recorded, waitsFor: control.worker ? [] : ['millrace up: it was cut off'] };
  if (recorded !== 'running') return { state: recorded, waitsFor: [] };
  if (!control.agent && tasks.some(({ readiness }) => readiness?.ready)) return unattended;
  const waitsFor = waitsOf(tasks);
  if (waitsFor.length === 0) return { state: recorded, waitsFor };
  const isDown = ({ status }: SeenTask) => status === undefined || status.phase === 'stopped';
  if (tasks.every(isDown)) return { state: 'stopped', waitsFor: ['millrace up'] };
  const ended = tasks.some(({ status }) => status === undefined || ['stopped', 'failed'].includes(status.phase));
  return { state: ended ? 'degraded' : 'starting', waitsFor };
}

const unattended: Standing = {
  state: 'degraded',
  waitsFor: ['the agent, which does not run, so that nothing is started again: millrace up'],
};

/** What keeps tasks from running and being ready, a line each. */
export function waitsOf(tasks: readonly SeenTask[]): readonly string[] {
  return tasks.flatMap((seen) => lacking(seen) ?? []);
}

function lacking({ task, status, readiness }: SeenTask): string | undefined {
  if (status === undefined) return `${task}: it is not there`;
  if (status.phase !== 'running') return `${task}: ${status.reason || status.phase}`;
  return readiness?.ready === false ? `${task}: ${readiness.waitingFor || 'to be ready'}` : undefined;
}
