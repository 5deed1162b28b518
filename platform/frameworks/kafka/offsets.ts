/** The ends of topics and the positions of consumer groups, many at once: what an observer asks every few seconds. */
import type { Admin } from 'kafkajs';

export interface OffsetsRequest {
  readonly topics: readonly string[];
  readonly groups: readonly { readonly groupId: string; readonly topic: string }[];
}

export interface PartitionEnds {
  readonly partition: number;
  /** Of the oldest record that is kept, and of the next one to be written. */
  readonly startOffset: number;
  readonly endOffset: number;
}

export interface KafkaOffsets {
  /** By topic, in order of partition; a topic that is not there is left out. */
  readonly topics: Readonly<Record<string, readonly PartitionEnds[]>>;
  /** By group: the next offset to consume of each partition; partitions that were never committed are left out. */
  readonly groups: Readonly<Record<string, Readonly<Record<number, number>>>>;
}

/** Positions first, then ends: no lag comes out less than it was. */
export async function offsetsOf(admin: Admin, { topics, groups }: OffsetsRequest): Promise<KafkaOffsets> {
  const there = new Set(await admin.listTopics());
  const asked = groups.filter(({ topic }) => there.has(topic));
  const positions = await Promise.all(
    asked.map(async (group) => [group.groupId, await committed(admin, group)] as const),
  );
  const known = [...new Set(topics)].filter((topic) => there.has(topic));
  const ends = await Promise.all(known.map(async (topic) => [topic, await endsOf(admin, topic)] as const));
  return { topics: Object.fromEntries(ends), groups: Object.fromEntries(positions) };
}

async function committed(admin: Admin, { groupId, topic }: OffsetsRequest['groups'][number]) {
  const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
  const known = (found?.partitions ?? []).filter(({ offset }) => Number(offset) >= 0);
  return Object.fromEntries(known.map(({ partition, offset }) => [partition, Number(offset)]));
}

async function endsOf(admin: Admin, topic: string): Promise<readonly PartitionEnds[]> {
  const found = await admin.fetchTopicOffsets(topic);
  return found
    .map(({ partition, low, high }) => ({ partition, startOffset: Number(low), endOffset: Number(high) }))
    .sort((one, other) => one.partition - other.partition);
}

/** By topic: how many records there are with a timestamp of `sinceMs` or later. Topics that are not there are left out. */
export async function recordsSince(
  admin: Admin,
  topics: readonly string[],
  sinceMs: number,
): Promise<Readonly<Record<string, number>>> {
  const there = new Set(await admin.listTopics());
  const counts = topics
    .filter((topic) => there.has(topic))
    .map(async (topic): Promise<[string, number]> => {
      const [firsts, ends] = await Promise.all([
        admin.fetchTopicOffsetsByTimestamp(topic, Math.max(0, sinceMs)),
        endsOf(admin, topic),
      ]);
      const first = new Map(firsts.map(({ partition, offset }) => [partition, Number(offset)]));
      // Where nothing is as new, Kafka has no offset to tell.
      const own = ends.map(({ partition, startOffset, endOffset }) => {
        const from = first.get(partition) ?? -1;
        return from < 0 ? 0 : Math.max(0, endOffset - Math.max(startOffset, from));
      });
      return [topic, own.reduce((total, records) => total + records, 0)];
    });
  return Object.fromEntries(await Promise.all(counts));
}
