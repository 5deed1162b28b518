/** Kills tasks of a running pipeline as a crash would, and waits until all is as it was before. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Status } from '../../platform/cli/commands/status.ts';
import { remainsOf } from '../../platform/cluster/process/remains.ts';
import { homeAt } from '../../platform/home.ts';
import type { TestHome } from './cli.ts';

/** Process ids by task. */
export type Pids = Readonly<Record<string, number>>;

export async function pidsOf(home: TestHome, tasks: readonly string[]): Promise<Pids> {
  const { tasks: all } = await home.json<Status>('status');
  return Object.fromEntries(
    tasks.map((id) => {
      const pid = all.find((task) => task.id === id)?.pid;
      if (pid === null || pid === undefined) throw new Error(`${id} does not run`);
      return [id, pid];
    }),
  );
}

export function kill9(pids: Pids): void {
  for (const pid of Object.values(pids)) process.kill(pid, 'SIGKILL');
}

/** Until other processes run in their place, and every pipeline and framework is as if nothing had been. */
export async function untilBack(home: TestHome, killed: Pids): Promise<void> {
  for (;;) {
    const { tasks, pipelines, frameworks } = await home.json<Status>('status');
    const now = new Map(tasks.map(({ id, pid, phase }) => [id, phase === 'running' ? pid : null]));
    const isBack = Object.entries(killed).every(([id, pid]) => (now.get(id) ?? pid) !== pid);
    const flows = pipelines.every(({ state, waitsFor }) => state === 'flowing' && waitsFor.length === 0);
    const serves = frameworks.every(({ state, waitsFor }) => state === 'running' && waitsFor.length === 0);
    if (isBack && flows && serves) return;
    await sleep(200);
  }
}

/** Returns when the agent is gone; its tasks run on. */
export async function killAgent(home: TestHome): Promise<void> {
  const { pid } = JSON.parse(readFileSync(join(home.path, 'agent', 'agent.json'), 'utf8'));
  process.kill(pid, 'SIGKILL');
  while (remainsOf(homeAt(home.path)).some(({ name }) => name === `agent (pid ${pid})`)) await sleep(20);
}

/** All tasks' processes, whatever they are. */
export async function allPids(home: TestHome): Promise<Readonly<Record<string, number | null>>> {
  const { tasks } = await home.json<Status>('status');
  return Object.fromEntries(tasks.map(({ id, pid }) => [id, pid]));
}
