import { fail } from '../../errors.ts';
import type { Placement } from '../../model/cluster.ts';
import type { ProbeAccess, Readiness } from '../contract.ts';
import type { SparkOptions } from './spec.ts';

/** What is read of the master's `/json/`. */
interface MasterState {
  readonly status: string;
  readonly workers: readonly { readonly host: string; readonly port: number; readonly state: string }[];
}

/** `spark://host:port` of the master among the placements. */
export function masterUrl(placements: readonly Placement[]): string {
  const { address, ports } = masterOf(placements);
  return `spark://${address}:${ports.rpc}`;
}

export function masterOf(placements: readonly Placement[]): Placement {
  const found = placements.find(({ ports, demand }) => demand.group === 'spark.master' && ports.rpc !== undefined);
  return found ?? fail('INTERNAL', { reason: 'Spark has no placement of a master' });
}

/** The master is ready when it is alive and ours; a worker, when the master counts it among the living. */
export async function sparkReady(access: ProbeAccess<SparkOptions>, placement: Placement): Promise<Readiness> {
  const master = masterOf(access.placements);
  const state = await masterState(access, master);
  if (typeof state === 'string') return { ready: false, waitingFor: state };
  if (state.status !== 'ALIVE')
    return { ready: false, waitingFor: `the master, which is ${state.status.toLowerCase()}` };
  if (placement.task === master.task) return { ready: true, waitingFor: '' };
  const registered = state.workers.some(
    ({ host, port, state }) => host === placement.address && port === placement.ports.rpc && state === 'ALIVE',
  );
  return {
    ready: registered,
    waitingFor: registered ? '' : `the worker at ${placement.address}:${placement.ports.rpc} to register`,
  };
}

/** The master's state, or what is missing. Throws WRONG_IDENTITY. */
async function masterState(access: ProbeAccess<SparkOptions>, master: Placement): Promise<MasterState | string> {
  const endpoint = `${master.address}:${master.ports.web}`;
  const response = await ask(`http://${endpoint}/json/`, access.secret('web'));
  if (typeof response === 'string') return `an answer at ${endpoint} (${response})`;
  if (response.status === 401) {
    fail('WRONG_IDENTITY', { endpoint, expected: 'our Spark master', found: 'a server that refuses our password' });
  }
  const identity = response.headers.get('millrace-identity');
  // Its web server listens a moment before the pages, and the filter that names us, are there: no sign of a stranger yet.
  if (identity === null && response.status === 404) return `the master's pages at ${endpoint}`;
  if (identity !== access.identity) {
    const found = identity === null ? 'another server' : `Spark ${identity}`;
    fail('WRONG_IDENTITY', { endpoint, expected: `Spark ${access.identity}`, found });
  }
  if (!response.ok) return `the master's pages (status ${response.status})`;
  return stateIn(await response.text()) ?? `the master's pages at ${endpoint}`;
}

/** Undefined: the page of the root, in HTML. It is there a moment before the others, and answers for them. */
function stateIn(text: string): MasterState | undefined {
  try {
    return JSON.parse(text) as MasterState;
  } catch {
    return undefined;
  }
}

async function ask(url: string, token: string): Promise<Response | string> {
  try {
    const headers = { authorization: `Bearer ${token}`, connection: 'close' };
    return await fetch(url, { headers, signal: AbortSignal.timeout(4000), redirect: 'manual' });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return cause instanceof Error ? cause.message : String(cause);
  }
}
