/** A home of its own with a running agent. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProcessDriver } from '../../../platform/cluster/process/driver.ts';
import { agentOf, ensureAgent, shutdownAgent } from '../../../platform/cluster/process/ensure-agent.ts';
import { type Home, homeAt } from '../../../platform/home.ts';
import type { ClusterHarness } from './under-test.ts';
import { isThere, until } from './until.ts';

export interface ProcessHarness extends ClusterHarness {
  readonly home: Home;
}

export async function processHarness(): Promise<ProcessHarness> {
  const home = homeAt(mkdtempSync(join(tmpdir(), 'process-')));
  const driver = createProcessDriver(home);
  await ensureAgent(home);
  return {
    home,
    driver,
    killSupervisor: () => killAgent(home),
    startSupervisor: async () => void (await ensureAgent(home)),
    async end() {
      await ensureAgent(home);
      await driver.stopAll();
      await shutdownAgent(home);
      rmSync(home.root, { recursive: true, force: true });
    },
  };
}

export async function killAgent(home: Home): Promise<void> {
  const agent = await agentOf(home);
  if (!agent) return;
  process.kill(agent.pid, 'SIGKILL');
  await until('the end of the agent', () => !isThere(agent.pid));
}
