/** Brings the control plane up: agent, Temporal, worker, Valkey. Each that runs is left as it is. */
import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { announceDeploy, forgetAnnouncement } from '../api/firstDeploy.ts';
import { createCluster, defaultPortBase, readCluster } from '../cluster/cluster-file.ts';
import type { ClusterDriver, TaskSpec } from '../cluster/driver.ts';
import { refuseForeignHome } from '../cluster/home-directory.ts';
import { createProcessDriver } from '../cluster/process/driver.ts';
import { ensureAgent } from '../cluster/process/ensure-agent.ts';
import { fail } from '../errors.ts';
import type { Artifacts } from '../frameworks/contract.ts';
import type { Home } from '../home.ts';
import { apiTask, redisTask, temporalTask, workerTask } from '../model/controlPlane.ts';
import { storeBoundsOf } from '../telemetry/store/bounds.ts';
import { namespace } from '../workflows/messages.ts';
import { chooseControlPorts, controlPorts, isWhole } from './controlFile.ts';
import { controlRedisSecrets, renderControlRedis } from './redis.ts';
import { controlAddress, renderApi, renderTemporal, renderWorker } from './tasks.ts';

export interface ControlOptions {
  readonly home: Home;
  readonly cache: string;
  readonly repoRoot: string;
  /** Nodes to declare when the home has no cluster yet; default 1. With a cluster: must agree, if given. */
  readonly nodes?: number | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** A deploy is asked for as soon as the control plane is there: in a new home the API lets it have the cores. */
  readonly deployComes?: boolean;
  /** Takes a line about what could not be started and is not needed for a deploy. */
  readonly progress?: (line: string) => void;
}

export interface ControlPlane {
  readonly driver: ClusterDriver;
  readonly client: Client;
  /** Waits, too, until the processes of Valkey and of the API have been launched, or could not be. */
  close(): Promise<void>;
}

const answerTimeoutMs = 60_000;
const retryMs = 50;

/** Throws INVALID_VARIABLE, HOME_FOREIGN, PORT_TAKEN, AGENT_FAILED, NOT_READY, CLUSTER_EXISTS. */
export async function startControlPlane(options: ControlOptions, artifacts: Artifacts): Promise<ControlPlane> {
  const { home, cache, repoRoot, env } = options;
  const portBase = portBaseOf(env);
  storeBoundsOf(env);
  refuseForeignHome(home);
  const nodes = options.nodes ?? readCluster(home)?.nodes.length ?? 1;
  const cluster = await createCluster(home, { nodes, ...portBase });
  await ensureAgent(home);
  if (options.deployComes) announceDeploy(home);
  const driver = createProcessDriver(home);
  const [node] = cluster.nodes;
  if (!node) fail('INTERNAL', { reason: 'a cluster without nodes' });
  const kept = controlPorts(home);
  const ports =
    kept !== undefined && isWhole(kept)
      ? kept
      : chooseControlPorts(home, node.ports.first, await driver.takenPorts(controlAddress));
  const temporalAddress = `${controlAddress}:${ports.temporal}`;
  const sources = sourcesOf(repoRoot);
  const settings = { home, cache, repoRoot, sources, env: passedOn(env) };
  // In a new checkout: what this process has compiled, the worker need not compile again. Else it costs 1 ms.
  flushCompileCache();
  const launches = [
    driver.launch(renderTemporal(node.id, ports, artifacts)),
    driver.launch(renderWorker(node.id, artifacts, { ...settings, temporalAddress })),
  ];
  await Promise.all(launches);
  const plane = await connectTo(temporalAddress, driver);
  // Last, and waited for by nobody but `close`: a deploy needs neither of them. Alerts wait in their file until Valkey is there.
  const launched = (async () => {
    const tell = (task: string, what: string) => (error: Error) =>
      options.progress?.(`${task} does not run, ${what}: ${error.message}`);
    // What can't even be rendered (a secret that is cut) is told, too: thrown here, it would end the caller in the middle of a deploy.
    const launch = async (render: () => TaskSpec) => driver.launch(render());
    const redis = () => renderControlRedis(node.id, ports.redis, artifacts, controlRedisSecrets(home));
    await launch(redis).catch(tell(redisTask, 'alerts are not delivered'));
    const api = () => renderApi(node.id, artifacts, { ...settings, ports });
    await launch(api).catch(tell(apiTask, 'there is no console'));
  })();
  return {
    ...plane,
    close: async () => {
      await launched;
      if (options.deployComes) forgetAnnouncement(home);
      await plane.close();
    },
  };
}

/** The control plane that runs. Throws CONTROL_PLANE_DOWN. */
export async function connectControlPlane(home: Home): Promise<ControlPlane> {
  const ports = controlPorts(home);
  if (!ports) fail('CONTROL_PLANE_DOWN', { reason: 'it was never started in this home' });
  const driver = createProcessDriver(home);
  await checkControlPlane(driver);
  return await connectTo(`${controlAddress}:${ports.temporal}`, driver);
}

/** Whether all runs that carries operations out. Throws CONTROL_PLANE_DOWN, AGENT_UNREACHABLE. */
export async function checkControlPlane(driver: ClusterDriver): Promise<void> {
  for (const task of [temporalTask, workerTask]) {
    const status = await driver.status(task);
    if (status?.phase !== 'running')
      fail('CONTROL_PLANE_DOWN', { reason: `${task} is ${status?.phase ?? 'not there'}` });
  }
}

/** Temporal has no identity of its own to ask for: that the port is our task's was checked when it was launched. */
async function connectTo(address: string, driver: ClusterDriver): Promise<ControlPlane> {
  const startMs = Date.now();
  for (;;) {
    try {
      const connection = await Connection.connect({ address, connectTimeout: '2s' });
      await connection.workflowService.describeNamespace({ namespace });
      return { driver, client: new Client({ connection, namespace }), close: () => connection.close() };
    } catch (error) {
      const waitedMs = Date.now() - startMs;
      if (waitedMs > answerTimeoutMs) {
        fail('NOT_READY', {
          task: temporalTask,
          waited: `${Math.round(waitedMs / 1000)} s`,
          reason: (error as Error).message,
        });
      }
      await sleep(retryMs);
    }
  }
}

const portBases = { first: 1024, last: 32_000 };

/** `MILLRACE_PORT_BASE`: the first port of the first node. Throws INVALID_VARIABLE. */
export function portBaseOf(env: NodeJS.ProcessEnv): { portBase?: number } {
  const value = env.MILLRACE_PORT_BASE;
  if (!value) return {};
  const portBase = Number(value);
  if (/^\d+$/.test(value) && portBase >= portBases.first && portBase <= portBases.last) return { portBase };
  const allowed = `a whole number from ${portBases.first} to ${portBases.last}`;
  return fail('INVALID_VARIABLE', { name: 'MILLRACE_PORT_BASE', allowed, value, default: defaultPortBase });
}

/** What the control plane's processes must see of the caller's variables. */
export function passedOn(env: NodeJS.ProcessEnv): Record<string, string> {
  const entries = Object.entries(env).filter(([name]) =>
    /^OTEL_|^MILLRACE_TELEMETRY_|^MILLRACE_JAVA$|^NODE_EXTRA_CA_CERTS$/.test(name),
  );
  return Object.fromEntries(entries) as Record<string, string>;
}

/** Changes whenever a source of the platform or a blueprint does: a worker with former code is then replaced. */
function sourcesOf(repoRoot: string): string {
  const hash = createHash('sha256');
  for (const folder of ['platform', 'blueprints']) {
    for (const entry of readdirSync(join(repoRoot, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const file = join(entry.parentPath, entry.name);
      const { mtimeMs, size } = statSync(file);
      hash.update(`${file}:${mtimeMs}:${size}\n`);
    }
  }
  return hash.digest('hex').slice(0, 16);
}
