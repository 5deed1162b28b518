/** Nodes and asks by hand. */
import type { Ask, TaskAsk } from '../../../platform/model/allocation.ts';
import type { Offer } from '../../../platform/model/cluster.ts';

export function node(id: string, memoryMiB: number, attributes: Record<string, string> = {}): Omit<Offer, 'groups'> {
  const resources = { cpus: 8, memoryMiB, diskMiB: 10_000, gpus: 0 };
  const address = `127.0.0.${id.charCodeAt(id.length - 1)}`;
  return {
    node: { id, address, resources, attributes, ports: { first: 20_000, last: 20_009 } },
    free: resources,
    takenPorts: [],
  };
}

export function task(name: string, memoryMiB: number, more: Partial<TaskAsk> = {}): TaskAsk {
  return {
    task: name,
    owner: { kind: 'framework', name: 'kafka' },
    group: name.slice(0, name.lastIndexOf('.')),
    spread: false,
    resources: { cpus: 0.5, memoryMiB, diskMiB: 0, gpus: 0 },
    ports: ['main'],
    ...more,
  };
}

/** One ask, by the name of its first task. */
export function ask(tasks: readonly TaskAsk[], more: Partial<Ask> = {}): Ask {
  return { id: tasks[0]!.task, role: 'pipelines', priority: 0, tasks, ...more };
}
