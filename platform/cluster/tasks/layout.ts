/** Where a task's things lie, and how references to them in its spec are filled in. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { isAbsolute, join, normalize, sep } from 'node:path';
import { fail } from '../../errors.ts';
import type { Home } from '../../home.ts';
import type { TaskSpec } from '../driver.ts';

export interface TaskPaths {
  readonly root: string;
  readonly taskFile: string;
  readonly runFile: string;
  /** `{taskDir}`: the spec's files. Made anew when a changed spec is launched. */
  readonly taskDir: string;
  /** `{dataDir}` */
  readonly dataDir: string;
  /** `{logDir}` */
  readonly logDir: string;
  readonly logFile: string;
}

/** Throws INVALID_ARGUMENT for an id that could lead out of the tasks directory. */
export function taskPaths(home: Home, id: string, tasksDir: string = home.tasksDir): TaskPaths {
  if (!/^[a-z0-9]([a-z0-9._-]{0,126}[a-z0-9])?$/.test(id) || id.includes('..')) {
    fail('INVALID_ARGUMENT', { reason: `"${id}" can not be the id of a task.`, command: 'deploy' });
  }
  const root = join(tasksDir, id);
  const logDir = join(root, 'log');
  return {
    root,
    taskFile: join(root, 'task.json'),
    runFile: join(root, 'run.json'),
    taskDir: join(root, 'files'),
    dataDir: join(home.dataDir, id),
    logDir,
    logFile: join(logDir, 'output.log'),
  };
}

/** Ids of the tasks that were launched and not removed, in alphabetical order. Needs no agent, changes nothing. */
export function launchedTasks(home: Home, tasksDir: string = home.tasksDir): readonly string[] {
  if (!existsSync(tasksDir)) return [];
  return readdirSync(tasksDir)
    .filter((name) => !name.startsWith('.'))
    .sort();
}

/** Absolute path of one of the spec's files. Throws INVALID_ARGUMENT when it would lie outside `taskDir`. */
export function taskFilePath(paths: TaskPaths, path: string): string {
  const clean = normalize(path);
  if (isAbsolute(clean) || clean === '.' || clean.split(sep).includes('..')) {
    fail('INVALID_ARGUMENT', {
      reason: `The file "${path}" would lie outside its task's directory.`,
      command: 'deploy',
    });
  }
  return join(paths.taskDir, clean);
}

/** Fills in `{taskDir}`, `{dataDir}` and `{logDir}`; every other brace stays as it is. */
export function fillPaths(text: string, paths: TaskPaths): string {
  return text.replace(/\{(taskDir|dataDir|logDir)\}/g, (_, name: 'taskDir' | 'dataDir' | 'logDir') => paths[name]);
}

/** Distinguishes homes in marks on processes: 16 hexadecimal digits of the real path's hash. */
export function homeHash(home: Home): string {
  return createHash('sha256').update(realpathSync(home.root)).digest('hex').slice(0, 16);
}

/** Value of `MILLRACE_TASK` in the environment of every process of the task. */
export function markOf(hash: string, id: string): string {
  return `${hash}/${id}`;
}

/** Equal hash, equal task: the whole spec with its file contents, whatever the order of its keys. */
export function specHash(spec: TaskSpec): string {
  return createHash('sha256').update(canonical(spec)).digest('hex').slice(0, 32);
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`;
}
