/** Starts the home's agent where none answers. */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { fail, MillraceError } from '../../errors.ts';
import { cacheOf, type Home } from '../../home.ts';
import { callAgent } from './agent-client.ts';
import { claimHolders, waitForClaim } from './claim.ts';
import { tailLog } from './log-file.ts';
import { isAlive, processTable } from './process-table.ts';
import { type AgentIdentity, agentVersion } from './protocol.ts';

/** Generous: a loaded machine. It answers within 0.2 s on a quiet one. */
const answerTimeoutMs = 30_000;
const main = fileURLToPath(new URL('./agent/main.ts', import.meta.url));

export interface AgentOptions {
  /** Node that runs the agent (24 or newer): the one that runs the CLI unless told otherwise. */
  readonly node?: string;
}

/**
 * Returns when an agent of this home answers; starts one in a session of its own when none does. Safe when called by
 * several processes at once: one agent comes of it.
 * Throws AGENT_FOREIGN (of another home or version, named), AGENT_FAILED (did not come up, with its last words).
 */
export async function ensureAgent(home: Home, options: AgentOptions = {}): Promise<AgentIdentity> {
  mkdirSync(home.agentDir, { recursive: true, mode: 0o700 });
  const there = await agentOf(home);
  if (there) return there;
  const claim = await waitForClaim(home.agentDir, 'start', answerTimeoutMs);
  if (!claim) {
    const holder = claimHolders(home.agentDir, 'start')[0];
    fail('AGENT_FAILED', {
      reason: `process ${holder?.pid ?? '?'} has been starting it for ${answerTimeoutMs / 1000} s`,
      tail: '',
    });
  }
  try {
    return (await agentOf(home)) ?? (await startAgent(home, options.node ?? process.execPath));
  } finally {
    claim.release();
  }
}

/** The agent that answers, checked; undefined: none does. */
export async function agentOf(home: Home): Promise<AgentIdentity | undefined> {
  try {
    return checked(home, await callAgent(home, 'identity', null));
  } catch (thrown) {
    if (thrown instanceof MillraceError && thrown.code === 'AGENT_UNREACHABLE') return undefined;
    throw thrown;
  }
}

/** Ends the agent and waits until its process is gone. Its tasks go on. No agent: no change. */
export async function shutdownAgent(home: Home): Promise<AgentIdentity | undefined> {
  if (!(await agentOf(home))) return undefined;
  const agent = await callAgent(home, 'shutdown', null);
  const table = processTable();
  for (const end = Date.now() + answerTimeoutMs; isAlive(table, agent); await sleep(20)) {
    if (Date.now() > end) fail('AGENT_FAILED', { reason: `process ${agent.pid} does not end`, tail: '' });
  }
  return agent;
}

function checked(home: Home, agent: AgentIdentity): AgentIdentity {
  const root = realpathSync(home.root);
  if (agent.home !== root || agent.version !== agentVersion) {
    fail('AGENT_FOREIGN', {
      pid: agent.pid,
      socket: home.agentSocket,
      found: `${agent.version} of ${agent.home}`,
      expected: `${agentVersion} of ${root}`,
    });
  }
  return agent;
}

async function startAgent(home: Home, node: string): Promise<AgentIdentity> {
  const logFile = join(home.agentDir, 'agent.log');
  const log = openSync(logFile, 'a', 0o600);
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=1', main, home.root], {
    cwd: '/',
    detached: true,
    stdio: ['ignore', log, log],
    env: agentEnvironment(),
  });
  closeSync(log);
  let ended: string | undefined;
  child.on('error', (error) => (ended = `${node} can not be started: ${error.message}`));
  child.on('exit', (code, signal) => (ended = `it ended with ${signal ?? `code ${code}`}`));
  child.unref();
  for (const end = Date.now() + answerTimeoutMs; Date.now() < end; await sleep(15)) {
    const agent = await agentOf(home);
    if (agent) return agent;
    if (ended !== undefined) fail('AGENT_FAILED', { reason: ended, tail: tailLog(logFile, 5) });
  }
  fail('AGENT_FAILED', {
    reason: `it does not answer after ${answerTimeoutMs / 1000} s (process ${child.pid})`,
    tail: tailLog(logFile, 5),
  });
}

/** Minimal: what tasks inherit, and the cache that spares the agent the TypeScript stripper (17 MiB of memory). */
function agentEnvironment(): NodeJS.ProcessEnv {
  const { PATH = '/usr/local/bin:/usr/bin:/bin', HOME = '/' } = process.env;
  return { PATH, HOME, LANG: 'C.UTF-8', TZ: 'UTC', NODE_COMPILE_CACHE: join(cacheOf(process.env), 'compile-cache') };
}
