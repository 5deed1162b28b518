/** The platform worker, then Temporal, are killed in the middle of a deploy: it ends well, and nothing is done twice. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from '@jest/globals';
import type { TaskStatus } from '../../platform/cluster/driver.ts';
import type { DeployResult } from '../../platform/model/operations.ts';
import { createTestHome } from './cli.ts';

const minutes = 60_000;
const home = createTestHome(16_800);

interface Status {
  readonly tasks: readonly TaskStatus[];
}

afterAll(async () => {
  await home.purge();
}, 2 * minutes);

/** Waits until the task runs, then kills its process as a crash would. */
async function killOnceRunning(id: string): Promise<void> {
  for (;;) {
    const { tasks } = await home.json<Status>('status');
    const pid = tasks.find((task) => task.id === id && task.phase === 'running')?.pid;
    if (pid) return void process.kill(pid, 'SIGKILL');
    await sleep(200);
  }
}

async function untilThere(id: string): Promise<void> {
  while (!(await home.json<Status>('status')).tasks.some((task) => task.id === id)) await sleep(200);
}

test(
  'a deploy survives kill -9 of the worker and of Temporal',
  async () => {
    const deploying = home.json<DeployResult>('deploy', 'flight-delays', '--yes');
    const settled = deploying.catch(() => undefined);
    await untilThere('kafka.broker.0');
    await killOnceRunning('millrace.worker.0');
    await home.json('up');
    await sleep(3000);
    await killOnceRunning('millrace.temporal.0');
    await home.json('up');
    await settled;
    expect(await deploying).toMatchObject({ state: 'flowing', revision: 1 });
    const { tasks } = await home.json<Status>('status');
    const ids = tasks.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const servers = tasks.filter(({ owner }) => owner.kind === 'framework');
    expect(servers.map(({ restarts }) => restarts)).toEqual(servers.map(() => 0));
  },
  8 * minutes,
);
