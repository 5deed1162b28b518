/** Consumer groups: how far they are, and their removal. */
import type { Admin, KafkaJSDeleteGroupsError } from 'kafkajs';
import { fail } from '../../errors.ts';

export interface PartitionLag {
  readonly partition: number;
  /** Next offset to consume; null when the group never committed one. */
  readonly committedOffset: number | null;
  readonly endOffset: number;
  /** Records between the two; from the start of the log when nothing was committed. */
  readonly lagRecords: number;
}

const nonEmptyGroup = 68;
const groupIdNotFound = 69;

/** Lag of the group on each partition of the topic. A topic that is not there has no partitions. */
export async function lagOf(admin: Admin, groupId: string, topic: string): Promise<readonly PartitionLag[]> {
  if (!(await admin.listTopics()).includes(topic)) return [];
  const [ends, committed] = await Promise.all([
    admin.fetchTopicOffsets(topic),
    admin.fetchOffsets({ groupId, topics: [topic] }),
  ]);
  const offsets = new Map(committed[0]?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
  return ends
    .map(({ partition, high, low }) => {
      const offset = offsets.get(partition) ?? -1;
      const endOffset = Number(high);
      const lagRecords = Math.max(0, endOffset - Math.max(offset, Number(low)));
      return { partition, committedOffset: offset < 0 ? null : offset, endOffset, lagRecords };
    })
    .sort((one, other) => one.partition - other.partition);
}

/**
 * Timestamp of the record at `offset`, in milliseconds since 1970; null at the end of the log. Kafka tells the first offset at
 * or after a time, not the time of an offset: so the time is searched for by halving, 1 ms exact, at most 31 questions.
 * Timestamps must not fall along the log; where producers' clocks differ, it is the time since which nothing older follows.
 */
export async function timestampAt(
  admin: Admin,
  topic: string,
  partition: number,
  offset: number,
  nowMs: number,
): Promise<number | null> {
  const firstOffsetAt = async (ms: number) => {
    const found = await admin.fetchTopicOffsetsByTimestamp(topic, ms);
    return Number(found.find((each) => each.partition === partition)?.offset ?? -1);
  };
  // The greatest time whose first offset is still at or before ours.
  const latest = nowMs + skewMs;
  let [before, after] = [nowMs - searchedMs, latest];
  const first = await firstOffsetAt(before);
  if (first > offset || first < 0) return null;
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    const found = await firstOffsetAt(middle);
    if (found >= 0 && found <= offset) before = middle;
    else after = middle;
  }
  // After the last record kafkajs answers with the end of the log: at the end itself, no time is too late.
  return after === latest ? null : before;
}

/** A week back; five minutes ahead, for producers whose clocks are before ours. */
const searchedMs = 7 * 86_400_000;
const skewMs = 300_000;

export async function listGroups(admin: Admin, prefix: string): Promise<readonly string[]> {
  const { groups } = await admin.listGroups();
  return groups
    .map(({ groupId }) => groupId)
    .filter((id) => id.startsWith(prefix))
    .sort();
}

/**
 * Deletes all groups whose id starts with `prefix`, or only those of them that are named, and names what it deleted. Throws
 * GROUP_ACTIVE while one has members.
 */
export async function deleteGroups(admin: Admin, prefix: string, only?: readonly string[]): Promise<readonly string[]> {
  const ids = (await listGroups(admin, prefix)).filter((id) => only === undefined || only.includes(id));
  if (ids.length === 0) return [];
  try {
    await admin.deleteGroups(ids);
  } catch (error) {
    if (!isDeleteGroupsError(error)) throw error;
    for (const { groupId, errorCode } of error.groups) {
      if (errorCode === nonEmptyGroup) fail('GROUP_ACTIVE', { group: groupId }, error);
      if (errorCode !== groupIdNotFound && errorCode !== 0 && errorCode !== undefined) throw error;
    }
  }
  return ids;
}

/** By name: Node finds no such export in kafkajs, although its types have one. */
function isDeleteGroupsError(error: unknown): error is KafkaJSDeleteGroupsError {
  return error instanceof Error && error.name === 'KafkaJSDeleteGroupsError';
}
