/** Keeps a state until another one has stood for a while, so that a moment's look does not make it flap. Pure. */
import type { PipelineState } from '../../api/contract/pipelines.ts';
import type { Verdict } from './flowState.ts';

export interface Held extends Verdict {
  /** In this state since; milliseconds since 1970. */
  readonly sinceMs: number;
  /** Since when the looks have said something else; null: they agree. */
  readonly differsSinceMs: number | null;
}

/** How long the looks must have said so. Stalled has waited for its proof already. */
const holdMs: Readonly<Record<PipelineState, number>> = {
  ...{ flowing: 3000, idle: 3000, degraded: 3000, stalled: 2000, stopped: 3000 },
  ...{ deploying: 0, destroying: 0, failed: 0 },
};

const operations: ReadonlySet<PipelineState> = new Set(['deploying', 'destroying', 'failed']);

export function hold(held: Held | undefined, seen: Verdict, nowMs: number): Held {
  if (held === undefined) return { ...seen, sinceMs: nowMs, differsSinceMs: null };
  if (seen.state === held.state) return { ...seen, sinceMs: held.sinceMs, differsSinceMs: null };
  const differsSinceMs = held.differsSinceMs ?? nowMs;
  const waited = nowMs - differsSinceMs >= holdMs[seen.state];
  if (waited || operations.has(held.state)) return { ...seen, sinceMs: nowMs, differsSinceMs: null };
  return { ...held, differsSinceMs };
}
