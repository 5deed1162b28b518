/** The hops of a pipeline: who reads which topic and writes which. Pure. */
import type { BlueprintSpec } from '../model/blueprint.ts';
import { physical } from '../model/names.ts';

export interface Hop {
  /** Name of the ingress service, the job or the flow; of a queue `queue:NAME` (queues.ts). */
  readonly name: string;
  readonly kind: 'ingress' | 'job' | 'sink' | 'worker';
  /** Service, group of flows or `spark-driver`: the part that the tasks are named after. */
  readonly part: string;
  /** Names of topics in the blueprint. */
  readonly reads?: string;
  readonly writes?: string;
  /** See LedgerStage. */
  readonly job?: 'filter' | 'aggregate';
  /** Kafka's consumer group; Spark keeps its offsets itself. */
  readonly group?: string;
}

/** In the order in which an event meets them: ingresses, jobs, sinks. */
export function hopsOf(pipeline: string, spec: BlueprintSpec): readonly Hop[] {
  const ingresses = Object.entries(spec.services).flatMap(([name, { runs }]): Hop[] =>
    runs.kind === 'ingress' ? [{ name, kind: 'ingress', part: name, writes: runs.topic }] : [],
  );
  const jobs = Object.entries(spec.jobs).map(
    ([name, { input, output, mode }]): Hop => ({
      name,
      kind: 'job',
      job: mode === 'realtime' ? 'filter' : 'aggregate',
      part: 'spark-driver',
      reads: input.topic,
      writes: output.topic,
    }),
  );
  const sinks = Object.entries(spec.flows).flatMap(([name, { from, group }]): Hop[] =>
    from.kind === 'kafka'
      ? [{ name, kind: 'sink', part: group, reads: from.topic, group: physical.consumerGroup(pipeline, name) }]
      : [],
  );
  return [...ingresses, ...jobs, ...sinks];
}
