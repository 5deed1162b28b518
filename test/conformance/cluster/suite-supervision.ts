/** How a task is watched, restarted and ended. Part of suite.ts. */
import { expect, it } from '@jest/globals';
import { programs, taskSpec } from './tasks.ts';
import { type ClusterUnderTest, data, readWhenThere, statusOf } from './under-test.ts';
import { isThere, until } from './until.ts';

export function supervision(cluster: ClusterUnderTest): void {
  it('starts a task again when it ends, later each time, and says why', async () => {
    const { driver } = cluster;
    await driver.launch(taskSpec('crashing', programs.endsWith(3)));
    const status = await until('a second restart', async () => {
      const now = await statusOf(driver, 'crashing');
      return now.restarts >= 2 && now.phase === 'backoff' ? now : undefined;
    });
    expect(status.lastExit).toMatchObject({ code: 3, signal: null });
    expect(status.reason).toMatch(cluster.harness.backoffReason);
    expect(status.nextStartAt !== null).toBe(/next in/.test(status.reason));
    const stopped = await driver.stop('crashing');
    expect(stopped).toMatchObject({
      phase: 'stopped',
      desired: 'stopped',
      nextStartAt: null,
      reason: 'stopped on request',
    });
    await driver.remove('crashing', { data: true });
  });

  it('says why a task can not be started at all, and does not try again by itself', async () => {
    const { driver } = cluster;
    const status = await driver.launch(taskSpec('absent', '', { argv: ['/no/such/program'] }));
    expect(status).toMatchObject({ phase: 'failed', pid: null, restarts: 0 });
    expect(status.reason).toBe('can not be started: /no/such/program: there is no such file');
    await driver.remove('absent', { data: true });
  });

  it('ends every process of a task: children that ignore SIGTERM, and those that left its group', async () => {
    const { driver, harness } = cluster;
    await driver.launch(taskSpec('family', programs.family));
    await readWhenThere(data(driver, 'family', 'family'));
    const family = await harness.familyOf('family');
    expect(family.filter(isThere)).toHaveLength(3);
    await driver.stop('family');
    expect(family.filter(isThere)).toEqual([]);
    expect(await driver.stop('family')).toMatchObject({ phase: 'stopped', pid: null });
    expect(await driver.resume('family')).toMatchObject({ phase: 'running', restarts: 0 });
    await driver.remove('family', { data: true });
  });

  it('ends what a killed leader left behind before it starts the task again', async () => {
    const { driver, harness } = cluster;
    const before = await driver.launch(taskSpec('orphans', programs.family));
    await readWhenThere(data(driver, 'orphans', 'family'));
    const family = await harness.familyOf('orphans');
    process.kill(before.pid!, 'SIGKILL');
    const after = await until('a restart', async () => {
      const now = await statusOf(driver, 'orphans');
      return now.phase === 'running' && now.pid !== before.pid ? now : undefined;
    });
    expect(family.filter(isThere)).toEqual([]);
    expect(after).toMatchObject({ restarts: 1, lastExit: { code: null, signal: 'SIGKILL' } });
    expect(after.reason).toBe('runs; ended by SIGKILL before, 1 restart');
    await driver.remove('orphans', { data: true });
  });

  it('measures memory and CPU of the whole group', async () => {
    const { driver } = cluster;
    const limits = { cpus: 0.1, memoryMiB: 128 };
    await driver.launch(taskSpec('measured', programs.holds(40), { limits }));
    const { usage } = await until('a Node process in memory', async () => {
      const now = await statusOf(driver, 'measured');
      return now.usage && now.usage.memoryMiB > 40 ? now : undefined;
    });
    expect(usage!.cpuSeconds).toBeGreaterThanOrEqual(0);
    await driver.remove('measured', { data: true });
  });

  it('knows nothing of an unknown task', async () => {
    const { driver } = cluster;
    expect(await driver.status('nobody')).toBeUndefined();
    for (const verb of [driver.stop, driver.resume, (id: string) => driver.tail(id, 1)]) {
      await expect(verb('nobody')).rejects.toMatchObject({ code: 'UNKNOWN_TASK' });
    }
  });
}
