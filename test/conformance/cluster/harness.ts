/** A home of its own with a running agent. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCluster } from '../../../platform/cluster/cluster-file.ts';
import { createProcessDriver } from '../../../platform/cluster/process/driver.ts';
import { agentOf, ensureAgent, shutdownAgent } from '../../../platform/cluster/process/ensure-agent.ts';
import { taskPaths } from '../../../platform/cluster/tasks/layout.ts';
import { type Home, homeAt } from '../../../platform/home.ts';
import { type ClusterHarness, data, readWhenThere } from './under-test.ts';
import { isThere, until } from './until.ts';

export interface ProcessHarness extends ClusterHarness {
  readonly home: Home;
}

export async function processHarness(): Promise<ProcessHarness> {
  const home = homeAt(mkdtempSync(join(tmpdir(), 'process-')));
  const driver = createProcessDriver(home);
  await createCluster(home, { nodes: 1 });
  await ensureAgent(home);
  return {
    home,
    driver,
    killSupervisor: () => killAgent(home),
    startSupervisor: async () => void (await ensureAgent(home)),
    supervisorGone: 'AGENT_UNREACHABLE',
    backoffReason: /^ended with code 3, [23] restarts, next in \d+ s$/,
    ended: (_, leader) => [{ kind: 'process', name: `node (pid ${leader})` }],
    familyOf: async (id) => {
      const [status, family] = [await driver.status(id), await readWhenThere(data(driver, id, 'family'))];
      return [status?.pid ?? 0, ...family.split(' ').map(Number)];
    },
    logFile: (id) => taskPaths(home, id).logFile,
    sharesItsAddress: true,
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
