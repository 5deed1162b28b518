/** How a task stands, from what it is meant to be and what the engine says of its container. Pure. */
import { constants } from 'node:os';
import type { ContainerInspectInfo } from 'dockerode';
import type { TaskPhase, TaskStatus } from '../driver.ts';
import type { TaskRecord } from '../tasks/records.ts';

export type Container = ContainerInspectInfo;

/** Newest end of a container that the engine remembers. */
export interface Exit {
  readonly code: number;
  /** ISO-8601. */
  readonly at: string;
}

export interface Seen {
  readonly record: TaskRecord;
  /** Undefined: the engine has none. */
  readonly container: Container | undefined;
  /** When the container was last started by us; undefined: it is not known. */
  readonly startedByUs: string | undefined;
  readonly exit: Exit | undefined;
  readonly usage: TaskStatus['usage'];
}

/** What a container that never ran, or has not ended yet, has for a time. */
const never = '0001-01-01T00:00:00Z';
/** A shell's convention, which engines follow: ended by signal n, code 128 + n. */
const signalBase = 128;

export function shouldRun({ desired, complete, suspended }: TaskRecord): boolean {
  return desired === 'running' && complete && !suspended;
}

export function phaseOf({ record, container }: Pick<Seen, 'record' | 'container'>): TaskPhase {
  const { Restarting, Running } = container?.State ?? {};
  if (Restarting) return 'backoff';
  if (Running) return 'running';
  return shouldRun(record) ? 'failed' : 'stopped';
}

export function statusOf(seen: Seen): TaskStatus {
  const { record, container } = seen;
  const { spec, desired, specHash } = record;
  const { State } = container ?? {};
  const running = phaseOf(seen) === 'running';
  return {
    id: spec.id,
    node: spec.node,
    owner: spec.owner,
    phase: phaseOf(seen),
    desired,
    pid: running ? (State?.Pid ?? null) : null,
    startedAt: State && State.StartedAt !== never ? State.StartedAt : null,
    restarts: restartsOf(seen),
    lastExit: lastExitOf(seen),
    // The engine restarts, and does not say when.
    nextStartAt: null,
    reason: reasonOf(seen),
    usage: running ? seen.usage : null,
    ports: spec.ports,
    tier: spec.tier,
    specHash,
  };
}

/**
 * The engine counts the restarts since its own start: after one, what it has started anew shows by a time of start that is not
 * ours.
 */
function restartsOf({ container, startedByUs }: Seen): number {
  const { State, RestartCount = 0 } = container ?? {};
  const unlike = State?.Running && startedByUs !== undefined && State.StartedAt !== startedByUs;
  return Math.max(RestartCount, unlike ? 1 : 0);
}

function lastExitOf({ container, exit }: Seen): TaskStatus['lastExit'] {
  if (exit !== undefined) return { ...endingOf(exit.code), at: exit.at };
  const { State } = container ?? {};
  if (!State || State.FinishedAt === never) return null;
  const known = !State.Running || State.Restarting;
  return { ...(known ? endingOf(State.ExitCode) : { code: null, signal: null }), at: State.FinishedAt };
}

function endingOf(code: number): { readonly code: number | null; readonly signal: string | null } {
  const signal = Object.entries(constants.signals).find(([, number]) => number === code - signalBase)?.[0];
  return signal === undefined ? { code, signal: null } : { code: null, signal };
}

function reasonOf(seen: Seen): string {
  const { record } = seen;
  const restarts = counted(restartsOf(seen));
  switch (phaseOf(seen)) {
    case 'running':
      return restartsOf(seen) > 0 ? `runs; ${endingText(seen)} before, ${restarts}` : 'runs';
    case 'backoff':
      return `${endingText(seen)}, ${restarts}, the engine starts it again`;
    case 'failed':
      return `can not be started: ${failureOf(seen)}`;
    case 'stopped':
      if (!record.complete) return 'its launch was cut short: launch it again';
      return record.desired === 'running' ? 'stopped with the cluster' : 'stopped on request';
  }
}

function failureOf(seen: Seen): string {
  const { container, record } = seen;
  if (container === undefined) return 'its container is gone; `millrace up` makes it anew';
  const { Error: error, OOMKilled } = container.State as { Error?: string; OOMKilled?: boolean };
  if (OOMKilled) return `it used more than its ${record.spec.limits.memoryMiB} MiB`;
  if (error && /no such file or directory/.test(error)) return `${record.spec.argv[0]}: there is no such file`;
  return error || `${endingText(seen)}, and the engine did not start it again; \`millrace up\` does`;
}

function endingText(seen: Seen): string {
  const { code, signal } = lastExitOf(seen) ?? { code: null, signal: null };
  if (signal !== null) return `ended by ${signal}`;
  return code === null ? 'ended' : `ended with code ${code}`;
}

function counted(restarts: number): string {
  return `${restarts} restart${restarts === 1 ? '' : 's'}`;
}
