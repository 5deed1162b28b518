/** Whether a task may have its ports. Pure. */
import type { TaskSpec } from '../driver.ts';

type Port = TaskSpec['ports'][number];

export interface PortHolder {
  readonly id: string;
  readonly ports: readonly Port[];
}

export interface PortConflict {
  readonly address: string;
  readonly port: number;
  readonly owner: string;
}

/** The first port that another task has, unless both share it. */
export function conflictOf(task: PortHolder, holders: readonly PortHolder[]): PortConflict | undefined {
  for (const port of task.ports) {
    const holder = holders.find(({ id, ports }) => id !== task.id && ports.some((has) => clashes(has, port)));
    if (holder) return { address: port.address, port: port.port, owner: `task ${holder.id}` };
  }
  return undefined;
}

function clashes(a: Port, b: Port): boolean {
  return a.port === b.port && a.address === b.address && !(a.shared && b.shared);
}

export function takenOn(address: string, holders: readonly PortHolder[]): ReadonlyMap<number, string> {
  const taken = holders.flatMap(({ id, ports }) =>
    ports.filter((port) => port.address === address).map(({ port }) => [port, `task ${id}`] as const),
  );
  return new Map(taken);
}
