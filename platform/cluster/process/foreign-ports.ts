/** Whether tasks that are recorded can have their ports again: read from the disk and the machine, with no agent running. */
import { existsSync } from 'node:fs';
import type { Home } from '../../home.ts';
import { homeHash, launchedTasks } from '../tasks/layout.ts';
import {
  findConflict,
  foreignListeners,
  type PortConflict,
  type PortHolder,
  type PortRange,
} from './agent/port-conflicts.ts';
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

export interface ForeignListener extends PortConflict {
  /** The launched task of this home that has the port. */
  readonly task?: string;
}

/** Listeners in the range that are no task of this home's. A task whose state can't be read counts by its mark alone. */
export function foreignListenersOf(home: Home, range: PortRange): readonly ForeignListener[] {
  const holders = launchedTasks(home).flatMap((id): PortHolder[] => {
    try {
      const stored = readTask(home, id);
      return stored ? [{ id, ports: stored.record.spec.ports, leader: stored.run.process }] : [];
    } catch {
      return [];
    }
  });
  const hash = existsSync(home.root) ? homeHash(home) : '';
  return foreignListeners(processTable(), hash, range, holders).map((found) => {
    const task = holders.find(({ ports }) => ports.some(({ port }) => port === found.port))?.id;
    return task === undefined ? found : { ...found, task };
  });
}
