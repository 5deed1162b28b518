/** The whole cluster stopped and started; removal; death of the supervisor. Part of suite.ts. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { port, programs, taskSpec } from './tasks.ts';
import { answers, type ClusterUnderTest, data, readWhenThere, statusOf } from './under-test.ts';
import { isThere, until } from './until.ts';

export function wholeCluster(cluster: ClusterUnderTest): void {
  it('stops in reverse order of tiers and starts the same ones again, lowest tier first', async () => {
    const { driver } = cluster;
    const tiers = [2, 0, 1];
    for (const tier of tiers)
      await driver.launch(
        taskSpec(`tier.${tier}`, programs.notesEnd, {
          tier,
          ports: [port(cluster.address, cluster.firstPort + 10 + tier)],
        }),
      );
    await driver.launch(taskSpec('tier.off', programs.idle));
    await driver.stop('tier.off');
    const times = async (file: string) => {
      const read = tiers.map(
        async (tier) => [tier, BigInt(await readWhenThere(data(driver, `tier.${tier}`, file)))] as const,
      );
      return (await Promise.all(read)).sort(([, a], [, b]) => (a < b ? -1 : 1)).map(([tier]) => tier);
    };
    await times('started');
    const ledger = await driver.stopAll();
    expect(await times('ended')).toEqual([2, 1, 0]);
    expect(ledger.filter((entry) => entry.kind === 'port').map((entry) => entry.name)).toHaveLength(3);
    const stopped = await driver.list();
    expect(stopped.map((each) => each.phase)).toEqual(['stopped', 'stopped', 'stopped', 'stopped']);
    expect(stopped.map((each) => each.desired)).toEqual(['running', 'running', 'running', 'stopped']);
    const started = await driver.startAll();
    expect(started.map((each) => each.phase)).toEqual(['running', 'running', 'running', 'stopped']);
    const startedAt = (tier: number) => Date.parse(started.find((each) => each.tier === tier)?.startedAt ?? '');
    expect(startedAt(0)).toBeLessThanOrEqual(startedAt(1));
    expect(startedAt(1)).toBeLessThanOrEqual(startedAt(2));
    expect(started.map((each) => each.restarts)).toEqual([0, 0, 0, 0]);
    for (const { id } of started) await driver.remove(id, { data: true });
  });
}

export function startedAgain(cluster: ClusterUnderTest): void {
  it('what runs is left as it is when it is started once more, by itself or with the cluster: data of this run, too', async () => {
    const { driver } = cluster;
    const before = await driver.launch(taskSpec('running', programs.idle, { keepsData: false }));
    const file = data(driver, 'running', 'cache');
    writeFileSync(file, 'of this run');
    for (const again of [() => driver.startAll(), () => driver.resume('running')]) {
      await again();
      expect(existsSync(file)).toBe(true);
      expect(await driver.status('running')).toMatchObject({
        pid: before.pid,
        startedAt: before.startedAt,
        restarts: 0,
      });
    }
    await driver.remove('running', { data: true });
  });
}

export function removal(cluster: ClusterUnderTest): void {
  it('leaves nothing of a task, and says what is gone', async () => {
    const { driver, harness, address, firstPort } = cluster;
    const ports = [port(address, firstPort)];
    const { pid } = await driver.launch(taskSpec('leaving', programs.listens(address, firstPort), { ports }));
    await until('the listener', () => answers(address, firstPort));
    const { taskDir, dataDir } = driver.paths('leaving');
    const ledger = await driver.remove('leaving', { data: true });
    const owner = 'pipeline tiny';
    expect(ledger).toEqual([
      ...harness.ended('leaving', pid!).map((entry) => ({ ...entry, owner })),
      { kind: 'port', name: `${address}:${firstPort}`, owner },
      { kind: 'directory', name: join(taskDir, '..'), owner },
      { kind: 'directory', name: dataDir, owner },
    ]);
    expect(isThere(pid!)).toBe(false);
    expect(await answers(address, firstPort)).toBe(false);
    expect([join(taskDir, '..'), dataDir].filter(existsSync)).toEqual([]);
    expect(await driver.status('leaving')).toBeUndefined();
    expect(await driver.remove('leaving', { data: true })).toEqual([]);
  });

  it('keeps data that it is not asked to remove, until it is', async () => {
    const { driver } = cluster;
    await driver.launch(taskSpec('keeper', programs.idle));
    const { dataDir } = driver.paths('keeper');
    writeFileSync(join(dataDir, 'rows'), '1');
    await driver.remove('keeper', { data: false });
    expect(existsSync(join(dataDir, 'rows'))).toBe(true);
    expect(await driver.remove('keeper', { data: true })).toEqual([
      { kind: 'directory', name: dataDir, owner: 'task keeper' },
    ]);
  });
}

export function supervisorDeath(cluster: ClusterUnderTest): void {
  it('leaves tasks running, and the next supervisor adopts them', async () => {
    const { driver, harness } = cluster;
    const before = await driver.launch(taskSpec('adopted', programs.talks));
    await until('its output', async () => (await driver.tail('adopted', 1)).startsWith('began '));
    await harness.killSupervisor();
    await expect(driver.status('adopted')).rejects.toMatchObject({ code: harness.supervisorGone });
    expect(isThere(before.pid!)).toBe(true);
    await harness.startSupervisor();
    expect(await driver.status('adopted')).toMatchObject({ phase: 'running', pid: before.pid, restarts: 0 });
    expect((await driver.launch(taskSpec('adopted', programs.talks))).pid).toBe(before.pid);
    process.kill(before.pid!, 'SIGKILL');
    const after = await until('a restart', async () => {
      const now = await statusOf(driver, 'adopted');
      return now.phase === 'running' && now.pid !== before.pid ? now : undefined;
    });
    expect(after.restarts).toBe(1);
    await driver.remove('adopted', { data: true });
  });

  it('starts a task that died meanwhile once, and leaves stopped ones stopped', async () => {
    const { driver, harness } = cluster;
    const before = await driver.launch(taskSpec('lost', programs.talks));
    await driver.launch(taskSpec('off', programs.idle));
    await driver.stop('off');
    const first = await until('its output', async () => (await driver.tail('lost', 1)) || undefined);
    await harness.killSupervisor();
    process.kill(before.pid!, 'SIGKILL');
    await harness.startSupervisor();
    const after = await until('its start', async () => {
      const now = await statusOf(driver, 'lost');
      return now.phase === 'running' ? now : undefined;
    });
    expect(after.restarts).toBe(1);
    const said = await until('its output', async () => {
      const lines = (await driver.tail('lost', 10)).split('\n');
      return lines.length > 1 ? lines : undefined;
    });
    expect(said).toEqual([first, expect.stringMatching(/^began /)]);
    expect(await driver.status('off')).toMatchObject({ phase: 'stopped', desired: 'stopped' });
    for (const id of ['lost', 'off']) await driver.remove(id, { data: true });
  });

  it('stops an adopted task with all its processes', async () => {
    const { driver, harness } = cluster;
    await driver.launch(taskSpec('adopted-family', programs.family));
    await readWhenThere(data(driver, 'adopted-family', 'family'));
    const family = await harness.familyOf('adopted-family');
    await harness.killSupervisor();
    await harness.startSupervisor();
    await driver.remove('adopted-family', { data: true });
    expect(family).toHaveLength(3);
    expect(family.filter(isThere)).toEqual([]);
  });
}
