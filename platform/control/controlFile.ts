/** Ports of the control plane, chosen once for a home and kept, so that clients and tasks find it again. */
import { fail } from '../errors.ts';
import type { Home } from '../home.ts';
import { readState, writeState } from '../state-files.ts';
import type { ControlPorts } from './tasks.ts';

interface ControlFile {
  readonly format: 'millrace/control/1';
  readonly ports: ControlPorts;
}

/** The control plane takes the ports below the first node's: the highest free ones of these many. */
const searched = 100;
const names = ['temporal', 'ui', 'http', 'metrics'] as const;

export function controlPorts(home: Home): ControlPorts | undefined {
  return readState<ControlFile>(home.controlFile, 'millrace/control/1', check)?.ports;
}

function check(value: unknown): ControlFile {
  const { ports } = value as Partial<ControlFile>;
  const missing = names.find((name) => !Number.isInteger(ports?.[name]));
  if (missing !== undefined) throw new Error(`at ports.${missing}, a port number is missing`);
  return value as ControlFile;
}

/** `below`: first port of the first node. Throws PORT_TAKEN when all that are searched are in use. */
export function chooseControlPorts(home: Home, below: number, taken: ReadonlyMap<number, string>): ControlPorts {
  const there = controlPorts(home);
  if (there) return there;
  const free: number[] = [];
  for (let port = below - 1; free.length < names.length && port > below - searched; port--) {
    if (!taken.has(port)) free.push(port);
  }
  if (free.length < names.length) {
    const port = below - 1;
    fail('PORT_TAKEN', {
      port,
      address: '127.0.0.1',
      owner: taken.get(port) ?? 'other servers',
      task: 'the control plane',
    });
  }
  const ports = Object.fromEntries(names.map((name, index) => [name, free[index]!])) as unknown as ControlPorts;
  writeState<ControlFile>(home.controlFile, { format: 'millrace/control/1', ports });
  return ports;
}
