/** Memory and CPU of tasks, read from the process table when somebody asks, and at most once a second. */
import type { TaskStatus } from '../../driver.ts';
import type { ProcessTable } from '../process-table.ts';

export type Usage = NonNullable<TaskStatus['usage']>;

const maxAgeMs = 1000;

/**
 * Answers the usage of a process group by its leader's id. Memory is the sum of resident sizes: pages that several processes
 * of the group share count for each of them.
 */
export function usageReader(table: ProcessTable): (leader: number) => Usage | null {
  let groups = new Map<number, { pids: number[]; cpuSeconds: number }>();
  let sums = new Map<number, Usage>();
  let readAt = 0;
  const refresh = () => {
    groups = new Map();
    sums = new Map();
    for (const each of table.list()) {
      const group = groups.get(each.session) ?? { pids: [], cpuSeconds: 0 };
      group.pids.push(each.pid);
      group.cpuSeconds += each.cpuSeconds;
      groups.set(each.session, group);
    }
    readAt = Date.now();
  };
  return (leader) => {
    // Also after a clock that was set back.
    if (Math.abs(Date.now() - readAt) > maxAgeMs || !groups.has(leader)) refresh();
    const known = sums.get(leader);
    const group = groups.get(leader);
    if (known || !group) return known ?? null;
    const memoryMiB = group.pids.reduce((sum, pid) => sum + table.memoryMiB(pid), 0);
    const usage = { memoryMiB: Math.round(memoryMiB * 10) / 10, cpuSeconds: group.cpuSeconds };
    sums.set(leader, usage);
    return usage;
  };
}
