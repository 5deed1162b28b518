/** Every process that each task of a home has had: the agent writes each start down, and this looks many times a second. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestHome } from './cli.ts';

const lookMs = 25;

export interface Starts {
  /** How many different processes were seen, by task; ends the looking. */
  end(): Readonly<Record<string, number>>;
}

export function countStarts(home: TestHome): Starts {
  const seen = new Map<string, Set<string>>();
  const timer = setInterval(() => look(join(home.path, 'tasks'), seen), lookMs);
  return {
    end() {
      clearInterval(timer);
      look(join(home.path, 'tasks'), seen);
      return Object.fromEntries([...seen].sort().map(([task, processes]) => [task, processes.size]));
    },
  };
}

function look(tasks: string, seen: Map<string, Set<string>>): void {
  if (!existsSync(tasks)) return;
  for (const task of readdirSync(tasks)) {
    const run = runOf(join(tasks, task, 'run.json'));
    if (run?.process) seen.set(task, (seen.get(task) ?? new Set()).add(`${run.process.pid} ${run.process.startTime}`));
  }
}

/** Undefined: it is not there, or being written. */
function runOf(
  file: string,
): { readonly process: { readonly pid: number; readonly startTime: string } | null } | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
