/** Whether tasks that are recorded can have their ports again: read from the disk and the machine, with no agent running. */
import { existsSync } from 'node:fs';
import type { Home } from '../../home.ts';
import { homeHash } from '../tasks/layout.ts';
import { findConflict, type PortConflict, type PortHolder } from './agent/port-conflicts.ts';
import { readTask } from './agent/records.ts';
import { processTable } from './process-table.ts';

export interface TaskPorts {
  readonly task: string;
  readonly address: string;
  readonly ports: Readonly<Record<string, number>>;
  readonly sharedPorts: readonly string[];
}

/** The first port of `tasks` that somebody else than that task listens on. Throws CORRUPT_STATE, FOREIGN_STATE. */
export function takenByOthers(
  home: Home,
  tasks: readonly TaskPorts[],
): (PortConflict & { readonly task: string }) | undefined {
  if (!existsSync(home.tasksDir)) return undefined;
  const [table, hash] = [processTable(), homeHash(home)];
  const holders = tasks.map(({ task, address, ports, sharedPorts }): PortHolder => {
    const leader = readTask(home, task)?.run.process ?? null;
    const listed = Object.entries(ports).map(([name, port]) => ({
      ...{ name, address, port },
      ...(sharedPorts.includes(name) ? { shared: true } : {}),
    }));
    return { id: task, ports: listed, leader };
  });
  for (const holder of holders) {
    const conflict = findConflict(table, hash, holder, holders);
    if (conflict) return { ...conflict, task: holder.id };
  }
  return undefined;
}
