/**
 * Queues of a pipeline as hops: what a flow has put into them and no worker has done. A worker that is a service of the pipeline
 * counts what it has done at a checkpoint of the same name; the blueprint does not say which service that is, its tasks do. Pure.
 */
import type { BlueprintSpec } from '../model/blueprint.ts';
import type { QueueDepth } from '../model/queueDepth.ts';
import type { Hop } from './hops.ts';
import type { HopLag } from './lag.ts';
import type { TaskReply } from './stages.ts';
import { partOf } from './watch/facts.ts';

/** With its name in the blueprint. */
export interface SeenQueue extends QueueDepth {
  readonly name: string;
}

/** Of the pipeline's queues by their names in the blueprint, in their order. Rejects when Redis does not answer. */
export type ReadQueues = (pipeline: string, queues: readonly string[]) => Promise<readonly SeenQueue[]>;

/** Name of the hop; no flow, job or service has one like it. Also its node in the graph, and the stage of its worker. */
export function queueHop(queue: string): string {
  return `queue:${queue}`;
}

/** Names in the blueprint. */
export function queuesIn({ flows }: Pick<BlueprintSpec, 'flows'>): readonly string[] {
  return [...new Set(Object.values(flows).flatMap(({ to }) => (to.kind === 'bullmq' ? [to.queue] : [])))];
}

/** `part`: empty where no task has said that it works the queue off. */
export function queueHopsOf(
  pipeline: string,
  queues: readonly string[],
  replies: readonly Pick<TaskReply, 'task' | 'stages'>[],
): readonly Hop[] {
  return queues.map((queue) => {
    const name = queueHop(queue);
    const worker = replies.find(({ stages }) => stages.some(({ ledger }) => ledger.stage === name));
    return { name, kind: 'worker', part: worker === undefined ? '' : partOf(pipeline, worker.task) };
  });
}

/** Jobs in place of records: waiting, in hand, and put off until their next attempt. */
export function lagOfQueue({ name, queue, ...seen }: SeenQueue, nowMs: number): HopLag {
  const lagRecords = seen.waiting + seen.active + seen.delayed;
  const { oldestMs } = seen;
  // Of jobs whose time could not be read (done between two questions), the age is not known.
  const ageSeconds = oldestMs === null ? null : Math.round(Math.max(0, nowMs - oldestMs) / 100) / 10;
  const lagSeconds = lagRecords === 0 ? 0 : ageSeconds;
  return {
    ...{ hop: queueHop(name), topic: queue, lagRecords, lagSeconds },
    ...{ inRate: null, outRate: null, drainSeconds: lagRecords === 0 ? 0 : null },
  };
}
