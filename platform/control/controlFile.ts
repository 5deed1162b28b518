/** Ports of the control plane, chosen once for a home and kept, so that clients and tasks find it again. */
import { fail } from '../errors.ts';
import type { Home } from '../home.ts';
import { readState, writeState } from '../state-files.ts';
import type { ControlPorts } from './tasks.ts';

type Later = 'api' | 'redis' | 'otlp';
/** Files before 2026-11-25 have no port of the API, of Valkey and of OTLP. */
export type KeptPorts = Omit<ControlPorts, Later> & Partial<Pick<ControlPorts, Later>>;

interface ControlFile {
  readonly format: 'millrace/control/1';
  readonly ports: KeptPorts;
}

/** The control plane takes the ports below the first node's: the highest free ones of these many. */
const searched = 100;
const first = ['temporal', 'ui', 'http', 'metrics'] as const;
const names = [...first, 'api', 'redis', 'otlp'] as const;
export const controlPortCount = names.length;

export function controlPorts(home: Home): KeptPorts | undefined {
  return readState<ControlFile>(home.controlFile, 'millrace/control/1', check)?.ports;
}

/** Whether it has the port of everything. */
export function isWhole(ports: KeptPorts): ports is ControlPorts {
  return names.every((name) => ports[name] !== undefined);
}

function check(value: unknown): ControlFile {
  const { ports } = value as Partial<ControlFile>;
  const missing = first.find((name) => !Number.isInteger(ports?.[name]));
  if (missing !== undefined) throw new Error(`at ports.${missing}, a port number is missing`);
  return value as ControlFile;
}

/** Chooses those that are not kept yet. `below`: first port of the first node. Throws PORT_TAKEN when all that are searched are in use. */
export function chooseControlPorts(home: Home, below: number, taken: ReadonlyMap<number, string>): ControlPorts {
  const kept = controlPorts(home);
  const wanted = names.filter((name) => kept?.[name] === undefined);
  const held = new Set(Object.values(kept ?? {}));
  const free: number[] = [];
  for (let port = below - 1; free.length < wanted.length && port > below - searched; port--) {
    if (!taken.has(port) && !held.has(port)) free.push(port);
  }
  if (free.length < wanted.length) {
    const port = below - 1;
    fail('PORT_TAKEN', {
      port,
      address: '127.0.0.1',
      owner: taken.get(port) ?? 'other servers',
      task: 'the control plane',
    });
  }
  const chosen = Object.fromEntries(wanted.map((name, index) => [name, free[index]!]));
  const ports = { ...kept, ...chosen } as ControlPorts;
  if (wanted.length > 0) writeState<ControlFile>(home.controlFile, { format: 'millrace/control/1', ports });
  return ports;
}
