/** A home's first deploy has the cores for itself: until it has ended, there is nothing that the API could show. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Home } from '../home.ts';
import type { Records } from '../records/records.ts';

/** From the start of the control plane until a deploy that was announced is recorded. */
const recordedWithinMs = 4000;
/** A first deploy that takes longer (servers on a slow disk) shares the cores. */
export const firstDeployMostMs = 120_000;
const lookMs = 250;

type Seen = Pick<Records, 'pipelines'>;

/** Says, before the control plane starts, that a deploy comes with it: an API without it serves at once. */
export function announceDeploy(home: Home): void {
  mkdirSync(home.apiDir, { recursive: true, mode: 0o700 });
  writeFileSync(announcement(home), '', { mode: 0o600 });
}

export function isDeployAnnounced(home: Home): boolean {
  return existsSync(announcement(home));
}

/** When its deploy has ended, or the API has waited for it: neither is waited for again. */
export function forgetAnnouncement(home: Home): void {
  rmSync(announcement(home), { force: true });
}

function announcement(home: Home): string {
  return join(home.apiDir, 'deploy-comes');
}

/** Whether the only deploys that the home has had are under way; no where the records can't be read, which the API tells. */
export function isFirstDeploy(records: Seen): boolean {
  return stateOf(records) === 'deploying';
}

/**
 * Resolves when no pipeline of the home is being deployed for the first time; at once where one was deployed before, where
 * none is announced (any more: an API that starts again after its wait must not close the console), or where the records can't
 * be read.
 */
export async function firstDeployOver(
  records: Seen,
  isAnnounced: () => boolean,
  { now = () => performance.now(), pause = sleep as (ms: number) => Promise<unknown> } = {},
): Promise<void> {
  const startMs = now();
  for (;;) {
    const waitedMs = now() - startMs;
    const state = stateOf(records);
    const comes = state === 'none' && waitedMs < recordedWithinMs;
    const runs = state === 'deploying' && waitedMs < firstDeployMostMs;
    if (!isAnnounced() || (!comes && !runs)) return;
    await pause(lookMs);
  }
}

function stateOf(records: Seen): 'none' | 'deploying' | 'past' {
  try {
    const all = records.pipelines();
    if (all.some(({ state, revision }) => state !== 'deploying' || revision > 1)) return 'past';
    return all.length === 0 ? 'none' : 'deploying';
  } catch {
    return 'past';
  }
}
