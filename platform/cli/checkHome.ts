/** Whether the home can be used at all, looked at before a command does anything in it. */
import { accessSync, constants, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { fail } from '../errors.ts';
import { homeOf } from '../home.ts';

/** What a command does with the home; the others read it. */
const uses: Readonly<Record<string, 'nothing' | 'write'>> = {
  fetch: 'nothing',
  doctor: 'nothing',
  catalog: 'nothing',
  version: 'nothing',
  plan: 'write',
  deploy: 'write',
  up: 'write',
  destroy: 'write',
  verify: 'write',
  console: 'write',
  receive: 'write',
};

/** `plan` writes nothing, but what it shows must be possible. Throws HOME_UNUSABLE. */
export function checkHomeFor(command: string, env: NodeJS.ProcessEnv): void {
  const use = uses[command] ?? 'read';
  if (use === 'nothing') return;
  const { root } = homeOf(env);
  const reason = use === 'read' ? unreadable(root) : unwritable(root);
  if (reason !== undefined) fail('HOME_UNUSABLE', { home: root, reason });
}

/** A home that is not there can be read: it is empty. */
function unreadable(root: string): string | undefined {
  return problemOf(root, constants.R_OK | constants.X_OK, 'read');
}

function unwritable(root: string): string | undefined {
  let at = root;
  for (; isAbsent(at); at = dirname(at));
  const problem = problemOf(at, constants.R_OK | constants.W_OK | constants.X_OK, 'written to');
  if (problem !== undefined) return problem;
  // As /proc and /sys are: root may write to them by their mode, and yet nothing can be made there.
  return statfsSync(at).blocks === 0 ? `${at} is on a file system that takes no files` : undefined;
}

function problemOf(path: string, mode: number, verb: string): string | undefined {
  try {
    if (!statSync(path).isDirectory()) return `${path} is not a directory`;
    accessSync(path, mode);
    return undefined;
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    if (code === 'ENOTDIR') return `${path} lies in something that is not a directory`;
    if (code === 'EROFS') return `${path} is on a file system that is read-only`;
    return code === 'EACCES' ? `${path} can not be ${verb} by this user` : message;
  }
}

function isAbsent(path: string): boolean {
  try {
    statSync(path);
    return false;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'ENOENT';
  }
}
