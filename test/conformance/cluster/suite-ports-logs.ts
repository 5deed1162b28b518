/** Ports with their owners; logs through rotations. Part of suite.ts. */
import { existsSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { expect, it } from '@jest/globals';
import { port, programs, taskSpec } from './tasks.ts';
import { answers, type ClusterUnderTest, statusOf } from './under-test.ts';
import { until } from './until.ts';

export function ports(cluster: ClusterUnderTest): void {
  it('names the owner of a taken port before anything is stopped or started', async () => {
    const { driver, address, firstPort, harness } = cluster;
    if (!harness.sharesItsAddress) return;
    const server = createServer().listen(firstPort, address);
    await until('the listener', () => server.listening);
    const before = await driver.launch(taskSpec('portless', programs.idle));
    const launch = driver.launch(taskSpec('portless', programs.idle, { ports: [port(address, firstPort)] }));
    const owner = expect.stringContaining(`(pid ${process.pid})`);
    await expect(launch).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      details: { port: firstPort, task: 'portless', owner },
    });
    expect((await statusOf(driver, 'portless')).pid).toBe(before.pid);
    await expect(
      driver.launch(taskSpec('newcomer', programs.idle, { ports: [port(address, firstPort)] })),
    ).rejects.toMatchObject({ code: 'PORT_TAKEN' });
    expect(await driver.status('newcomer')).toBeUndefined();
    expect((await driver.takenPorts(address)).get(firstPort)).toContain(`(pid ${process.pid})`);
    await new Promise((resolve) => server.close(resolve));
    expect((await driver.takenPorts(address)).has(firstPort)).toBe(false);
    await driver.remove('portless', { data: true });
  });

  it('keeps the port of a known task for it, and lets the task itself have it again', async () => {
    const { driver, address, firstPort } = cluster;
    const ports = [port(address, firstPort)];
    const spec = taskSpec('listener', programs.listens(address, firstPort), { ports });
    await driver.launch(spec);
    await until('the listener', () => answers(address, firstPort));
    const launch = driver.launch(taskSpec('rival', programs.idle, { ports: [port(address, firstPort)] }));
    await expect(launch).rejects.toMatchObject({ details: { owner: 'task listener' } });
    const changed = await driver.launch({ ...spec, env: { ROUND: '2' } });
    expect(changed.phase).toBe('running');
    await driver.stop('listener');
    expect((await driver.takenPorts(address)).get(firstPort)).toBe('task listener');
    await driver.remove('listener', { data: true });
    expect((await driver.takenPorts(address)).has(firstPort)).toBe(false);
  });

  it('lets instances of a service share a port', async () => {
    const { driver, address, firstPort } = cluster;
    if (!(await driver.capabilities()).sharedPorts) return;
    for (const id of ['api.0', 'api.1']) {
      await driver.launch(
        taskSpec(id, programs.listens(address, firstPort + 1, true), { ports: [port(address, firstPort + 1, true)] }),
      );
      await until('its listener', async () => (await driver.tail(id, 1)) === 'listens');
    }
    const launch = driver.launch(taskSpec('loner', programs.idle, { ports: [port(address, firstPort + 1)] }));
    await expect(launch).rejects.toMatchObject({ code: 'PORT_TAKEN' });
    for (const id of ['api.0', 'api.1']) await driver.remove(id, { data: true });
  });
}

export function logs(cluster: ClusterUnderTest): void {
  it('keeps what a task says, through rotations, and reads it back across them', async () => {
    const { driver, harness } = cluster;
    const line = 'x'.repeat(1000);
    const program = `let n = 0; const more = () => { if (n < 18000) { let s = ""; for (let i = 0; i < 500; i++) s += n++ + " ${line}\\n"; process.stdout.write(s, more); } }; more(); setInterval(() => {}, 1000)`;
    await driver.launch(taskSpec('talkative', program));
    const newest = async () => Number.parseInt(await driver.tail('talkative', 1), 10);
    await until('the last line', async () => (await newest()) === 17_999);
    const logFile = harness.logFile?.('talkative');
    if (logFile !== undefined) {
      await until('a rotation', () => existsSync(`${logFile}.1`) && statSync(logFile).size < 2 ** 20);
      expect(statSync(`${logFile}.1`).mode & 0o777).toBe(0o600);
    }
    const numbers = (await driver.tail('talkative', 1500)).split('\n').map((text) => Number.parseInt(text, 10));
    expect(numbers).toEqual(Array.from({ length: 1500 }, (_, index) => 16_500 + index));
    await driver.remove('talkative', { data: true });
  });

  it('gives what a task says from now on, and ends when it is asked to', async () => {
    const { driver } = cluster;
    const program = 'let n = 0; setInterval(() => console.log("line " + n++), 50)';
    await driver.launch(taskSpec('followed', program));
    await until('a first line', async () => (await driver.tail('followed', 1)) || undefined);
    const end = new AbortController();
    let text = '';
    for await (const part of driver.follow('followed', end.signal)) {
      text += part;
      if (text.split('\n').length > 5) end.abort();
    }
    const numbers = [...text.matchAll(/^line (\d+)$/gm)].map(([, number]) => Number(number));
    expect(numbers).toEqual(numbers.map((_, index) => numbers[0]! + index));
    expect(numbers.length).toBeGreaterThanOrEqual(5);
    await driver.remove('followed', { data: true });
    const unknown = driver.follow('followed', new AbortController().signal)[Symbol.asyncIterator]();
    await expect(unknown.next()).rejects.toMatchObject({ code: 'UNKNOWN_TASK' });
  });
}
