/** What every cluster driver must do with real processes: one suite, run for each. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { ClusterDriver, TaskStatus } from '../../../platform/cluster/driver.ts';
import { ownerOfPort } from '../../../platform/cluster/process/ports.ts';
import { address, port, programs, taskSpec } from './tasks.ts';
import { isThere, until } from './until.ts';

export interface ClusterHarness {
  readonly driver: ClusterDriver;
  /** Ends, without warning, whatever supervises the tasks. */
  killSupervisor(): Promise<void>;
  startSupervisor(): Promise<void>;
  /** Everything away. */
  end(): Promise<void>;
}

jest.setTimeout(120_000);

export function clusterSuite(name: string, firstPort: number, make: () => Promise<ClusterHarness>): void {
  describe(`cluster driver ${name}`, () => {
    let harness: ClusterHarness;
    const cluster = {
      get driver() {
        return harness.driver;
      },
      get harness() {
        return harness;
      },
      firstPort,
    };
    beforeAll(async () => {
      harness = await make();
    });
    afterAll(() => harness.end());
    describe('launch', () => launching(cluster));
    describe('supervision', () => supervision(cluster));
    describe('ports', () => ports(cluster));
    describe('logs', () => logs(cluster));
    describe('the whole cluster', () => wholeCluster(cluster));
    describe('removal', () => removal(cluster));
    describe('death of the supervisor', () => supervisorDeath(cluster));
  });
}

interface ClusterUnderTest {
  readonly driver: ClusterDriver;
  readonly harness: ClusterHarness;
  readonly firstPort: number;
}

const statusOf = async (driver: ClusterDriver, id: string) => (await driver.status(id)) as TaskStatus;
const data = (driver: ClusterDriver, id: string, file: string) => join(driver.paths(id).dataDir, file);
const readWhenThere = (file: string) =>
  until(file, () => existsSync(file) && readFileSync(file, 'utf8').length > 0 && readFileSync(file, 'utf8'));

function launching(cluster: ClusterUnderTest): void {
  it('makes the task run, once, however often the same spec is launched', async () => {
    const { driver } = cluster;
    const spec = taskSpec('once', programs.idle);
    const first = await driver.launch(spec);
    expect(first).toMatchObject({ id: 'once', phase: 'running', desired: 'running', restarts: 0, reason: 'runs' });
    const again = await Promise.all([driver.launch(spec), driver.launch({ ...spec })]);
    expect(again.map((each) => each.pid)).toEqual([first.pid, first.pid]);
    await driver.remove('once', { data: true });
  });

  it('replaces the task when its spec changes, with its files, and keeps its data', async () => {
    const { driver } = cluster;
    const file = { path: 'conf/old.conf', content: 'old' };
    const before = await driver.launch(taskSpec('changing', programs.idle, { files: [file] }));
    writeFileSync(data(driver, 'changing', 'rows'), 'kept');
    const after = await driver.launch(
      taskSpec('changing', programs.idle, { files: [{ path: 'conf/new.conf', content: 'new' }] }),
    );
    expect(after.pid).not.toBe(before.pid);
    expect(after.specHash).not.toBe(before.specHash);
    expect(isThere(before.pid!)).toBe(false);
    expect(readdirSync(join(driver.paths('changing').taskDir, 'conf'))).toEqual(['new.conf']);
    expect(readFileSync(data(driver, 'changing', 'rows'), 'utf8')).toBe('kept');
    await driver.remove('changing', { data: true });
  });

  it('fills in the paths, writes files for their owner only, and gives a minimal environment', async () => {
    const { driver } = cluster;
    const show =
      'console.log(JSON.stringify({ env: process.env, args: process.argv.slice(1) })); setInterval(() => {}, 1000)';
    const env = { WHERE: '{taskDir}|{logDir}', NODE_ENV: 'test' };
    const files = [{ path: 'a/secret.conf', content: 'dir={dataDir} other={unknown}' }];
    await driver.launch(taskSpec('filled', show, { env, files }));
    const { taskDir, dataDir, logFile } = driver.paths('filled');
    const seen = JSON.parse(await until('its output', async () => (await driver.tail('filled', 1)) || undefined));
    expect(seen.args).toEqual([dataDir]);
    expect(seen.env.WHERE).toBe(`${taskDir}|${join(logFile, '..')}`);
    expect(Object.keys(seen.env).sort()).toEqual(['HOME', 'LANG', 'MILLRACE_TASK', 'NODE_ENV', 'PATH', 'TZ', 'WHERE']);
    const file = join(taskDir, 'a/secret.conf');
    expect(readFileSync(file, 'utf8')).toBe(`dir=${dataDir} other={unknown}`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await driver.remove('filled', { data: true });
  });

  it('empties the data directory of a task that keeps none', async () => {
    const { driver } = cluster;
    await driver.launch(taskSpec('scratch', programs.idle, { keepsData: false }));
    writeFileSync(data(driver, 'scratch', 'rows'), 'gone');
    await driver.stop('scratch');
    await driver.resume('scratch');
    expect(readdirSync(driver.paths('scratch').dataDir)).toEqual([]);
    await driver.remove('scratch', { data: false });
    expect(existsSync(driver.paths('scratch').dataDir)).toBe(false);
  });

  it('refuses ids and files that lead out of the task directory', async () => {
    const { driver } = cluster;
    await expect(driver.launch(taskSpec('../out', programs.idle))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    const files = [{ path: '../../out', content: '' }];
    await expect(driver.launch(taskSpec('out', programs.idle, { files }))).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    expect(await driver.list()).toEqual([]);
  });
}

function supervision(cluster: ClusterUnderTest): void {
  it('starts a task again when it ends, later each time, and says why', async () => {
    const { driver } = cluster;
    await driver.launch(taskSpec('crashing', programs.endsWith(3)));
    const status = await until('a second restart', async () => {
      const now = await statusOf(driver, 'crashing');
      return now.restarts >= 2 && now.phase === 'backoff' ? now : undefined;
    });
    expect(status.lastExit).toMatchObject({ code: 3, signal: null });
    expect(status.reason).toMatch(/^ended with code 3, [23] restarts, next in \d+ s$/);
    expect(status.nextStartAt).not.toBeNull();
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
    const { driver } = cluster;
    const { pid } = await driver.launch(taskSpec('family', programs.family));
    const family = (await readWhenThere(data(driver, 'family', 'family'))).split(' ').map(Number);
    expect(family.every(isThere)).toBe(true);
    await driver.stop('family');
    expect([pid!, ...family].filter(isThere)).toEqual([]);
    expect(await driver.stop('family')).toMatchObject({ phase: 'stopped', pid: null });
    expect(await driver.resume('family')).toMatchObject({ phase: 'running', restarts: 0 });
    await driver.remove('family', { data: true });
  });

  it('ends what a killed leader left behind before it starts the task again', async () => {
    const { driver } = cluster;
    const before = await driver.launch(taskSpec('orphans', programs.family));
    const family = (await readWhenThere(data(driver, 'orphans', 'family'))).split(' ').map(Number);
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
    await driver.launch(taskSpec('measured', programs.idle));
    const { usage } = await until('a Node process in memory', async () => {
      const now = await statusOf(driver, 'measured');
      return now.usage && now.usage.memoryMiB > 20 ? now : undefined;
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

function ports(cluster: ClusterUnderTest): void {
  it('names the owner of a taken port before anything is stopped or started', async () => {
    const { driver, firstPort } = cluster;
    const server = createServer().listen(firstPort, address);
    await until('the listener', () => server.listening);
    const before = await driver.launch(taskSpec('portless', programs.idle));
    const launch = driver.launch(taskSpec('portless', programs.idle, { ports: [port(firstPort)] }));
    const owner = expect.stringContaining(`(pid ${process.pid})`);
    await expect(launch).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      details: { port: firstPort, task: 'portless', owner },
    });
    expect((await statusOf(driver, 'portless')).pid).toBe(before.pid);
    await expect(
      driver.launch(taskSpec('newcomer', programs.idle, { ports: [port(firstPort)] })),
    ).rejects.toMatchObject({ code: 'PORT_TAKEN' });
    expect(await driver.status('newcomer')).toBeUndefined();
    expect((await driver.takenPorts(address)).get(firstPort)).toContain(`(pid ${process.pid})`);
    await new Promise((resolve) => server.close(resolve));
    expect((await driver.takenPorts(address)).has(firstPort)).toBe(false);
    await driver.remove('portless', { data: true });
  });

  it('keeps the port of a known task for it, and lets the task itself have it again', async () => {
    const { driver, firstPort } = cluster;
    const spec = taskSpec('listener', programs.listens(firstPort), { ports: [port(firstPort)] });
    await driver.launch(spec);
    await until('the listener', () => ownerOfPort(address, firstPort));
    const launch = driver.launch(taskSpec('rival', programs.idle, { ports: [port(firstPort)] }));
    await expect(launch).rejects.toMatchObject({ details: { owner: 'task listener' } });
    const changed = await driver.launch({ ...spec, env: { ROUND: '2' } });
    expect(changed.phase).toBe('running');
    await driver.stop('listener');
    expect((await driver.takenPorts(address)).get(firstPort)).toBe('task listener');
    await driver.remove('listener', { data: true });
    expect((await driver.takenPorts(address)).has(firstPort)).toBe(false);
  });

  it('lets instances of a service share a port', async () => {
    const { driver, firstPort } = cluster;
    if (!(await driver.capabilities()).sharedPorts) return;
    for (const id of ['api.0', 'api.1']) {
      await driver.launch(taskSpec(id, programs.listens(firstPort + 1, true), { ports: [port(firstPort + 1, true)] }));
      await until('its listener', async () => (await driver.tail(id, 1)) === 'listens');
    }
    const launch = driver.launch(taskSpec('loner', programs.idle, { ports: [port(firstPort + 1)] }));
    await expect(launch).rejects.toMatchObject({ code: 'PORT_TAKEN' });
    for (const id of ['api.0', 'api.1']) await driver.remove(id, { data: true });
  });
}

function logs(cluster: ClusterUnderTest): void {
  it('keeps what a task says, through rotations, and reads it back across them', async () => {
    const { driver } = cluster;
    const line = 'x'.repeat(1000);
    const program = `let n = 0; const more = () => { if (n < 18000) { let s = ""; for (let i = 0; i < 500; i++) s += n++ + " ${line}\\n"; process.stdout.write(s, more); } }; more(); setInterval(() => {}, 1000)`;
    await driver.launch(taskSpec('talkative', program));
    const { logFile } = driver.paths('talkative');
    await until('a rotation', () => existsSync(`${logFile}.1`) && statSync(logFile).size < 2 ** 20);
    expect(statSync(`${logFile}.1`).mode & 0o777).toBe(0o600);
    const numbers = (await driver.tail('talkative', 1500)).split('\n').map((text) => Number.parseInt(text, 10));
    expect(numbers).toEqual(Array.from({ length: 1500 }, (_, index) => 16_500 + index));
    await driver.remove('talkative', { data: true });
  });
}

function wholeCluster(cluster: ClusterUnderTest): void {
  it('stops in reverse order of tiers and starts the same ones again, lowest tier first', async () => {
    const { driver } = cluster;
    const tiers = [2, 0, 1];
    for (const tier of tiers)
      await driver.launch(
        taskSpec(`tier.${tier}`, programs.notesEnd, { tier, ports: [port(cluster.firstPort + 10 + tier)] }),
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

function removal(cluster: ClusterUnderTest): void {
  it('leaves nothing of a task, and says what is gone', async () => {
    const { driver, firstPort } = cluster;
    const spec = taskSpec('leaving', programs.listens(firstPort), { ports: [port(firstPort)] });
    const { pid } = await driver.launch(spec);
    await until('the listener', () => ownerOfPort(address, firstPort));
    const { taskDir, dataDir } = driver.paths('leaving');
    const ledger = await driver.remove('leaving', { data: true });
    const owner = 'pipeline tiny';
    expect(ledger).toEqual([
      { kind: 'process', name: `node (pid ${pid})`, owner },
      { kind: 'port', name: `${address}:${firstPort}`, owner },
      { kind: 'directory', name: join(taskDir, '..'), owner },
      { kind: 'directory', name: dataDir, owner },
    ]);
    expect(isThere(pid!)).toBe(false);
    expect(ownerOfPort(address, firstPort)).toBeUndefined();
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

function supervisorDeath(cluster: ClusterUnderTest): void {
  it('leaves tasks running, and the next supervisor adopts them', async () => {
    const { driver, harness } = cluster;
    const before = await driver.launch(taskSpec('adopted', programs.talks));
    await until('its output', async () => (await driver.tail('adopted', 1)) === `pid ${before.pid}`);
    await harness.killSupervisor();
    await expect(driver.status('adopted')).rejects.toMatchObject({ code: 'AGENT_UNREACHABLE' });
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
    await until('its output', async () => (await driver.tail('lost', 1)) === `pid ${before.pid}`);
    await harness.killSupervisor();
    process.kill(before.pid!, 'SIGKILL');
    await harness.startSupervisor();
    const after = await until('its start', async () => {
      const now = await statusOf(driver, 'lost');
      return now.phase === 'running' ? now : undefined;
    });
    expect(after.restarts).toBe(1);
    await until('its output', async () => (await driver.tail('lost', 1)) === `pid ${after.pid}`);
    expect((await driver.tail('lost', 10)).split('\n')).toEqual([`pid ${before.pid}`, `pid ${after.pid}`]);
    expect(await driver.status('off')).toMatchObject({ phase: 'stopped', desired: 'stopped' });
    for (const id of ['lost', 'off']) await driver.remove(id, { data: true });
  });

  it('stops an adopted task with all its processes', async () => {
    const { driver, harness } = cluster;
    const { pid } = await driver.launch(taskSpec('adopted-family', programs.family));
    const family = (await readWhenThere(data(driver, 'adopted-family', 'family'))).split(' ').map(Number);
    await harness.killSupervisor();
    await harness.startSupervisor();
    const ledger = await driver.remove('adopted-family', { data: true });
    expect(ledger.filter((entry) => entry.kind === 'process')).toHaveLength(3);
    expect([pid!, ...family].filter(isThere)).toEqual([]);
  });
}
