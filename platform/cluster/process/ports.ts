/** Who listens on which TCP port. One source per system: /proc/net on Linux, `lsof` on macOS. */
import { linuxListeners } from './ports-linux.ts';
import { lsofListeners } from './ports-lsof.ts';
import { type ProcessTable, processTable } from './process-table.ts';

export interface Listener {
  /** As text; `0.0.0.0` and `::` mean every address. */
  readonly address: string;
  readonly port: number;
  /** Unknown where the process belongs to another user, or is ending: its files are gone before its sockets are. */
  readonly pid: number | undefined;
  /** User id that opened the socket, where the system tells. */
  readonly uid: number | undefined;
}

/**
 * Every listening TCP socket. Finding its process costs a look at each process's open files, so `wanted` chooses the
 * sockets that it is done for; the others come with `pid` undefined.
 */
export function listeners(
  wanted: (listener: Listener) => boolean,
  platform: NodeJS.Platform = process.platform,
): readonly Listener[] {
  return platform === 'linux' ? settled(() => linuxListeners(wanted), wanted) : lsofListeners();
}

/** So many looks in all; each takes some milliseconds, and the sockets of a process that is ending are gone by the second. */
const looks = 3;

/** Looks again while a wanted socket of this user has no process. */
export function settled(look: () => readonly Listener[], wanted: (listener: Listener) => boolean): readonly Listener[] {
  for (let count = 1; ; count++) {
    const found = look();
    if (count === looks || !found.some((each) => isUnseenOfOurs(each) && wanted(each))) return found;
  }
}

function isUnseenOfOurs({ pid, uid }: Listener): boolean {
  return pid === undefined && uid !== undefined && uid === process.getuid?.();
}

/** Whether a socket listening on `listener` would take `address`:`port` from another. */
export function coversAddress(listener: string, address: string): boolean {
  return listener === address || [listener, address].some((each) => each === '0.0.0.0' || each === '::');
}

export interface PortOwner {
  /** Undefined: a process that can't be seen. */
  readonly pid: number | undefined;
  /** `java (pid 4711)`, `another user's process (uid 105)`, or `a process of this user that is ending …`. */
  readonly description: string;
}

/** Who listens on `address`:`port`; undefined: nobody. */
export function ownerOfPort(address: string, port: number): PortOwner | undefined {
  const holds = (each: Listener) => each.port === port && coversAddress(each.address, address);
  const found = listeners(holds).find(holds);
  return found && { pid: found.pid, description: describeListener(found, processTable()) };
}

/** Process that listens on `address`:`port`; undefined: nobody, or a process that can't be seen. */
export function listeningPid(address: string, port: number): number | undefined {
  return ownerOfPort(address, port)?.pid;
}

export function describeListener(listener: Listener, table: ProcessTable): string {
  if (listener.pid !== undefined) return `${table.nameOf(listener.pid)} (pid ${listener.pid})`;
  if (isUnseenOfOurs(listener)) return 'a process of this user that is ending, or that can not be seen from here';
  return `another user's process${listener.uid === undefined ? '' : ` (uid ${listener.uid})`}`;
}
