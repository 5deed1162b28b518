import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ensureAgent } from '../../../platform/cluster/process/ensure-agent.ts';
import { taskPaths } from '../../../platform/cluster/tasks/layout.ts';
import { killAgent, type ProcessHarness, processHarness } from './harness.ts';
import { programs, taskSpec } from './tasks.ts';
import { isThere, until } from './until.ts';

jest.setTimeout(120_000);
const fixtures = fileURLToPath(new URL('../../fixtures/cluster/', import.meta.url));
const fixture = (name: string) => readFileSync(join(fixtures, name), 'utf8');

let harness: ProcessHarness;
beforeEach(async () => {
  harness = await processHarness();
});
afterEach(() => harness.end());

describe('state on disk', () => {
  it('that is corrupt or foreign is refused by name, left as it is, and touches no other task', async () => {
    const { home, driver } = harness;
    const faults = [
      ['cut', 'task.json', fixture('task-cut-short.json'), 'CORRUPT_STATE'],
      ['formless', 'task.json', fixture('task-without-format.json'), 'CORRUPT_STATE'],
      ['partial', 'task.json', fixture('task-without-argv.json'), 'CORRUPT_STATE'],
      ['foreign', 'task.json', fixture('task-of-format-2.json'), 'FOREIGN_STATE'],
      ['run', 'run.json', '', 'CORRUPT_STATE'],
    ] as const;
    const good = await driver.launch(taskSpec('good', programs.idle));
    const pids = new Map<string, number>();
    for (const [id] of faults) pids.set(id, (await driver.launch(taskSpec(id, programs.idle))).pid!);
    await killAgent(home);
    for (const [id, file, text] of faults) writeFileSync(join(taskPaths(home, id).root, file), text);
    await ensureAgent(home);
    expect((await driver.list()).map((each) => each.id)).toEqual(['good']);
    expect(await driver.status('good')).toMatchObject({ pid: good.pid, phase: 'running' });
    expect((await driver.refused()).map((each) => each.id).sort()).toEqual(faults.map(([id]) => id).sort());
    for (const [id, file, text, code] of faults) {
      const path = join(taskPaths(home, id).root, file);
      const verbs = [
        () => driver.status(id),
        () => driver.stop(id),
        () => driver.launch(taskSpec(id, programs.idle)),
        () => driver.remove(id, { data: true }),
      ];
      for (const verb of verbs) {
        await expect(verb()).rejects.toMatchObject({ code, details: { file: path } });
      }
      expect(readFileSync(path, 'utf8')).toBe(text);
      expect(isThere(pids.get(id)!)).toBe(true);
    }
    // The remedy that the error names: move it away. What the task had started is found by its mark.
    for (const [id, file] of faults) {
      const path = join(taskPaths(home, id).root, file);
      renameSync(path, `${path}.broken`);
      await driver.remove(id, { data: true });
      expect(isThere(pids.get(id)!)).toBe(false);
    }
    expect(await driver.refused()).toEqual([]);
  });

  it("holds no content of a file, and is its owner's alone", async () => {
    const { home, driver } = harness;
    const files = [{ path: 'conf/server.conf', content: 'password=hunter2' }];
    await driver.launch(taskSpec('secretive', programs.idle, { files }));
    const { taskFile, runFile } = taskPaths(home, 'secretive');
    for (const file of [taskFile, runFile, join(home.agentDir, 'agent.log')]) {
      expect(readFileSync(file, 'utf8')).not.toContain('hunter2');
      expect(statSync(file).mode & 0o777).toBe(0o600);
    }
  });

  it('that can not be written does not end supervision', async () => {
    const { home, driver } = harness;
    const before = await driver.launch(taskSpec('unwritable', programs.idle));
    const { runFile } = taskPaths(home, 'unwritable');
    rmSync(runFile);
    mkdirSync(join(runFile, 'in-the-way'), { recursive: true });
    process.kill(before.pid!, 'SIGKILL');
    await until('a restart', async () => {
      const now = await driver.status('unwritable');
      return now?.phase === 'running' && now.pid !== before.pid;
    });
    expect(readFileSync(join(home.agentDir, 'agent.log'), 'utf8')).toContain(
      `The state file ${runFile} can not be written`,
    );
    rmSync(runFile, { recursive: true });
  });

  it('of a launch that was cut short is not started from half of its files', async () => {
    const { home, driver } = harness;
    const spec = taskSpec('half', programs.idle);
    const before = await driver.launch(spec);
    await killAgent(home);
    process.kill(before.pid!, 'SIGKILL');
    const { taskFile } = taskPaths(home, 'half');
    writeFileSync(taskFile, JSON.stringify({ ...JSON.parse(readFileSync(taskFile, 'utf8')), complete: false }));
    await ensureAgent(home);
    expect(await driver.status('half')).toMatchObject({
      phase: 'stopped',
      reason: 'its launch was cut short: launch it again',
    });
    expect(await driver.launch(spec)).toMatchObject({ phase: 'running' });
  });
});
