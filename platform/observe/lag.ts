/** How far each hop of a pipeline is behind: in records, in seconds, and how long it will take at the present rates. */
import type { KafkaAdmin } from '../frameworks/kafka/admin.ts';
import type { PartitionLag } from '../frameworks/kafka/groups.ts';
import { physical } from '../model/names.ts';
import type { PipelineRecord } from '../model/records.ts';
import { type Hop, hopsOf } from './hops.ts';
import { lagOfQueue, queueHop, queuesIn, type ReadQueues } from './queues.ts';
import { askTasks, positionsOf, type TaskReply } from './stages.ts';

export interface HopLag {
  readonly hop: string;
  /** Of a queue its physical name, and jobs in place of records. */
  readonly topic: string;
  /** Null: this hop does not tell how far it is. */
  readonly lagRecords: number | null;
  /**
   * Age of the oldest record that is not done, by its timestamp; 0 when there is none. Null: this hop does not tell how far it is,
   * or of a partition that age is not known (Kafka has the record no more, or it is older than is looked for).
   */
  readonly lagSeconds: number | null;
  /** Records a second over the time that was watched: written to the topic, and done by this hop. */
  readonly inRate: number | null;
  readonly outRate: number | null;
  /** Until the lag is gone at these rates; null when it does not shrink. */
  readonly drainSeconds: number | null;
}

export interface LagReport {
  readonly pipeline: string;
  readonly watchedSeconds: number;
  readonly hops: readonly HopLag[];
  /** The hop with the oldest record that is not done, see `guiltyOf`; null when all are up to date. */
  readonly guilty: string | null;
}

interface Reading {
  readonly atMs: number;
  readonly partitions: readonly PartitionLag[];
}

export interface LagReading {
  readonly watchMs: number;
  readonly pause: (ms: number) => Promise<unknown>;
  /** Without it queues are left out. */
  readonly readQueues?: ReadQueues;
}

/** Reads twice, `watchMs` apart. A lag of less than `freshSeconds` makes nobody guilty: records are on their way. */
export async function readLag(
  record: PipelineRecord,
  kafka: KafkaAdmin,
  { watchMs, pause, readQueues }: LagReading,
): Promise<LagReport> {
  const { pipeline, plan } = record;
  const readers = hopsOf(pipeline, plan.spec).filter(({ reads }) => reads !== undefined);
  const readAll = async () => {
    const replies = await askTasks(record);
    return Promise.all(readers.map((hop) => readHop(pipeline, hop, kafka, replies)));
  };
  const first = await readAll();
  await pause(watchMs);
  const second = await readAll();
  const oldest = (topic: string, { partitions }: Reading) => oldestUndone(kafka, topic, partitions);
  const ofTopics = await Promise.all(
    readers.map(async ({ name, reads }, at): Promise<HopLag> => {
      const [one, other] = [first[at], second[at]];
      const topic = physical.topic(pipeline, reads!);
      if (one === undefined || other === undefined) return { hop: name, topic, ...unknownLag };
      return { hop: name, topic, ...ratesOf(one, other), lagSeconds: await oldest(topic, other) };
    }),
  );
  const hops = [...ofTopics, ...(await lagsOfQueues(record, readQueues))];
  return { pipeline, watchedSeconds: watchMs / 1000, hops, guilty: guiltyOf(hops) };
}

/** Of a Redis that does not answer: not known. */
async function lagsOfQueues({ pipeline, plan }: PipelineRecord, read?: ReadQueues): Promise<readonly HopLag[]> {
  const queues = queuesIn(plan.spec);
  if (read === undefined || queues.length === 0) return [];
  const seen = await read(pipeline, queues).catch(() => undefined);
  return queues.map((name, at) =>
    seen?.[at] === undefined
      ? { hop: queueHop(name), topic: physical.queue(pipeline, name), ...unknownLag }
      : lagOfQueue(seen[at], Date.now()),
  );
}

/** Undefined where a job does not tell how far it is. */
async function readHop(
  pipeline: string,
  { name, part, reads, group }: Hop,
  kafka: KafkaAdmin,
  replies: readonly TaskReply[],
): Promise<Reading | undefined> {
  const topic = physical.topic(pipeline, reads ?? '');
  const partitions = await kafka.lag(group ?? physical.consumerGroup(pipeline, name), topic);
  if (group !== undefined) return { partitions, atMs: Date.now() };
  const positions = positionsOf(pipeline, { name, part }, replies);
  if (positions === undefined) return undefined;
  const done = ({ partition, endOffset }: PartitionLag) => Math.min(endOffset, positions[`${topic}/${partition}`] ?? 0);
  return {
    partitions: partitions.map((each) => ({ ...each, lagRecords: each.endOffset - done(each) })),
    atMs: Date.now(),
  };
}

const unknownLag = { lagRecords: null, lagSeconds: null, inRate: null, outRate: null, drainSeconds: null };
const freshSeconds = 5;

/** Seconds since the timestamp of the oldest record that is not done. Null: of a partition, it is not known. */
export async function oldestUndone(
  kafka: Pick<KafkaAdmin, 'timestampAt'>,
  topic: string,
  partitions: readonly PartitionLag[],
): Promise<number | null> {
  const behind = partitions.filter(({ lagRecords }) => lagRecords > 0);
  const times = await Promise.all(
    behind.map(({ partition, endOffset, lagRecords }) => kafka.timestampAt(topic, partition, endOffset - lagRecords)),
  );
  const known = times.filter((time) => time !== null);
  // One that is not known may be older than all others.
  if (known.length < times.length) return null;
  return known.length === 0 ? 0 : Math.max(0, round((Date.now() - Math.min(...known)) / 1000));
}

/** Pure. */
export function ratesOf(one: Reading, other: Reading): Omit<HopLag, 'hop' | 'topic' | 'lagSeconds'> {
  const sum = ({ partitions }: Reading, pick: (each: PartitionLag) => number) =>
    partitions.reduce((total, each) => total + pick(each), 0);
  const seconds = Math.max(0.001, (other.atMs - one.atMs) / 1000);
  const written = sum(other, ({ endOffset }) => endOffset) - sum(one, ({ endOffset }) => endOffset);
  const lagRecords = sum(other, (each) => each.lagRecords);
  const done = written - (lagRecords - sum(one, (each) => each.lagRecords));
  const [inRate, outRate] = [round(written / seconds), round(done / seconds)];
  const shrinking = outRate - inRate;
  const drainSeconds = lagRecords === 0 ? 0 : shrinking > 0 ? round(lagRecords / shrinking) : null;
  return { lagRecords, inRate, outRate, drainSeconds };
}

/**
 * The hop with the oldest record that is not done. Where its age is not known, records count: what takes as long at the hop's present
 * rate is behind, and may be the oldest of all. Pure.
 */
export function guiltyOf(hops: readonly HopLag[]): string | null {
  const undated = hops.filter(isBehindUndated).sort((one, other) => other.lagRecords! - one.lagRecords!);
  const dated = hops
    .filter(({ lagSeconds }) => (lagSeconds ?? 0) >= freshSeconds)
    .sort((one, other) => other.lagSeconds! - one.lagSeconds!);
  return [...undated, ...dated][0]?.hop ?? null;
}

function isBehindUndated({ lagSeconds, lagRecords, outRate }: HopLag): boolean {
  if (lagSeconds !== null || outRate === null) return false;
  return lagRecords !== null && lagRecords > 0 && lagRecords >= outRate * freshSeconds;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
