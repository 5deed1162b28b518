/** Where a session stands in each of its partitions, and what it does when kafkajs has left that place (offsets.ts). */
import type { Admin, Consumer, Kafka } from 'kafkajs';
import { withKafkaAdmin } from './client.ts';
import { judgeCommitted, judgeJump, type PartitionRange, type PositionVerdict } from './offsets.ts';
import type { KafkaSourceOptions, SourceProgress } from './sourceOptions.ts';

/** What the topic holds and what the group has committed, by partition. */
export interface Look {
  readonly ranges: readonly PartitionRange[];
  readonly committed: ReadonlyMap<number, bigint>;
}

interface Position {
  readonly expected: bigint;
  /** The offset that was asked for again after a jump. */
  readonly askedAgain: bigint | undefined;
}

export class Positions {
  readonly #kafka: Kafka;
  readonly #consumer: Consumer;
  readonly #options: KafkaSourceOptions;
  readonly #progress: SourceProgress;
  readonly #positions = new Map<number, Position>();
  /** Partitions whose offsets began again, of which no batch was taken since. */
  readonly #anew = new Set<number>();

  constructor(kafka: Kafka, consumer: Consumer, options: KafkaSourceOptions, progress: SourceProgress) {
    this.#kafka = kafka;
    this.#consumer = consumer;
    this.#options = options;
    this.#progress = progress;
  }

  /** Rejects when Kafka is not there, not ours, or lacks the topic. */
  look(): Promise<Look> {
    const { topic, groupId } = this.#options;
    return this.#ask(async (admin) => {
      const [ranges, [found]] = await Promise.all([
        rangesOf(admin, topic),
        admin.fetchOffsets({ groupId, topics: [topic] }),
      ]);
      return {
        ranges,
        committed: new Map(found?.partitions.map(({ partition, offset }) => [partition, BigInt(offset)])),
      };
    });
  }

  /** The offset that is to be read next. */
  readonly positionOf = (partition: number): bigint | undefined => this.#positions.get(partition)?.expected;

  /** Where each partition ends for a reader now. Rejects when a partition has no leader that answers. */
  readonly ends = async (): Promise<ReadonlyMap<number, bigint>> => {
    const ranges = await this.#ask((admin) => rangesOf(admin, this.#options.topic));
    return new Map(ranges.map(({ partition, high }) => [partition, high]));
  };

  /** After a join, before anything is fetched: partitions whose committed offset is gone begin at the earliest. */
  take({ ranges, committed }: Look, assigned: readonly number[]): void {
    this.#positions.clear();
    this.#progress.lagOfPartition.clear();
    for (const range of ranges.filter(({ partition }) => assigned.includes(partition))) {
      const verdict = judgeCommitted(committed.get(range.partition) ?? -1n, range);
      this.#obey(range.partition, verdict);
      this.tellLag(range.partition, verdict.offset, range.high);
    }
  }

  /** Whether a batch that begins at `first` may be taken; if not, the consumer was sent elsewhere. */
  async follows(partition: number, first: bigint): Promise<boolean> {
    const position = this.#positions.get(partition);
    if (position === undefined || position.expected === first) return true;
    const { expected, askedAgain } = position;
    const verdict = judgeJump(first, expected, await this.#range(partition), askedAgain === expected);
    this.#obey(partition, verdict);
    if (verdict.offset === expected) this.#positions.set(partition, { expected, askedAgain: expected });
    return verdict.action === 'accept';
  }

  /** The consumer found its position out of range. */
  async leaveGone(partition: number): Promise<void> {
    const range = await this.#range(partition);
    const verdict = judgeCommitted(this.#positions.get(partition)?.expected ?? -1n, range);
    this.#obey(partition, { ...verdict, action: 'seek' });
  }

  /** Whether the partition was made anew since this was asked last: its offsets began again, what they name is new. */
  takeAnew(partition: number): boolean {
    return this.#anew.delete(partition);
  }

  /** Everything before `next` is committed. */
  moveTo(partition: number, next: bigint, high: bigint): void {
    this.#positions.set(partition, { expected: next, askedAgain: undefined });
    this.tellLag(partition, next, high);
  }

  tellLag(partition: number, next: bigint, high: bigint): void {
    this.#progress.lagOfPartition.set(partition, Math.max(0, Number(high - next)));
  }

  #obey(partition: number, verdict: PositionVerdict): void {
    const { topic, groupId, log } = this.#options;
    this.#positions.set(partition, { expected: verdict.offset, askedAgain: undefined });
    if (verdict.reset !== undefined) {
      this.#progress.offsetResets += 1;
      // Deleted records leave a hole, and offsets go on behind it; a position behind the end is of a topic that is gone.
      if (verdict.skipped === 0n) this.#anew.add(partition);
      this.#progress.skippedRecords += Number(verdict.skipped);
      log(`WARNING: ${groupId}, ${topic}/${partition}: ${verdict.reset}; ${verdict.skipped} records were skipped`);
    }
    if (verdict.action === 'seek') this.#consumer.seek({ topic, partition, offset: `${verdict.offset}` });
  }

  async #range(partition: number): Promise<PartitionRange> {
    const { topic } = this.#options;
    const ranges = await this.#ask((admin) => rangesOf(admin, topic));
    const range = ranges.find((each) => each.partition === partition);
    if (range === undefined) throw new Error(`topic ${topic} has no partition ${partition}`);
    return range;
  }

  #ask<T>(use: (admin: Admin) => Promise<T>): Promise<T> {
    return withKafkaAdmin(this.#kafka, this.#options.access, use);
  }
}

async function rangesOf(admin: Admin, topic: string): Promise<PartitionRange[]> {
  const offsets = await admin.fetchTopicOffsets(topic);
  return offsets.map(({ partition, low, high }) => ({ partition, low: BigInt(low), high: BigInt(high) }));
}
