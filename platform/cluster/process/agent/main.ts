/**
 * The node agent: `node main.ts HOME`. One per home; supervises its tasks and answers on its socket. It may be killed at any
 * time: tasks go on, and the next agent adopts them. Its own log is agent/agent.log.
 */
import { chmodSync, mkdirSync, realpathSync, rmSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { dirname, join } from 'node:path';
import { asMillraceError, fail } from '../../../errors.ts';
import { type Home, homeAt } from '../../../home.ts';
import { writeState } from '../../../state-files.ts';
import { claimHolders, tryClaim } from '../claim.ts';
import { rotateLog } from '../log-file.ts';
import { processTable } from '../process-table.ts';
import { type AgentIdentity, agentVersion } from '../protocol.ts';
import { createAgentServer } from './server.ts';
import { Supervisor } from './supervisor.ts';

const logMaxBytes = 1024 * 1024;

function note(text: string): void {
  process.stderr.write(`${new Date().toISOString()} ${text}\n`);
}

async function run(home: Home): Promise<void> {
  const identity = identify(home);
  const supervisor = new Supervisor(home, note);
  supervisor.load();
  const server = createAgentServer(supervisor, identity, home.agentSocket, () => end(home, 'asked to shut down'));
  await listen(home, server);
  writeState(join(home.agentDir, 'agent.json'), { format: 'millrace/agent/1', ...identity });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => end(home, signal));
  // An agent that stops supervising because of one bad moment would be worse than the moment.
  process.on('uncaughtException', (error) => note(error.stack ?? error.message));
  note(`${identity.version} serves ${identity.home} as process ${identity.pid}`);
  setInterval(() => rotateLog(join(home.agentDir, 'agent.log'), logMaxBytes), 60_000);
  flushCompileCache();
  await supervisor.settle().catch((thrown) => note(asMillraceError(thrown).message));
}

/** Holds the home for the life of this process: one agent per home, even where two are started. */
function identify(home: Home): AgentIdentity {
  for (const directory of [home.root, home.agentDir, dirname(home.agentSocket)]) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }
  if (!tryClaim(home.agentDir, 'agent')) {
    const holder = claimHolders(home.agentDir, 'agent')[0];
    fail('AGENT_FAILED', { reason: `process ${holder?.pid ?? '?'} is the agent of ${home.root}`, tail: '' });
  }
  const startTime = processTable().read(process.pid)?.startTime ?? 'unknown';
  return { version: agentVersion, home: realpathSync(home.root), pid: process.pid, startTime };
}

/** Whatever lies at the socket's path was left by a dead agent: the claim is ours. */
function listen(home: Home, server: ReturnType<typeof createAgentServer>): Promise<void> {
  rmSync(home.agentSocket, { force: true });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(home.agentSocket, () => {
      chmodSync(home.agentSocket, 0o600);
      resolve();
    });
  });
}

function end(home: Home, why: string): void {
  note(`ends: ${why}; its tasks go on`);
  rmSync(home.agentSocket, { force: true });
  process.exit(0);
}

// What the agent and its tasks write is their owner's alone, from the first moment.
process.umask(0o077);
const root = process.argv[2];
if (root === undefined) {
  note('usage: main.ts HOME');
  process.exit(2);
}
try {
  await run(homeAt(root));
} catch (thrown) {
  note(asMillraceError(thrown).message);
  process.exit(asMillraceError(thrown).exitCode);
}
