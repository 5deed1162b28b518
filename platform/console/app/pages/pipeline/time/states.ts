/** The states that a pipeline was in, one after the other. Pure. */
import type { HistoryPoint, PipelineState } from '../../../../../api/contract/pipelines.ts';

export interface StateRun {
  readonly state: PipelineState;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Neighbours of the same state are one run; where points are further apart than three steps, nothing is known. */
export function stateRuns(
  points: readonly Pick<HistoryPoint, 'atMs' | 'state'>[],
  stepMs: number,
): readonly StateRun[] {
  const runs: StateRun[] = [];
  for (const { atMs, state } of points) {
    const last = runs.at(-1);
    if (last !== undefined && last.state === state && atMs - last.toMs <= 3 * stepMs) {
      runs[runs.length - 1] = { ...last, toMs: atMs };
    } else {
      runs.push({ state, fromMs: atMs, toMs: atMs });
    }
  }
  return runs.map((run, at) => {
    const next = runs[at + 1];
    const end = run.toMs + stepMs;
    return { ...run, toMs: next === undefined ? end : Math.min(end, next.fromMs) };
  });
}
