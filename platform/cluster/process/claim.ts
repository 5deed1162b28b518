/**
 * A lock between processes that no kill -9 leaves locked. Each contender puts down a file that bears its process id and
 * start time, then looks around: alone among the living, it holds the claim; otherwise it takes its file back and tries
 * again. Files of the dead are removed by whoever sees them; they are nobody else's, so that there is nothing to race for.
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identityOf, isAlive, type ProcessIdentity, processTable } from './process-table.ts';

const table = processTable();
let claims = 0;

export interface Claim {
  release(): void;
}

/** Undefined: a living process other than `self` holds, or is about to take, the claim `name` in `directory`. */
export function tryClaim(directory: string, name: string): Claim | undefined {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (claimHolders(directory, name).length > 0) return undefined;
  const self = identityOf(table, process.pid);
  if (!self) throw new Error('this process is not in the process table');
  claims += 1;
  const mine = `${prefixOf(name)}${self.pid}.${encodeURIComponent(self.startTime)}.${claims}`;
  writeFileSync(join(directory, mine), '', { mode: 0o600 });
  const release = () => rmSync(join(directory, mine), { force: true });
  if (filesOf(directory, name).some((file) => file !== mine && isHeld(file, name))) {
    release();
    return undefined;
  }
  return { release };
}

/** Waits for the claim, up to `timeoutMs`; undefined: it is still held by another. */
export async function waitForClaim(directory: string, name: string, timeoutMs: number): Promise<Claim | undefined> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const claim = tryClaim(directory, name);
    if (claim !== undefined || Date.now() > end) return claim;
    await sleep(10 + Math.random() * 40);
  }
}

/** Living processes that hold or contend for the claim. Removes what the dead have left. */
export function claimHolders(directory: string, name: string): readonly ProcessIdentity[] {
  return filesOf(directory, name).flatMap((file) => {
    if (isHeld(file, name)) return ownerOf(file, name);
    rmSync(join(directory, file), { force: true });
    return [];
  });
}

function filesOf(directory: string, name: string): readonly string[] {
  return readdirSync(directory).filter((file) => file.startsWith(prefixOf(name)));
}

/** A name that nothing else in the directory begins with: files of the dead are deleted by it. */
function prefixOf(name: string): string {
  return `claim-${name}.`;
}

function isHeld(file: string, name: string): boolean {
  return isAlive(table, ownerOf(file, name));
}

function ownerOf(file: string, name: string): ProcessIdentity {
  const [pid = '', startTime = ''] = file.slice(prefixOf(name).length).split('.');
  return { pid: Number(pid), startTime: decodeURIComponent(startTime) };
}
