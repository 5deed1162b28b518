/** What is the process driver's alone: its agent, its state on disk. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { agentOf, ensureAgent, shutdownAgent } from '../../../platform/cluster/process/ensure-agent.ts';
import { taskPaths } from '../../../platform/cluster/tasks/layout.ts';
import { killAgent, type ProcessHarness, processHarness } from './harness.ts';
import { programs, taskSpec } from './tasks.ts';
import { isThere, until } from './until.ts';

jest.setTimeout(120_000);

let harness: ProcessHarness;
beforeEach(async () => {
  harness = await processHarness();
});
afterEach(() => harness.end());

/** `ensureAgent` in a process of its own; answers the agent's process id. */
async function ensureElsewhere(root: string): Promise<number> {
  const url = (path: string) => JSON.stringify(new URL(`../../../platform/${path}`, import.meta.url).href);
  const program = `
    const { ensureAgent } = await import(${url('cluster/process/ensure-agent.ts')});
    const { homeAt } = await import(${url('home.ts')});
    console.log((await ensureAgent(homeAt(${JSON.stringify(root)}))).pid);`;
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', program],
    {
      env: { ...process.env, NODE_OPTIONS: '' },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let output = '';
  child.stdout.on('data', (text) => {
    output += text;
  });
  await once(child, 'close');
  return Number(output);
}

describe('one agent', () => {
  it('comes of many that ask for it at once, in one process and in several', async () => {
    const { home } = harness;
    await killAgent(home);
    const here = [ensureAgent(home), ensureAgent(home), ensureAgent(home)];
    const elsewhere = [ensureElsewhere(home.root), ensureElsewhere(home.root), ensureElsewhere(home.root)];
    const pids = [...(await Promise.all(here)).map((agent) => agent.pid), ...(await Promise.all(elsewhere))];
    expect(new Set(pids).size).toBe(1);
    expect(isThere(pids[0]!)).toBe(true);
    const served = readFileSync(join(home.agentDir, 'agent.log'), 'utf8')
      .split('\n')
      .filter((line) => line.includes('serves'));
    expect(served).toHaveLength(2);
  });

  it('replaces the socket of a dead one, and answers its own user only', async () => {
    const { home } = harness;
    await killAgent(home);
    expect(existsSync(home.agentSocket)).toBe(true);
    expect(await agentOf(home)).toBeUndefined();
    await ensureAgent(home);
    expect(statSync(home.agentSocket).mode & 0o777).toBe(0o600);
    expect(statSync(home.agentDir).mode & 0o777).toBe(0o700);
    expect(JSON.parse(readFileSync(join(home.agentDir, 'agent.json'), 'utf8'))).toMatchObject(
      (await agentOf(home)) ?? {},
    );
  });

  it('is named when it is of another version or home, and left as it is', async () => {
    const { home } = harness;
    await shutdownAgent(home);
    const identity = { version: 'millrace-agent/0', home: '/elsewhere', pid: process.pid, startTime: 'x' };
    const other = createServer((_, response) => response.end(JSON.stringify({ value: identity }))).listen(
      home.agentSocket,
    );
    await once(other, 'listening');
    const details = { pid: process.pid, found: 'millrace-agent/0 of /elsewhere' };
    await expect(ensureAgent(home)).rejects.toMatchObject({ code: 'AGENT_FOREIGN', details });
    await new Promise((resolve) => other.close(resolve));
  });

  it('tells why it did not come up', async () => {
    const { home } = harness;
    await shutdownAgent(home);
    await expect(ensureAgent(home, { node: '/no/such/node' })).rejects.toMatchObject({ code: 'AGENT_FAILED' });
  });

  it('leaves tasks running when it is shut down', async () => {
    const { home, driver } = harness;
    const before = await driver.launch(taskSpec('staying', programs.idle));
    await shutdownAgent(home);
    expect(existsSync(home.agentSocket)).toBe(false);
    expect(isThere(before.pid!)).toBe(true);
    await ensureAgent(home);
    expect(await driver.status('staying')).toMatchObject({ pid: before.pid, phase: 'running' });
  });
});

describe('a process that the agent had no time to write down', () => {
  it('is found by its mark and adopted, not doubled', async () => {
    const { home, driver } = harness;
    const before = await driver.launch(taskSpec('unwritten', programs.talks));
    const said = await until('its output', async () => (await driver.tail('unwritten', 1)) || undefined);
    await killAgent(home);
    const { runFile } = taskPaths(home, 'unwritten');
    const run = JSON.parse(readFileSync(runFile, 'utf8'));
    writeFileSync(runFile, JSON.stringify({ ...run, state: 'starting', process: null }));
    await ensureAgent(home);
    expect(await driver.status('unwritten')).toMatchObject({ phase: 'running', pid: before.pid, restarts: 0 });
    expect(await driver.tail('unwritten', 5)).toBe(said);
  });

  it('is started when the agent was killed before it could be', async () => {
    const { home, driver } = harness;
    const before = await driver.launch(taskSpec('intended', programs.talks));
    await until('its output', async () => (await driver.tail('intended', 1)) !== '');
    await killAgent(home);
    process.kill(before.pid!, 'SIGKILL');
    const { runFile } = taskPaths(home, 'intended');
    const run = JSON.parse(readFileSync(runFile, 'utf8'));
    writeFileSync(runFile, JSON.stringify({ ...run, state: 'starting', process: null }));
    await ensureAgent(home);
    const after = await until('its start', async () => {
      const now = await driver.status('intended');
      return now?.phase === 'running' ? now : undefined;
    });
    expect(after).toMatchObject({ restarts: 0 });
  });
});

describe('an agent that is killed at any moment of a launch', () => {
  it('leaves neither an unknown process nor a doubled one', async () => {
    const { home, driver } = harness;
    for (let round = 0; round < 12; round += 1) {
      const spec = taskSpec('interrupted', programs.idle, { env: { ROUND: String(round) } });
      const agent = await ensureAgent(home);
      const launch = driver.launch(spec).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, round * 4));
      process.kill(agent.pid, 'SIGKILL');
      await launch;
      await until('the end of the agent', () => !isThere(agent.pid));
      await ensureAgent(home);
      const status = await driver.launch(spec);
      expect(status.phase).toBe('running');
      expect(markedProcesses('/interrupted')).toEqual([status.pid]);
    }
  });
});

describe('a stop of the whole cluster', () => {
  it('stays one when the agent is killed in the middle of it', async () => {
    const { home, driver } = harness;
    const slow =
      'process.on("SIGTERM", () => setTimeout(() => process.exit(), 1500)); console.log("up"); setInterval(() => {}, 1000)';
    await driver.launch(taskSpec('slow', slow, { tier: 2, stop: { signal: 'SIGTERM', graceMs: 20_000 } }));
    await driver.launch(taskSpec('low', programs.idle, { tier: 0 }));
    await until('its output', async () => (await driver.tail('slow', 1)) === 'up');
    const stop = driver.stopAll().catch((thrown) => thrown);
    await until(
      'the stop',
      async () => JSON.parse(readFileSync(taskPaths(home, 'low').taskFile, 'utf8')).suspended === true,
    );
    await killAgent(home);
    expect(await stop).toMatchObject({ code: 'AGENT_UNREACHABLE' });
    await ensureAgent(home);
    await until('the end of all', async () => (await driver.list()).every((each) => each.phase === 'stopped'));
    expect((await driver.startAll()).map((each) => each.phase)).toEqual(['running', 'running']);
  });
});

/** Linux: ids of all processes whose MILLRACE_TASK ends with `ending`. */
function markedProcesses(ending: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const environ = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
        return environ.some((entry) => entry.startsWith('MILLRACE_TASK=') && entry.endsWith(ending));
      } catch {
        return false;
      }
    });
}
