/** A task's directories: made, filled, emptied, removed. */
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TaskFile } from '../driver.ts';
import { fillPaths, type TaskPaths, taskFilePath } from './layout.ts';

const privateDirectory = { recursive: true, mode: 0o700 } as const;
const removing = '.removing-';

/** Puts the spec's files in place of whatever was in `{taskDir}`, their references filled in. */
export function writeTaskFiles(paths: TaskPaths, files: readonly TaskFile[]): void {
  rmSync(paths.taskDir, { recursive: true, force: true });
  for (const directory of [paths.taskDir, paths.dataDir, paths.logDir]) mkdirSync(directory, privateDirectory);
  for (const { path, content, mode = 0o600 } of files) {
    const file = taskFilePath(paths, path);
    mkdirSync(dirname(file), privateDirectory);
    writeFileSync(file, fillPaths(content, paths), { mode });
    chmodSync(file, mode);
  }
}

/** Makes the directories that a start needs; empties the data directory of a task that keeps none. */
export function prepareDirectories(paths: TaskPaths, keepsData: boolean): void {
  if (!keepsData) rmSync(paths.dataDir, { recursive: true, force: true });
  for (const directory of [paths.taskDir, paths.dataDir, paths.logDir]) mkdirSync(directory, privateDirectory);
}

/** Forgets a task in one step (a rename), then removes what it left. */
export function removeTaskRoot(paths: TaskPaths): void {
  const aside = join(
    dirname(paths.root),
    `${removing}${process.pid}-${Date.now()}-${Math.random().toString(36).slice(2, 8)}`,
  );
  renameSync(paths.root, aside);
  rmSync(aside, { recursive: true, force: true });
}

/** False: it was not there. */
export function removeDirectory(directory: string): boolean {
  const there = existsSync(directory);
  rmSync(directory, { recursive: true, force: true });
  return there;
}

/** Ids with a directory; removes what an interrupted removal left. */
export function taskIdsOnDisk(tasksDir: string): readonly string[] {
  mkdirSync(tasksDir, privateDirectory);
  const names = readdirSync(tasksDir);
  for (const name of names.filter((each) => each.startsWith(removing))) {
    rmSync(join(tasksDir, name), { recursive: true, force: true });
  }
  return names.filter((name) => !name.startsWith('.'));
}
