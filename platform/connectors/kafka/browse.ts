/**
 * Looks into a topic without a consumer group: nothing is committed, nobody's partitions are taken away, and no group is left
 * behind. kafkajs offers no fetch outside of a group, so that its cluster is used directly, as fetchResponse.ts does.
 */
import type { Kafka } from 'kafkajs';
import { fail } from '../../errors.ts';
import { reasonOf } from '../backoff.ts';
import type { KafkaAccess } from '../config.ts';
import type { RawRecord } from '../contract.ts';
import { createKafkaClient, withKafkaAdmin } from './client.ts';
import { fetchRecordBatches, recordsOf } from './fetchResponse.ts';

export interface PartitionRange {
  readonly partition: number;
  /** First offset that is there, and the one that the next record will get. */
  readonly startOffset: number;
  readonly endOffset: number;
}

export interface Looking {
  readonly topic: string;
  /** All partitions unless given. */
  readonly partition?: number | undefined;
  /** First offset, or first time in milliseconds since 1970; with neither: the newest records. */
  readonly offset?: number | undefined;
  readonly fromMs?: number | undefined;
  /** Last time: what is later is left out, so that the newest are those of then. */
  readonly toMs?: number | undefined;
  /** Of all partitions together. */
  readonly limit: number;
}

/** One look: bytes fetched of all partitions together, and time. What is not there by then is left out. */
const bounds = { bytes: 8 * 1024 * 1024, bytesPerFetch: 1024 * 1024, ms: 8000 } as const;

/** Of each topic that is there. Throws SERVER_UNREACHABLE, WRONG_IDENTITY. */
export function rangesOf(
  access: KafkaAccess,
  topics: readonly string[],
): Promise<ReadonlyMap<string, PartitionRange[]>> {
  return asking(access, async (kafka) =>
    withKafkaAdmin(kafka, access, async (admin) => {
      const there = new Set(await admin.listTopics());
      const found = topics.filter((topic) => there.has(topic));
      const ranges = await Promise.all(found.map((topic) => admin.fetchTopicOffsets(topic)));
      return new Map(found.map((topic, at) => [topic, ranges[at]!.map(rangeOf).sort(byPartition)]));
    }),
  );
}

/**
 * Records of a topic: the newest, newest first; or from an offset or a time on, oldest first. Those of a topic that is not there:
 * none. Throws SERVER_UNREACHABLE, WRONG_IDENTITY.
 */
export function lookInto(access: KafkaAccess, looking: Looking): Promise<readonly RawRecord[]> {
  return asking(access, async (kafka) => {
    const starts = await withKafkaAdmin(kafka, access, async (admin) => {
      if (!(await admin.listTopics()).includes(looking.topic)) return [];
      const ranges = (await admin.fetchTopicOffsets(looking.topic)).map(rangeOf).sort(byPartition);
      const firstSince = async (ms: number | undefined) => {
        const timed = ms === undefined ? [] : await admin.fetchTopicOffsetsByTimestamp(looking.topic, ms);
        // Of a partition whose records are all older, there is none.
        return new Map(timed.flatMap(({ partition, offset }) => (+offset < 0 ? [] : [[partition, +offset] as const])));
      };
      const { fromMs, toMs } = looking;
      const times = { from: await firstSince(fromMs), end: await firstSince(toMs === undefined ? toMs : toMs + 1) };
      return ranges.flatMap((range) => startOf(range, looking, times));
    });
    if (starts.length === 0) return [];
    const records = await fetchAll(kafka, looking, starts);
    const isForward = looking.offset !== undefined || looking.fromMs !== undefined;
    const order = isForward ? oldestFirst : (one: RawRecord, other: RawRecord) => oldestFirst(other, one);
    return records.sort(order).slice(0, looking.limit);
  });
}

interface Start {
  readonly partition: number;
  readonly from: number;
  /** Offset to end before. */
  readonly until: number;
}

function startOf(
  { partition, startOffset, endOffset }: PartitionRange,
  looking: Looking,
  times: { readonly from: ReadonlyMap<number, number>; readonly end: ReadonlyMap<number, number> },
): Start[] {
  if (looking.partition !== undefined && looking.partition !== partition) return [];
  const until = Math.min(endOffset, times.end.get(partition) ?? endOffset);
  const asked =
    looking.offset ?? (looking.fromMs === undefined ? until - looking.limit : (times.from.get(partition) ?? endOffset));
  const from = Math.max(startOffset, asked);
  return from < until ? [{ partition, from, until }] : [];
}

async function fetchAll(kafka: Kafka, { topic, limit }: Looking, starts: readonly Start[]): Promise<RawRecord[]> {
  fetchRecordBatches(kafka);
  const cluster = clusterOf(kafka);
  const endMs = Date.now() + bounds.ms;
  const bytesEach = Math.floor(bounds.bytes / starts.length);
  await cluster.connect();
  try {
    await cluster.addTargetTopic(topic);
    const each = await Promise.all(
      starts.map((start) => fetchPartition(cluster, topic, start, { limit, endMs, bytesEach })),
    );
    return each.flat();
  } finally {
    await cluster.disconnect().catch(() => {});
  }
}

interface PartitionBounds {
  readonly limit: number;
  readonly endMs: number;
  readonly bytesEach: number;
}

async function fetchPartition(
  cluster: Cluster,
  topic: string,
  start: Start,
  most: PartitionBounds,
): Promise<RawRecord[]> {
  const [nodeId] = Object.keys(cluster.findLeaderForPartitions(topic, [start.partition]));
  if (nodeId === undefined) return [];
  const broker = await cluster.findBroker({ nodeId });
  const records: RawRecord[] = [];
  let next = start.from;
  let bytes = 0;
  while (next < start.until && records.length < most.limit && bytes < most.bytesEach && Date.now() < most.endMs) {
    const partitions = [{ partition: start.partition, fetchOffset: `${next}`, maxBytes: bounds.bytesPerFetch }];
    const answer = await broker.fetch({
      replicaId: -1,
      isolationLevel: readCommitted,
      maxWaitTime: 500,
      minBytes: 1,
      maxBytes: bounds.bytesPerFetch,
      topics: [{ topic, partitions }],
    });
    const messages = answer.responses[0]?.partitions[0]?.messages ?? [];
    const last = messages.at(-1);
    if (last === undefined) break;
    const found = recordsOf(
      messages.filter(({ isControlRecord }) => !isControlRecord) as never,
      topic,
      start.partition,
      next,
    );
    for (const record of found) bytes += record.valueBytes ?? record.value?.length ?? 0;
    records.push(...found.filter(({ offset }) => Number(offset) < start.until));
    next = Number(last.offset) + 1;
  }
  return records.slice(0, most.limit);
}

const readCommitted = 1;

interface FetchedMessage {
  readonly offset: string;
  readonly isControlRecord?: boolean;
}
interface Broker {
  fetch(request: unknown): Promise<{
    readonly responses: readonly { readonly partitions: readonly { readonly messages: readonly FetchedMessage[] }[] }[];
  }>;
}
/** What kafkajs 2.2.4 keeps to itself. */
interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addTargetTopic(topic: string): Promise<void>;
  findLeaderForPartitions(topic: string, partitions: readonly number[]): Readonly<Record<string, readonly number[]>>;
  findBroker(which: { readonly nodeId: string }): Promise<Broker>;
}

function clusterOf(kafka: Kafka): Cluster {
  const create = Object.getOwnPropertySymbols(kafka).find((each) => each.description?.endsWith(':createCluster'));
  if (create === undefined) return fail('INTERNAL', { reason: 'this version of kafkajs keeps its cluster elsewhere' });
  const internals = kafka as unknown as Record<symbol, (options: unknown) => Cluster>;
  return internals[create]!({ metadataMaxAge: 300_000, allowAutoTopicCreation: false, isolationLevel: readCommitted });
}

/** What kafkajs throws: asking again may help. */
async function asking<T>(access: KafkaAccess, work: (kafka: Kafka) => Promise<T>): Promise<T> {
  try {
    return await work(createKafkaClient({ access, clientId: 'millrace-browse', retries: 2 }));
  } catch (error) {
    const isClients = error instanceof Error && (error.name.startsWith('KafkaJS') || error instanceof TypeError);
    if (!isClients) throw error;
    return fail('SERVER_UNREACHABLE', { framework: 'Kafka', endpoint: access.brokers, reason: reasonOf(error) }, error);
  }
}

function rangeOf({ partition, low, high }: { partition: number; low: string; high: string }): PartitionRange {
  return { partition, startOffset: Number(low), endOffset: Number(high) };
}
const byPartition = (one: PartitionRange, other: PartitionRange) => one.partition - other.partition;
const oldestFirst = (one: RawRecord, other: RawRecord) =>
  one.timestampMs - other.timestampMs || one.partition - other.partition || Number(one.offset) - Number(other.offset);
