/** What launching a task means. Part of suite.ts. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { programs, taskSpec } from './tasks.ts';
import { type ClusterUnderTest, data } from './under-test.ts';
import { isThere, until } from './until.ts';

export function launching(cluster: ClusterUnderTest): void {
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
    const secret = 'MILLRACE_TEST_OF_THE_CALLER';
    process.env[secret] = 'must not reach a task';
    const show =
      'console.log(JSON.stringify({ env: process.env, args: process.argv.slice(1) })); setInterval(() => {}, 1000)';
    const env = { WHERE: '{taskDir}|{logDir}', NODE_ENV: 'test' };
    const files = [{ path: 'a/secret.conf', content: 'dir={dataDir} other={unknown}' }];
    await driver.launch(taskSpec('filled', show, { env, files }));
    delete process.env[secret];
    const { taskDir, dataDir, logDir } = driver.paths('filled');
    const seen = JSON.parse(await until('its output', async () => (await driver.tail('filled', 1)) || undefined));
    expect(seen.args).toEqual([dataDir]);
    expect(seen.env.WHERE).toBe(`${taskDir}|${logDir}`);
    // An engine adds HOSTNAME.
    const names = Object.keys(seen.env).filter((name) => name !== 'HOSTNAME');
    expect(names.sort()).toEqual(['HOME', 'LANG', 'MILLRACE_TASK', 'NODE_ENV', 'PATH', 'TZ', 'WHERE']);
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
