/** What still runs of a home: a fresh look at the machine, that needs no agent and trusts no record of what was ended. */
import { existsSync } from 'node:fs';
import type { Home } from '../../home.ts';
import type { LedgerEntry } from '../../model/ledger.ts';
import { taskIdsOnDisk } from '../tasks/directory.ts';
import { homeHash, markOf, taskPaths } from '../tasks/layout.ts';
import { readTask } from './agent/records.ts';
import { claimHolders } from './claim.ts';
import { listeners } from './ports.ts';
import { type ProcessTable, processTable } from './process-table.ts';

/** Ids of the tasks that a home knows, running or not. */
export function recordedTasks(home: Home): readonly string[] {
  return existsSync(home.tasksDir) ? taskIdsOnDisk(home.tasksDir) : [];
}

/** Processes of the home's tasks with the ports that they listen on, and its agent. */
export function remainsOf(home: Home): readonly LedgerEntry[] {
  if (!existsSync(home.root)) return [];
  const table = processTable();
  const running = runningOf(home, table);
  const ports = listeners(({ port }) => running.size > 0 && port > 0).filter(({ pid }) => pid && running.has(pid));
  const agents = existsSync(home.agentDir) ? claimHolders(home.agentDir, 'agent') : [];
  return [
    ...[...running].map(([pid, task]) => entry('process', `${table.nameOf(pid)} (pid ${pid})`, ownerOf(home, task))),
    ...ports.map(({ address, port, pid }) => entry('port', `${address}:${port}`, ownerOf(home, running.get(pid!)!))),
    ...agents.map(({ pid }) => entry('process', `agent (pid ${pid})`, 'millrace')),
  ];
}

/** Task by process id, told by the mark in its environment, or by the log that it writes to. */
function runningOf(home: Home, table: ProcessTable): ReadonlyMap<number, string> {
  const marks = markOf(homeHash(home), '');
  const logs = recordedTasks(home).flatMap((id) => logOf(home, id) ?? []);
  const found = new Map<number, string>();
  for (const { pid, zombie } of table.list()) {
    if (zombie || pid === process.pid) continue;
    const mark = table.markOf(pid);
    const task = mark?.startsWith(marks)
      ? mark.slice(marks.length)
      : logs.find(({ file }) => table.writesTo(pid, file))?.id;
    if (task !== undefined) found.set(pid, task);
  }
  return found;
}

/** Undefined: a name in the tasks' directory that no task can have. */
function logOf(home: Home, id: string): { readonly id: string; readonly file: string } | undefined {
  try {
    return { id, file: taskPaths(home, id).logFile };
  } catch {
    return undefined;
  }
}

function ownerOf(home: Home, task: string): string {
  try {
    const owner = readTask(home, task)?.record.spec.owner;
    return owner ? `${owner.kind} ${owner.name}` : `task ${task}`;
  } catch {
    return `task ${task}`;
  }
}

function entry(kind: LedgerEntry['kind'], name: string, owner: string): LedgerEntry {
  return { kind, name, owner };
}
