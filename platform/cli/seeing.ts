/** Asks the tasks of pipelines whether they are ready, as a deploy does. */
import { probeHealth } from '../activities/tasks.ts';
import type { Readiness } from '../frameworks/contract.ts';
import type { PipelineRecord } from '../model/records.ts';
import type { SeenTask } from '../observe/standing.ts';
import type { Statuses } from '../observe/watch/servers.ts';

export function seePipeline(statuses: Statuses, { plan }: PipelineRecord): Promise<readonly SeenTask[]> {
  const seen = plan.placements.map(async ({ task, address, ports }): Promise<SeenTask> => {
    const status = statuses?.get(task);
    const asks = statuses === undefined || status?.phase === 'running';
    const probe = () => probeHealth(`http://${address}:${ports.health}/healthz`, task);
    return { task, status, readiness: asks ? await probe().catch(unready) : undefined };
  });
  return Promise.all(seen);
}

/** A stranger that answers in its place (WRONG_IDENTITY), or whatever else: told where it was met. */
function unready(error: Error): Readiness {
  return { ready: false, waitingFor: error.message };
}
