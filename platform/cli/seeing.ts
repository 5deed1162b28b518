/** Asks the tasks of pipelines and frameworks whether they are ready, as a deploy does. */
import { probeHealth } from '../activities/tasks.ts';
import type { TaskStatus } from '../cluster/driver.ts';
import type { Readiness } from '../frameworks/contract.ts';
import { frameworks, optionsOf } from '../frameworks/registry.ts';
import type { Home } from '../home.ts';
import type { Placement } from '../model/cluster.ts';
import type { FrameworkRecord, PipelineRecord } from '../model/records.ts';
import { createSecrets } from '../secrets/secrets.ts';
import type { SeenTask } from './standing.ts';

/** By id; undefined: there is no agent to ask. */
export type Tasks = ReadonlyMap<string, TaskStatus> | undefined;

export function seePipeline(tasks: Tasks, { plan }: PipelineRecord): Promise<readonly SeenTask[]> {
  return see(tasks, plan.placements, ({ task, address, ports }) =>
    probeHealth(`http://${address}:${ports.health}/healthz`, task),
  );
}

export function seeFramework(home: Home, tasks: Tasks, record: FrameworkRecord): Promise<readonly SeenTask[]> {
  const framework = frameworks[record.framework];
  const secrets = createSecrets(home.secretsDir);
  const access = {
    options: optionsOf(framework, record.plan.options),
    placements: record.plan.placements,
    identity: record.identity,
    secret: (name: string) => secrets.get(record.framework, name),
  };
  return see(tasks, record.plan.placements, (placement) => framework.ready(access, placement));
}

function see(
  tasks: Tasks,
  placements: readonly Placement[],
  probe: (placement: Placement) => Promise<Readiness>,
): Promise<readonly SeenTask[]> {
  const seen = placements.map(async (placement): Promise<SeenTask> => {
    const status = tasks?.get(placement.task);
    const asks = tasks === undefined || status?.phase === 'running';
    const readiness = asks ? await probe(placement).catch(unready) : undefined;
    return { task: placement.task, status, readiness };
  });
  return Promise.all(seen);
}

/** A stranger that answers in its place (WRONG_IDENTITY), or whatever else: told where it was met. */
function unready(error: Error): Readiness {
  return { ready: false, waitingFor: error.message };
}
