/** What the observer has in hand after a look at a pipeline; data, as it came in. */
import type { KafkaOffsets } from '../../frameworks/kafka/offsets.ts';
import { physical } from '../../model/names.ts';
import type { PipelineRecord } from '../../model/records.ts';
import type { Hop } from '../hops.ts';
import { positionsOf, type TaskReply } from '../stages.ts';

/** A task's newest answer. */
export interface Answer extends TaskReply {
  /** When it was asked, and when it answered, in milliseconds since 1970. */
  readonly askedMs: number;
  readonly answeredMs: number;
  /** The windows of the ledger in it began at this time or later. */
  readonly sinceMs: number;
}

export interface OffsetsLook {
  /** Before they were asked for, and when all had answered. */
  readonly askedMs: number;
  readonly atMs: number;
  readonly offsets: KafkaOffsets;
}

/** Topics and groups whose offsets tell how far a pipeline is. Pure. */
export function offsetsRequest({ pipeline, plan }: Pick<PipelineRecord, 'pipeline' | 'plan'>, hops: readonly Hop[]) {
  const topics = Object.keys(plan.spec.topics);
  return {
    topics: topics.flatMap((name) => [physical.topic(pipeline, name), physical.deadLetterTopic(pipeline, name)]),
    groups: hops.flatMap(({ group, reads }) =>
      group === undefined || reads === undefined ? [] : [{ groupId: group, topic: physical.topic(pipeline, reads) }],
    ),
  };
}

export interface PartitionPlace {
  readonly partition: number;
  /** Next offset that the hop will read, and the next that will be written. */
  readonly position: number;
  readonly endOffset: number;
}

/** How far a hop is on each partition of its topic; undefined: it does not tell, or there is no topic. Pure. */
export function placesOf(
  pipeline: string,
  hop: Hop,
  offsets: KafkaOffsets,
  replies: readonly TaskReply[],
): readonly PartitionPlace[] | undefined {
  const topic = physical.topic(pipeline, hop.reads ?? '');
  const ends = offsets.topics[topic];
  if (ends === undefined) return undefined;
  const positions = hop.group === undefined ? ofJob() : (offsets.groups[hop.group] ?? {});
  if (positions === undefined) return undefined;
  return ends.map(({ partition, startOffset, endOffset }) => ({
    partition,
    position: Math.min(endOffset, Math.max(startOffset, positions[partition] ?? 0)),
    endOffset,
  }));

  function ofJob(): Readonly<Record<number, number>> | undefined {
    const told = positionsOf(pipeline, hop, replies);
    return (
      told && Object.fromEntries((ends ?? []).map(({ partition }) => [partition, told[`${topic}/${partition}`] ?? 0]))
    );
  }
}

/** By task, of those that wait for something by their own word. Pure. */
export function waitingIn(answers: readonly TaskReply[]): ReadonlyMap<string, string> {
  return new Map(
    answers.flatMap(({ task, waitingFor = '' }) => (waitingFor === '' ? [] : [[task, waitingFor] as const])),
  );
}
