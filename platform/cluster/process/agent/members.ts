/** Which processes belong to a task, and how they are ended: all of them, gracefully first. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fail } from '../../../errors.ts';
import type { TaskSpec } from '../../driver.ts';
import { isAlive, type ProcessIdentity, type ProcessInfo, type ProcessTable } from '../process-table.ts';
import type { RunRecord } from './records.ts';

export interface TaskMark {
  readonly id: string;
  /** Value of MILLRACE_TASK. */
  readonly mark: string;
  readonly logFile: string;
}

/**
 * Processes of the task: the group and session of its leader as long as the leader lives; and, leader or not, whatever
 * carries the task's mark or writes to its log. A group without its leader is not proof, since its number may be
 * another's by now.
 */
export function membersOf(table: ProcessTable, task: TaskMark, leader: ProcessIdentity | null): readonly ProcessInfo[] {
  const led = leader !== null && isAlive(table, leader) ? leader.pid : undefined;
  const uninvolved = new Set([process.pid, 1]);
  return table.list().filter((each) => {
    if (each.zombie || uninvolved.has(each.pid)) return false;
    return (led !== undefined && (each.group === led || each.session === led)) || carries(table, each.pid, task);
  });
}

/** Whether the process was started as the task, or by something that was. */
export function carries(table: ProcessTable, pid: number, task: TaskMark): boolean {
  return table.markOf(pid) === task.mark || table.writesTo(pid, task.logFile);
}

/**
 * The process of a task that an earlier agent left running: the one it wrote down; or, where it was killed between a start
 * and writing it down, the leader of a session that carries the mark.
 */
export function adoptable(table: ProcessTable, task: TaskMark, run: RunRecord): ProcessIdentity | undefined {
  if (run.process)
    return isAlive(table, run.process) && carries(table, run.process.pid, task) ? run.process : undefined;
  if (run.state !== 'starting') return undefined;
  const found = membersOf(table, task, null).find((each) => each.pid === each.session);
  return found && { pid: found.pid, startTime: found.startTime };
}

/** A process that was ended, for ledgers. */
export interface EndedProcess {
  readonly pid: number;
  readonly name: string;
}

/** Time for processes to vanish after SIGKILL. */
const killMs = 10_000;

/**
 * Ends every process of the task: `stop.signal`, and SIGKILL to what is left after `stop.graceMs`; processes that appear
 * meanwhile are ended, too. Answers those that were there. Throws TASK_NOT_ENDED.
 */
export async function endMembers(
  table: ProcessTable,
  task: TaskMark,
  leader: ProcessIdentity | null,
  stop: TaskSpec['stop'],
): Promise<readonly EndedProcess[]> {
  const ended = new Map<number, EndedProcess>();
  const graceEnds = Date.now() + stop.graceMs;
  /** Signals each process that it finds for the first time; all of them once the grace is over. */
  const look = () => {
    const found = membersOf(table, task, leader);
    const kill = Date.now() >= graceEnds;
    for (const { pid } of found) {
      const known = ended.has(pid);
      if (!known) ended.set(pid, { pid, name: table.nameOf(pid) });
      if (kill) signal(pid, 'SIGKILL');
      else if (!known) signal(pid, stop.signal);
    }
    return found;
  };
  let left = look();
  while (left.length > 0) {
    if (Date.now() > graceEnds + killMs) fail('TASK_NOT_ENDED', { task: task.id, pids: left.map((each) => each.pid) });
    await untilGone(table, left, graceEnds);
    left = look();
  }
  return [...ended.values()];
}

/** Watches known processes, which is cheap, until they are gone or the grace is over; then at most a fifth of a second. */
async function untilGone(table: ProcessTable, known: readonly ProcessInfo[], graceEnds: number): Promise<void> {
  const end = Math.max(graceEnds, Date.now() + 200);
  for (let pauseMs = 5; Date.now() < end && known.some((each) => isAlive(table, each)); ) {
    await sleep(Math.min(pauseMs, end - Date.now()));
    pauseMs = Math.min(pauseMs * 1.5, 100);
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone between the look and the signal.
  }
}
