/**
 * What drivers and the agent say to each other: `POST /VERB` with JSON over the home's Unix socket, answered by
 * `{ "value": … }` or `{ "error": … }` (an ErrorJson, status 409). Raise `agentVersion` with every change to it.
 */
import type { ErrorJson } from '../../errors.ts';
import type { LedgerEntry } from '../../model/ledger.ts';
import type { DriverCapabilities, RefusedTask, TaskSpec, TaskStatus } from '../driver.ts';

export const agentVersion = 'millrace-agent/1';
/** Headers of each request: the agent refuses callers of another home or version. */
export const homeHeader = 'x-millrace-home';
export const versionHeader = 'x-millrace-agent-version';

/** Written to agent/agent.json, too. */
export interface AgentIdentity {
  readonly version: string;
  /** Real path of the home it serves. */
  readonly home: string;
  readonly pid: number;
  readonly startTime: string;
}

export interface AgentCalls {
  identity: { input: null; value: AgentIdentity };
  capabilities: { input: null; value: DriverCapabilities };
  launch: { input: TaskSpec; value: TaskStatus };
  stop: { input: { readonly id: string }; value: TaskStatus };
  resume: { input: { readonly id: string }; value: TaskStatus };
  /** Null: unknown id. */
  status: { input: { readonly id: string }; value: TaskStatus | null };
  list: { input: null; value: readonly TaskStatus[] };
  refused: { input: null; value: readonly RefusedTask[] };
  remove: { input: { readonly id: string; readonly data: boolean }; value: readonly LedgerEntry[] };
  takenPorts: { input: { readonly address: string }; value: readonly (readonly [number, string])[] };
  startAll: { input: null; value: readonly TaskStatus[] };
  stopAll: { input: null; value: readonly LedgerEntry[] };
  /** Ends the agent after it has answered; tasks go on. */
  shutdown: { input: null; value: AgentIdentity };
}
export type Verb = keyof AgentCalls;
export type Answer<V extends Verb> = { readonly value: AgentCalls[V]['value'] } | { readonly error: ErrorJson };
