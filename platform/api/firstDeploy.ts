import { setTimeout as sleep } from 'node:timers/promises';
import type { Records } from '../records/records.ts';

/** From the start of the control plane until a deploy that was asked for with it is recorded. */
const recordedWithinMs = 4000;
/** A first deploy that takes longer (servers on a slow disk) shares the cores. */
const mostMs = 120_000;
const lookMs = 250;

/**
 * Resolves when no pipeline of the home is being deployed for the first time; at once where one was deployed before, or where
 * the records can't be read, which the API tells.
 */
export async function firstDeployOver(
  records: Pick<Records, 'pipelines'>,
  { now = Date.now, pause = sleep as (ms: number) => Promise<unknown> } = {},
): Promise<void> {
  const startMs = now();
  for (;;) {
    const waitedMs = now() - startMs;
    const state = stateOf(records);
    if (state === 'past' || waitedMs >= mostMs || (state === 'none' && waitedMs >= recordedWithinMs)) return;
    await pause(lookMs);
  }
}

function stateOf(records: Pick<Records, 'pipelines'>): 'none' | 'deploying' | 'past' {
  try {
    const all = records.pipelines();
    if (all.some(({ state, revision }) => state !== 'deploying' || revision > 1)) return 'past';
    return all.length === 0 ? 'none' : 'deploying';
  } catch {
    return 'past';
  }
}
