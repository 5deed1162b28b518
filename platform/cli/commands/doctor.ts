import type { Command } from 'commander';
import { examineMachine } from '../../artifacts/doctor.ts';
import type { HomePorts } from '../../artifacts/doctor-machine.ts';
import { plannedCluster, readCluster } from '../../cluster/cluster-file.ts';
import { expectedCapabilities } from '../../cluster/process/agent/limits.ts';
import { createProcessDriver } from '../../cluster/process/driver.ts';
import { agentOf } from '../../cluster/process/ensure-agent.ts';
import { foreignListenersOf } from '../../cluster/process/foreign-ports.ts';
import { controlPortCount } from '../../control/controlFile.ts';
import { portBaseOf } from '../../control/start.ts';
import { exitCodes } from '../../errors.ts';
import type { Home } from '../../home.ts';
import { answer, columns, createSession, type Session } from '../session.ts';

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('what this machine has, what is missing, and the remedy')
    .option('--full', 'check every file of every artifact')
    .option('--json', 'print JSON')
    .action(async (options) => {
      const session = createSession(options);
      const report = await examineMachine({
        cache: session.cache,
        dataDir: session.home.root,
        check: options.full ? 'full' : 'quick',
        heldMiB: await heldMiB(session.home),
        limits: await limitsOf(session.home),
        ports: portsOf(session),
      });
      answer(session, report, ({ lines }) =>
        columns(
          lines.flatMap(({ group, name, state, version, detail, remedy }) => {
            const mark = state === 'present' || state === 'not-needed' ? '✓' : '✗';
            const row = [mark, group, name, state, version ?? '', detail ?? ''];
            return remedy ? [row, ['', '', '', '→', remedy]] : [row];
          }),
        ),
      );
      process.exitCode = report.ok ? exitCodes.ok : exitCodes.environment;
    });
}

/** As `plan` tells them: of the agent that runs, else as one that is started here would find them. */
async function limitsOf(home: Home) {
  const runs = (await agentOf(home)) !== undefined;
  return runs ? await createProcessDriver(home).capabilities() : expectedCapabilities();
}

/** Ports of the nodes and of the control plane below them; of the cluster that there is, or of the one that a deploy would make. */
function portsOf({ home, env }: Session): HomePorts {
  const { nodes } = readCluster(home) ?? plannedCluster(home, { nodes: 1, ...portBaseOf(env) });
  const first = Math.min(...nodes.map(({ ports }) => ports.first)) - controlPortCount;
  const last = Math.max(...nodes.map(({ ports }) => ports.last));
  const addresses = nodes.map(({ address }) => address);
  return { first, last, foreign: foreignListenersOf(home, { addresses, first, last }) };
}

/** What the home's tasks use now; without an agent none runs. */
async function heldMiB(home: Home): Promise<number> {
  const tasks = await createProcessDriver(home)
    .list()
    .catch(() => []);
  return Math.round(tasks.reduce((sum, { usage }) => sum + (usage?.memoryMiB ?? 0), 0));
}
