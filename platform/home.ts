/**
 * Where things lie. Two roots: the home (state, data, secrets of one cluster) and the cache (artifacts, shared by all
 * checkouts and homes). XDG base directories, each overridable for tests.
 */
import { createHash } from 'node:crypto';
import { homedir, tmpdir } from 'node:os';
import { join, relative, resolve, sep } from 'node:path';

/** Longest path that a Unix socket may have on Linux (108 with the closing zero) and macOS (104). */
const socketPathMax = 100;

export interface Home {
  readonly root: string;
  readonly clusterFile: string;
  readonly controlFile: string;
  readonly tasksDir: string;
  /** Tasks that a container engine runs. */
  readonly containersDir: string;
  readonly dataDir: string;
  readonly secretsDir: string;
  readonly spansDir: string;
  /** The telemetry store. */
  readonly storeDir: string;
  /** What the observer has seen of each pipeline. */
  readonly historyDir: string;
  /** The API's keys and its journal of events. */
  readonly apiDir: string;
  /** Alerts, the error budgets of each pipeline, and the webhook that alerts go to. */
  readonly alertsDir: string;
  readonly verifyDir: string;
  readonly frameworksDir: string;
  readonly pipelinesDir: string;
  readonly operationsDir: string;
  readonly agentDir: string;
  readonly agentSocket: string;
}

/** `MILLRACE_HOME`, else `$XDG_STATE_HOME/millrace`, else `~/.local/state/millrace`. */
export function homeOf(env: NodeJS.ProcessEnv): Home {
  return homeAt(
    resolve(env.MILLRACE_HOME || join(env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'millrace')),
  );
}

export function homeAt(root: string): Home {
  const socket = join(root, 'agent', 'agent.sock');
  const hash = createHash('sha256').update(root).digest('hex').slice(0, 16);
  return {
    root,
    clusterFile: join(root, 'cluster.json'),
    controlFile: join(root, 'control.json'),
    tasksDir: join(root, 'tasks'),
    containersDir: join(root, 'containers'),
    dataDir: join(root, 'data'),
    secretsDir: join(root, 'secrets'),
    spansDir: join(root, 'telemetry', 'spans'),
    storeDir: join(root, 'telemetry', 'store'),
    historyDir: join(root, 'history'),
    apiDir: join(root, 'api'),
    alertsDir: join(root, 'alerts'),
    verifyDir: join(root, 'verify'),
    frameworksDir: join(root, 'frameworks'),
    pipelinesDir: join(root, 'pipelines'),
    operationsDir: join(root, 'operations'),
    agentDir: join(root, 'agent'),
    agentSocket: socket.length <= socketPathMax ? socket : join(tmpdir(), `millrace-${hash}.sock`),
  };
}

/** Names of what Millrace makes in the root of a home, all of it. */
export function homeEntries(home: Home): readonly string[] {
  const within = Object.values(home).map((path: string) => relative(home.root, path));
  const names = within.filter((path) => path !== '' && !path.startsWith('..')).map((path) => path.split(sep)[0]!);
  return [...new Set(names)];
}

/** `MILLRACE_CACHE`, else `$XDG_CACHE_HOME/millrace`, else `~/.cache/millrace`. */
export function cacheOf(env: NodeJS.ProcessEnv): string {
  return resolve(env.MILLRACE_CACHE || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'millrace'));
}

/** Journal of one operation. */
export function operationFile(home: Home, operation: string): string {
  return join(home.operationsDir, `${operation}.ndjson`);
}
