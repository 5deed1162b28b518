/** Asks the tasks of a pipeline what their stages have counted: `GET /stages.json` and `/metrics.json` of their health ports. */
import { physical } from '../model/names.ts';
import type { PipelineRecord } from '../model/records.ts';
import type { StageReport } from '../telemetry/stageMeter.ts';

export interface TaskReply {
  readonly task: string;
  /** Empty of a task that has no stages. */
  readonly stages: readonly StageReport[];
  /** What it waits for by its own word; empty: nothing. */
  readonly waitingFor?: string;
  /** Why it could not be asked. */
  readonly fault?: string;
}

const answerTimeoutMs = 4000;

/** One reply for each task that has a health port, in the plan's order. Never rejects. */
export function askTasks(
  record: Pick<PipelineRecord, 'plan'>,
  options: AskOptions = {},
): Promise<readonly TaskReply[]> {
  return Promise.all(healthPortsOf(record).map(({ task, url }) => askTask(task, url, options)));
}

export interface AskOptions {
  /** Of the ledger, only windows that began at this time or later; default: all. */
  readonly sinceMs?: number;
  readonly timeoutMs?: number;
}

/** Tasks that have a health port, in the plan's order. */
export function healthPortsOf({
  plan,
}: Pick<PipelineRecord, 'plan'>): readonly { readonly task: string; readonly url: string }[] {
  return plan.placements
    .filter(({ ports }) => ports.health !== undefined)
    .map(({ task, address, ports }) => ({ task, url: `http://${address}:${ports.health}` }));
}

interface Body {
  readonly task: string;
  readonly waitingFor?: string;
  readonly stages?: readonly StageReport[];
}

/** Never rejects. */
export async function askTask(
  task: string,
  url: string,
  { sinceMs = 0, timeoutMs = answerTimeoutMs }: AskOptions = {},
): Promise<TaskReply> {
  const since = sinceMs > 0 ? `?since=${Math.floor(sinceMs)}` : '';
  try {
    const response = await fetch(`${url}/stages.json${since}`, { signal: AbortSignal.timeout(timeoutMs) });
    if (response.status === 404) return { task, stages: [] };
    const body = (await response.json()) as Body;
    if (body.task !== task) return { task, stages: [], fault: `task ${body.task} answers at ${url}` };
    const { stages = [], waitingFor = await askHealth(url, timeoutMs) } = body;
    return { task, stages, waitingFor };
  } catch (thrown) {
    const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
    return { task, stages: [], fault: cause instanceof Error ? cause.message : String(cause) };
  }
}

/** Spark's driver tells only here what it waits for. Empty: nothing. */
async function askHealth(url: string, timeoutMs: number): Promise<string> {
  const response = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(timeoutMs) });
  const { ready, waitingFor } = (await response.json()) as { readonly ready?: boolean; readonly waitingFor?: string };
  return ready === true ? '' : waitingFor || 'its start';
}

/** The tasks whose name is the part's: instances of a service, or the process of a group of flows. */
export function tasksOf<T extends { readonly task: string }>(
  pipeline: string,
  part: string,
  replies: readonly T[],
): readonly T[] {
  const prefix = physical.pipelineTask(pipeline, part, 0).slice(0, -1);
  return replies.filter(({ task }) => task.startsWith(prefix) && /^\d+$/.test(task.slice(prefix.length)));
}

/** Of a job: next offset of each partition of its topic, by `topic/partition`. Undefined: it does not tell. */
export function positionsOf(
  pipeline: string,
  { name, part }: { readonly name: string; readonly part: string },
  replies: readonly TaskReply[],
): Readonly<Record<string, number>> | undefined {
  const stages = tasksOf(pipeline, part, replies).flatMap((reply) => reply.stages);
  return stages.find(({ ledger }) => ledger.stage === name)?.ledger.positions;
}
