/**
 * What the operating system knows of processes. A process is told by its id and its start time, since ids are given again.
 * One file per system; `processTable()` chooses.
 */
import { linuxProcessTable } from './process-table-linux.ts';
import { psProcessTable } from './process-table-ps.ts';

export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque; equal for the same process as long as it lives, never equal for another with the same id. */
  readonly startTime: string;
}

export interface ProcessInfo extends ProcessIdentity {
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Ended, not yet collected by its parent. */
  readonly zombie: boolean;
  /** CPU time of the process and of its children that have ended, in seconds. */
  readonly cpuSeconds: number;
}

export interface ProcessTable {
  /** Undefined: there is no such process. A zombie is answered. */
  read(pid: number): ProcessInfo | undefined;
  list(): readonly ProcessInfo[];
  /** Value of `MILLRACE_TASK` in the environment it was started with; undefined where there is none or it can't be read. */
  markOf(pid: number): string | undefined;
  /** Whether its standard output or standard error goes to `file`: tells processes that overwrite their environment (Redis does). */
  writesTo(pid: number, file: string): boolean;
  /** Resident memory in MiB. */
  memoryMiB(pid: number): number;
  /** Name of its executable. */
  nameOf(pid: number): string;
}

export function processTable(platform: NodeJS.Platform = process.platform): ProcessTable {
  return platform === 'linux' ? linuxProcessTable() : psProcessTable();
}

export function isAlive(table: ProcessTable, process: ProcessIdentity): boolean {
  const found = table.read(process.pid);
  return found !== undefined && !found.zombie && found.startTime === process.startTime;
}

export function identityOf(table: ProcessTable, pid: number): ProcessIdentity | undefined {
  const found = table.read(pid);
  return found && { pid, startTime: found.startTime };
}
