/** Processes through `ps` and `lsof`, for systems without /proc (macOS). Start times have a resolution of one second. */
import { execFileSync } from 'node:child_process';
import { basename } from 'node:path';
import type { ProcessInfo, ProcessTable } from './process-table.ts';

const columns = 'pid=,ppid=,pgid=,sess=,state=,time=,lstart=';

export function psProcessTable(): ProcessTable {
  return {
    read: (pid) => parsePs(run('ps', ['-o', columns, '-p', String(pid)]))[0],
    list: () => parsePs(run('ps', ['-axo', columns])),
    markOf: (pid) => /(?:^|\s)MILLRACE_TASK=(\S+)/.exec(run('ps', ['-Eww', '-o', 'command=', '-p', String(pid)]))?.[1],
    writesTo: (pid, file) =>
      run('lsof', ['-a', '-p', String(pid), '-d', '1,2', '-Fn'])
        .split('\n')
        .includes(`n${file}`),
    memoryMiB: (pid) => Number(run('ps', ['-o', 'rss=', '-p', String(pid)])) / 1024,
    nameOf: (pid) => basename(run('ps', ['-o', 'comm=', '-p', String(pid)]).trim()) || 'a process',
  };
}

/** Lines of `ps -o pid=,ppid=,pgid=,sess=,state=,time=,lstart=`. macOS prints a session as 0: the group stands for it. */
export function parsePs(text: string): readonly ProcessInfo[] {
  return text.split('\n').flatMap((line) => {
    const found = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\S+)\s+([\d:.-]+)\s+(\S.*?)\s*$/.exec(line);
    if (!found) return [];
    const [, pid, parent, group, session, state = '', time = '', startTime = ''] = found;
    return {
      pid: Number(pid),
      startTime,
      parent: Number(parent),
      group: Number(group),
      session: Number(session) || Number(group),
      zombie: state.startsWith('Z'),
      cpuSeconds: secondsOf(time),
    };
  });
}

/** `[[days-]hours:]minutes:seconds[.hundredths]` */
function secondsOf(time: string): number {
  const [days, rest] = time.includes('-') ? [Number(time.split('-')[0]), time.split('-')[1] ?? ''] : [0, time];
  return rest.split(':').reduce((sum, part) => sum * 60 + Number(part), 0) + days * 86_400;
}

function run(command: string, args: readonly string[]): string {
  try {
    return execFileSync(command, args, {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return '';
  }
}
