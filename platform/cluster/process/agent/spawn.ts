/** Starts a task's process: a session of its own, output straight into the log, a minimal environment. */
import { spawn } from 'node:child_process';
import { accessSync, closeSync, constants, openSync, statSync } from 'node:fs';
import type { Home } from '../../../home.ts';
import { fillPaths, type TaskPaths } from '../../tasks/layout.ts';
import type { StoredSpec } from '../../tasks/records.ts';
import type { ProcessIdentity, ProcessTable } from '../process-table.ts';
import type { Limits } from './limits.ts';

export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

export interface Around {
  readonly home: Home;
  readonly table: ProcessTable;
  readonly limits: Limits;
}

/**
 * The process that was started. `onEnd` is called once, later, when it has ended. Throws an Error that says why it can't be
 * started at all.
 */
export async function spawnTask(
  around: Around,
  spec: StoredSpec,
  paths: TaskPaths,
  mark: string,
  onEnd: (exit: Exit) => void,
): Promise<ProcessIdentity> {
  const filled = spec.argv.map((argument) => fillPaths(argument, paths));
  checkProgram(filled[0] ?? '');
  const [program = '', ...args] = around.limits.wrap(spec, filled);
  const log = openSync(paths.logFile, 'a', 0o600);
  try {
    const child = spawn(program, args, {
      cwd: paths.dataDir,
      detached: true,
      stdio: ['ignore', log, log],
      env: taskEnvironment(spec, paths, mark),
    });
    const { pid } = child;
    if (pid === undefined) throw await new Promise<Error>((resolve) => child.once('error', resolve));
    // Read in the same turn: even a process that has ended already is there until this turn is over.
    const startTime = around.table.read(pid)?.startTime ?? 'unknown';
    child.once('exit', (code, signal) => onEnd({ code, signal }));
    child.unref();
    around.limits.started(pid, spec.tier);
    return { pid, startTime };
  } finally {
    closeSync(log);
  }
}

/** Whether the machine, not the program, refused the start: it may succeed later. */
export function isPassing(thrown: unknown): boolean {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  return ['EAGAIN', 'ENOMEM', 'EMFILE', 'ENFILE', 'ENOSPC', 'EDQUOT', 'EIO'].includes(code);
}

/** Said before the shell that sets limits could hide it. */
function checkProgram(program: string): void {
  if (!program.includes('/')) return;
  try {
    if (!statSync(program).isFile()) throw new Error('it is not a file');
    accessSync(program, constants.X_OK);
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code;
    const why =
      code === 'ENOENT' ? 'there is no such file' : code === 'EACCES' ? 'it is not executable' : String(thrown);
    throw new Error(`${program}: ${why}`);
  }
}

function taskEnvironment(spec: StoredSpec, paths: TaskPaths, mark: string): NodeJS.ProcessEnv {
  const { PATH, HOME } = process.env;
  const own = Object.entries(spec.env).map(([name, value]) => [name, fillPaths(value, paths)] as const);
  return { PATH, HOME, LANG: 'C.UTF-8', TZ: 'UTC', ...Object.fromEntries(own), MILLRACE_TASK: mark };
}
