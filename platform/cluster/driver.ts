/**
 * The contract between activities and whatever runs tasks. One file per driver; one conformance suite
 * (test/conformance/cluster) runs against each.
 *
 * Who calls: activities and CLI read-outs, never workflows. Every call is idempotent: an activity may be retried after its
 * effect happened. Tasks outlive the caller and the control plane.
 */
import type { ErrorJson } from '../errors.ts';
import type { Node, TaskOwner } from '../model/cluster.ts';
import type { LedgerEntry } from '../model/ledger.ts';

export interface TaskFile {
  /** Relative to `{taskDir}`, e.g. `conf/server.properties`. */
  readonly path: string;
  readonly content: string;
  /** 0o600 for anything that holds or may hold a secret: the default. */
  readonly mode?: number;
}

/**
 * Everything needed to run one task, with all references resolved. Strings in `argv`, `env` and file contents may hold
 * `{taskDir}`, `{dataDir}` and `{logDir}`, which the driver fills in with absolute paths.
 */
export interface TaskSpec {
  readonly id: string;
  readonly node: string;
  readonly owner: TaskOwner;
  readonly argv: readonly [string, ...string[]];
  /** Added to a minimal environment (PATH, HOME, LANG, TZ=UTC). Never holds a secret. */
  readonly env: Readonly<Record<string, string>>;
  readonly files: readonly TaskFile[];
  /** Ports it will listen on. `shared`: other instances of the service listen on it too (SO_REUSEPORT). */
  readonly ports: readonly {
    readonly name: string;
    readonly address: string;
    readonly port: number;
    readonly shared?: boolean;
  }[];
  readonly limits: { readonly cpus: number; readonly memoryMiB: number };
  /** Ended with `signal` to the whole process group; SIGKILL after `graceMs`. */
  readonly stop: { readonly signal: 'SIGTERM' | 'SIGINT'; readonly graceMs: number };
  /** Start order within a cluster start (lowest first) and stop order (highest first): 0 platform, 1 servers, 2 jobs, 3 sinks and services, 4 feeds. */
  readonly tier: number;
  /**
   * Keep `{dataDir}` over restarts and relaunches of the task; removed only by `remove({ data: true })`. Otherwise it is
   * emptied before each start and removed with the task.
   */
  readonly keepsData: boolean;
}

/**
 * `backoff`: it ended and starts again by itself. `stopped`: on request. `failed`: it can't be started at all (no such
 * program), and only another launch or a resume tries again; `reason` says why.
 */
export type TaskPhase = 'running' | 'backoff' | 'stopped' | 'failed';

export interface TaskStatus {
  readonly id: string;
  readonly node: string;
  readonly owner: TaskOwner;
  readonly phase: TaskPhase;
  readonly desired: 'running' | 'stopped';
  readonly pid: number | null;
  /** ISO-8601. */
  readonly startedAt: string | null;
  readonly restarts: number;
  readonly lastExit: { readonly code: number | null; readonly signal: string | null; readonly at: string } | null;
  readonly nextStartAt: string | null;
  readonly reason: string;
  /** Resident memory of the whole process group, in MiB, and CPU used since its start, in seconds. */
  readonly usage: { readonly memoryMiB: number; readonly cpuSeconds: number } | null;
  readonly ports: TaskSpec['ports'];
  readonly tier: number;
  /** Hash of the spec that is running: equal hash, equal task. */
  readonly specHash: string;
}

/** A task whose state on disk is corrupt or foreign. It is left alone, and so are its processes. */
export interface RefusedTask {
  readonly id: string;
  readonly error: ErrorJson;
}

/** What a driver can't do is declared here and shown by `plan`, never silently skipped. */
export interface DriverCapabilities {
  readonly memoryLimit: 'enforced' | 'advisory';
  readonly cpuLimit: 'enforced' | 'advisory';
  readonly sharedPorts: boolean;
}

export interface ClusterDriver {
  readonly name: string;
  capabilities(): Promise<DriverCapabilities>;
  nodes(): Promise<readonly Node[]>;
  /**
   * Ports in use on `address` by anything, ours or not, with the owner's description where it can be known; ports that belong
   * to a known task count even while it does not run.
   */
  takenPorts(address: string): Promise<ReadonlyMap<number, string>>;
  /**
   * Makes the task run. The same spec again: no change. Another spec under the same id: the old task is stopped, the new one
   * started, its data kept. Throws PORT_TAKEN (owner named) before anything is stopped or started. Returns when the process
   * has been started, not when it is ready.
   */
  launch(spec: TaskSpec): Promise<TaskStatus>;
  /**
   * Stops the task with every process it has started and keeps it known, its files and data; `resume` starts it again.
   * Stopping a stopped one, resuming a running one: no change. Both throw UNKNOWN_TASK, CORRUPT_STATE, FOREIGN_STATE.
   */
  stop(id: string): Promise<TaskStatus>;
  resume(id: string): Promise<TaskStatus>;
  /** Undefined: unknown id. */
  status(id: string): Promise<TaskStatus | undefined>;
  /** Every task whose state can be read; the others are in `refused`, and naming one of those throws its error. */
  list(): Promise<readonly TaskStatus[]>;
  refused(): Promise<readonly RefusedTask[]>;
  /** Starts every task that is meant to run, lowest tier first, without waiting for readiness. */
  startAll(): Promise<readonly TaskStatus[]>;
  /**
   * Stops every task, highest tier first, and keeps what each was meant to be: `startAll` brings the same ones back, and nothing
   * else does, except naming a task in `launch` or `resume`. Answers the processes and ports that are gone.
   */
  stopAll(): Promise<readonly LedgerEntry[]>;
  /**
   * Stops, then forgets the task with its files and logs; its data, too, if asked. Answers what is gone. Unknown id: empty
   * answer, except for data that an earlier removal kept.
   */
  remove(id: string, options: { readonly data: boolean }): Promise<readonly LedgerEntry[]>;
  /** The newest `lines` lines of the task's output, oldest first, at most 8 MiB. Throws UNKNOWN_TASK. */
  tail(id: string, lines: number): Promise<string>;
  /** What the task writes from now on, in parts that end anywhere, until `signal`. Throws UNKNOWN_TASK. */
  follow(id: string, signal: AbortSignal): AsyncIterable<string>;
  /** Absolute paths of the task's directories where the tasks run. */
  paths(id: string): { readonly taskDir: string; readonly dataDir: string; readonly logDir: string };
  /** Removes what the driver has made beside tasks (networks), once there is no task any more; answers what is gone. */
  dismantle(): Promise<readonly LedgerEntry[]>;
}
