/** Processes out of /proc. Source of the fields: proc_pid_stat(5), counted from 1 there. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import type { ProcessInfo, ProcessTable } from './process-table.ts';

/** USER_HZ, fixed at 100 on every architecture that Node runs on. */
const ticksPerSecond = 100;
const markStart = 'MILLRACE_TASK=';

export function linuxProcessTable(): ProcessTable {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8);
  const read = (pid: number) => parseStat(readOrNothing(`/proc/${pid}/stat`), boot);
  return {
    read,
    list: () =>
      readdirSync('/proc')
        .filter((name) => name >= '1' && name < ':')
        .flatMap((name) => read(Number(name)) ?? []),
    markOf: (pid) => markIn(readOrNothing(`/proc/${pid}/environ`)),
    writesTo: (pid, file) => linkOf(`/proc/${pid}/fd/1`) === file || linkOf(`/proc/${pid}/fd/2`) === file,
    memoryMiB: (pid) => Number(/^VmRSS:\s+(\d+) kB/m.exec(readOrNothing(`/proc/${pid}/status`))?.[1] ?? 0) / 1024,
    nameOf: (pid) => basename(linkOf(`/proc/${pid}/exe`)) || readOrNothing(`/proc/${pid}/comm`).trim() || 'a process',
  };
}

/** One line of /proc/PID/stat. The name in it may hold blanks and brackets: fields are counted from its last bracket. */
export function parseStat(text: string, boot: string): ProcessInfo | undefined {
  const end = text.lastIndexOf(')');
  if (end < 0) return undefined;
  const fields = text.slice(end + 2).split(' ');
  const field = (number: number) => Number(fields[number - 3]);
  return {
    pid: Number.parseInt(text, 10),
    startTime: `${boot}/${fields[19]}`,
    parent: field(4),
    group: field(5),
    session: field(6),
    zombie: fields[0] === 'Z' || fields[0] === 'X',
    cpuSeconds: (field(14) + field(15) + field(16) + field(17)) / ticksPerSecond,
  };
}

function markIn(environ: string): string | undefined {
  const start = environ.startsWith(markStart) ? 0 : environ.indexOf(`\0${markStart}`) + 1;
  if (start === 0 && !environ.startsWith(markStart)) return undefined;
  const end = environ.indexOf('\0', start);
  return environ.slice(start + markStart.length, end < 0 ? undefined : end);
}

function readOrNothing(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
