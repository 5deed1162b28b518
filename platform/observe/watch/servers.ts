/** What stands of the servers that pipelines use: each of their tasks is asked, as a deploy asks it. */
import type { TaskStatus } from '../../cluster/driver.ts';
import type { ProbeAccess, Readiness } from '../../frameworks/contract.ts';
import { frameworks, optionsOf } from '../../frameworks/registry.ts';
import type { FrameworkRecord } from '../../model/records.ts';
import { type Control, type SeenTask, type Standing, standingOf } from '../standing.ts';
import type { FrameworkFact } from './flowState.ts';

/** By id; undefined: there is no agent to ask. */
export type Statuses = ReadonlyMap<string, TaskStatus> | undefined;

/** The part of `Secrets` that is needed to log in. */
export interface ReadSecrets {
  get(owner: string, name: string): string;
}

/** What clients of a framework need to log in; no artifact, so that none is verified. */
export function probeAccessOf(secrets: ReadSecrets, record: FrameworkRecord): ProbeAccess<never> {
  return {
    options: optionsOf(frameworks[record.framework], record.plan.options) as never,
    placements: record.plan.placements,
    identity: record.identity,
    secret: (name: string) => secrets.get(record.framework, name),
  };
}

/** Without an agent every task is asked, since tasks outlive it. Never rejects. */
export async function seeServers(
  record: FrameworkRecord,
  statuses: Statuses,
  secrets: ReadSecrets,
  control: Control,
): Promise<{ readonly standing: Standing; readonly fact: FrameworkFact }> {
  const access = probeAccessOf(secrets, record);
  const seen = record.plan.placements.map(async (placement): Promise<SeenTask> => {
    const status = statuses?.get(placement.task);
    const asks = statuses === undefined || status?.phase === 'running';
    const ready = async () => await frameworks[record.framework].ready(access, placement);
    const readiness = asks ? await ready().catch(unready) : undefined;
    return { task: placement.task, status, readiness };
  });
  const tasks = await Promise.all(seen);
  const standing = standingOf(record.state, tasks, control);
  const isDown = ({ status, readiness }: SeenTask) =>
    statuses === undefined
      ? readiness?.ready !== true
      : status === undefined || ['stopped', 'failed'].includes(status.phase);
  const { framework } = record;
  const fact = { framework, state: standing.state, down: tasks.every(isDown), reason: standing.waitsFor[0] ?? '' };
  return { standing, fact };
}

/** A stranger that answers in its place (WRONG_IDENTITY), or whatever else: told where it was met. */
function unready(error: Error): Readiness {
  return { ready: false, waitingFor: error.message };
}
