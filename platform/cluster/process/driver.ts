/** The process driver: tasks as plain processes of this machine, through the home's agent. */
import { existsSync } from 'node:fs';
import { fail } from '../../errors.ts';
import type { Home } from '../../home.ts';
import { loadCluster } from '../cluster-file.ts';
import type { ClusterDriver } from '../driver.ts';
import { taskPaths } from '../tasks/layout.ts';
import { callAgent } from './agent-client.ts';
import { followLog } from './follow-log.ts';
import { tailLog } from './log-file.ts';

/** Every call throws AGENT_UNREACHABLE when no agent answers, except `nodes`, `tail` and `paths`, which need none. */
export function createProcessDriver(home: Home): ClusterDriver {
  return {
    name: 'process',
    capabilities: () => callAgent(home, 'capabilities', null),
    nodes: async () => loadCluster(home).nodes,
    takenPorts: async (address) => new Map(await callAgent(home, 'takenPorts', { address })),
    launch: (spec) => callAgent(home, 'launch', spec),
    stop: (id) => callAgent(home, 'stop', { id }),
    resume: (id) => callAgent(home, 'resume', { id }),
    status: async (id) => (await callAgent(home, 'status', { id })) ?? undefined,
    list: () => callAgent(home, 'list', null),
    refused: () => callAgent(home, 'refused', null),
    startAll: () => callAgent(home, 'startAll', null),
    stopAll: () => callAgent(home, 'stopAll', null),
    remove: (id, { data }) => callAgent(home, 'remove', { id, data }),
    async tail(id, lines) {
      const { root, logFile } = taskPaths(home, id);
      if (!existsSync(root)) fail('UNKNOWN_TASK', { task: id, known: 'see `millrace status`' });
      return tailLog(logFile, lines);
    },
    async *follow(id, signal) {
      const { root, logFile } = taskPaths(home, id);
      if (!existsSync(root)) fail('UNKNOWN_TASK', { task: id, known: 'see `millrace status`' });
      yield* followLog(logFile, signal);
    },
    paths(id) {
      const { taskDir, dataDir, logDir } = taskPaths(home, id);
      return { taskDir, dataDir, logDir };
    },
    // Loopback addresses are there anyway.
    dismantle: async () => [],
  };
}
