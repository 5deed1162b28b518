/** Whether a task may have its ports: nobody else listens on them, and no other task has them for its own. */
import type { TaskSpec } from '../../driver.ts';
import { markOf } from '../../tasks/layout.ts';
import { coversAddress, describeListener, type Listener, listeners } from '../ports.ts';
import type { ProcessIdentity, ProcessTable } from '../process-table.ts';

type Port = TaskSpec['ports'][number];

export interface PortConflict {
  readonly address: string;
  readonly port: number;
  readonly owner: string;
}

export interface PortRange {
  readonly addresses: readonly string[];
  readonly first: number;
  readonly last: number;
}

/** A task as far as its ports go. */
export interface PortHolder {
  readonly id: string;
  readonly ports: readonly Port[];
  readonly leader: ProcessIdentity | null;
}

/**
 * The first port of task `id` that it can't have. A former instance of the same task may still hold it, and so may tasks that
 * share it: both sides say `shared`.
 */
export function findConflict(
  table: ProcessTable,
  hash: string,
  task: Pick<PortHolder, 'id' | 'ports'>,
  holders: readonly PortHolder[],
): PortConflict | undefined {
  const others = holders.filter((each) => each.id !== task.id);
  const sharers = (port: Port) =>
    others.filter((each) => port.shared && each.ports.some((has) => has.shared && clashes(has, port)));
  for (const port of task.ports) {
    const holder = others.find((each) => each.ports.some((has) => clashes(has, port) && !(has.shared && port.shared)));
    if (holder) return { address: port.address, port: port.port, owner: `task ${holder.id}` };
  }
  const wanted = (listener: Listener) => task.ports.some((port) => listensOn(listener, port));
  for (const listener of listeners(wanted).filter(wanted)) {
    const port = task.ports.find((each) => listensOn(listener, each));
    const owner = taskOf(table, hash, listener, holders);
    if (port && owner !== task.id && !sharers(port).some((each) => each.id === owner)) {
      return { address: port.address, port: port.port, owner: describe(table, listener, owner) };
    }
  }
  return undefined;
}

/** Ports that nobody new can have on `address`, with who has them. */
export function takenPorts(
  table: ProcessTable,
  hash: string,
  address: string,
  holders: readonly PortHolder[],
): ReadonlyMap<number, string> {
  const taken = new Map<number, string>();
  for (const { id, ports } of holders) {
    for (const port of ports) if (coversAddress(port.address, address)) taken.set(port.port, `task ${id}`);
  }
  const wanted = (listener: Listener) => coversAddress(listener.address, address) && !taken.has(listener.port);
  for (const listener of listeners(wanted).filter(wanted)) {
    taken.set(listener.port, describe(table, listener, taskOf(table, hash, listener, holders)));
  }
  return taken;
}

/** Who listens on `addresses` within the ports, and is no task of this home. Each port once. */
export function foreignListeners(
  table: ProcessTable,
  hash: string,
  { addresses, first, last }: PortRange,
  holders: readonly PortHolder[],
): readonly PortConflict[] {
  const wanted = ({ address, port }: Listener) =>
    port >= first && port <= last && addresses.some((each) => coversAddress(address, each));
  const found = listeners(wanted)
    .filter(wanted)
    .flatMap((listener): PortConflict[] => {
      const task = taskOf(table, hash, listener, holders);
      if (task !== undefined && !task.includes('/')) return [];
      return [{ address: listener.address, port: listener.port, owner: describe(table, listener, task) }];
    });
  const byPort = new Map(found.map((each) => [each.port, each]));
  return [...byPort.values()].sort((one, other) => one.port - other.port);
}

function clashes(a: Port, b: Port): boolean {
  return a.port === b.port && coversAddress(a.address, b.address);
}

function listensOn(listener: Listener, port: Port): boolean {
  return listener.port === port.port && coversAddress(listener.address, port.address);
}

/** Id of the task of this home that the listening process belongs to; with its home's mark for a task of another. */
function taskOf(
  table: ProcessTable,
  hash: string,
  { pid }: Listener,
  holders: readonly PortHolder[],
): string | undefined {
  if (pid === undefined) return undefined;
  const session = table.read(pid)?.session;
  const led = holders.find((each) => each.leader !== null && each.leader.pid === session);
  if (led) return led.id;
  const mark = table.markOf(pid);
  return mark?.startsWith(markOf(hash, '')) ? mark.slice(markOf(hash, '').length) : mark;
}

function describe(table: ProcessTable, listener: Listener, task: string | undefined): string {
  const owner = describeListener(listener, table);
  if (task === undefined) return owner;
  return task.includes('/') ? `task ${task.split('/')[1]} of another home, ${owner}` : `task ${task}, ${owner}`;
}
