/** The life of one kafkajs consumer, from connecting to its end; it is never restarted. */
import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import { pause, reasonOf } from '../backoff.ts';
import type { Batch } from '../contract.ts';
import { createKafkaClient, withKafkaAdmin } from './client.ts';
import { fetchRecordBatches, recordsOf } from './fetchResponse.ts';
import { judgeCommitted, judgeJump, type PartitionRange, type PositionVerdict } from './offsets.ts';
import { type FetchBounds, fetchBounds, type KafkaSourceOptions, type SourceProgress } from './sourceOptions.ts';

/** Without any sign of life for this long a session is given up (https://github.com/tulios/kafkajs/issues/1720). */
const silenceMs = 60_000;
const sessionTimeoutMs = 30_000;
const heartbeatMs = 3000;
const commitAttempts = 4;

interface Position {
  expected: bigint;
  /** The offset that was asked for again after a jump. */
  askedAgain: bigint | undefined;
}

export class ConsumerSession {
  readonly #options: KafkaSourceOptions;
  readonly #bounds: FetchBounds;
  readonly #progress: SourceProgress;
  readonly #onBatch: (batch: Batch) => Promise<void>;
  readonly #kafka: Kafka;
  readonly #consumer: Consumer;
  readonly #end = Promise.withResolvers<void>();
  readonly #closing = new AbortController();
  #positions = new Map<number, Position>();
  #positionsKnown: Promise<void> = Promise.resolve();
  #closed: Promise<void> | undefined;
  #signMs = performance.now();

  constructor(options: KafkaSourceOptions, progress: SourceProgress, onBatch: (batch: Batch) => Promise<void>) {
    this.#options = options;
    this.#bounds = { ...fetchBounds, ...options.fetch };
    this.#progress = progress;
    this.#onBatch = onBatch;
    const { access, clientId, groupId } = options;
    this.#kafka = createKafkaClient({
      access,
      clientId,
      retries: 3,
      onLog: (message, extra) => this.#read(message, extra),
    });
    fetchRecordBatches(this.#kafka);
    this.#consumer = this.#kafka.consumer({
      groupId,
      sessionTimeout: sessionTimeoutMs,
      heartbeatInterval: heartbeatMs,
      maxBytesPerPartition: this.#bounds.maxBytesPerPartition,
      maxWaitTimeInMs: this.#bounds.maxWaitMs,
      allowAutoTopicCreation: false,
      retry: { initialRetryTime: 100, maxRetryTime: 2000, retries: 4, restartOnFailure: async () => false },
    });
    this.#end.promise.catch(() => {});
  }

  /** Resolves when the consumer has joined its group. Rejects when Kafka is not there, not ours, or lacks the topic. */
  async open(): Promise<void> {
    const { topic, access } = this.#options;
    await withKafkaAdmin(this.#kafka, access, (admin) => admin.fetchTopicMetadata({ topics: [topic] }));
    const joined = this.#watch();
    await this.#consumer.connect();
    await this.#consumer.subscribe({ topics: [topic], fromBeginning: true });
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: this.#bounds.partitionsConcurrently,
      eachBatch: (payload) => this.#take(payload),
    });
    await Promise.race([joined, this.#end.promise]);
  }

  /** Rejects with the reason when the session is over. */
  ended(): Promise<void> {
    return this.#end.promise;
  }

  close(): Promise<void> {
    this.#closing.abort();
    this.#end.resolve();
    this.#closed ??= this.#consumer.disconnect();
    return this.#closed;
  }

  #watch(): Promise<void> {
    const { GROUP_JOIN, CRASH, HEARTBEAT, FETCH, END_BATCH_PROCESS } = this.#consumer.events;
    const joined = Promise.withResolvers<void>();
    this.#consumer.on(GROUP_JOIN, ({ payload }) => {
      this.#positionsKnown = this.#findPositions(payload.memberAssignment[this.#options.topic] ?? []);
      this.#positionsKnown.then(joined.resolve, (error) => this.#end.reject(error));
    });
    this.#consumer.on(CRASH, ({ payload }) => this.#end.reject(payload.error));
    const sign = () => {
      this.#signMs = performance.now();
    };
    for (const event of [HEARTBEAT, FETCH, END_BATCH_PROCESS] as const) this.#consumer.on(event as typeof FETCH, sign);
    void this.#watchSilence();
    return joined.promise;
  }

  async #watchSilence(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      await pause(5000, this.#closing.signal);
      const silentMs = performance.now() - this.#signMs;
      if (silentMs > silenceMs) this.#end.reject(new Error(`the consumer has been silent for ${silentMs / 1000} s`));
    }
  }

  async #take(payload: EachBatchPayload): Promise<void> {
    const { batch, isStale, isRunning } = payload;
    await this.#positionsKnown;
    if (isStale() || !isRunning() || batch.messages.length === 0) return;
    const { topic, partition, messages } = batch;
    const records = recordsOf(messages, topic, partition, Number((batch as FetchedBatch).fetchedOffset ?? 0));
    if (records.length > 0 && !(await this.#followsOn(partition, BigInt(records[0]!.offset)))) return;
    const stopHeartbeat = this.#keepHeartbeat(payload);
    try {
      await this.#onBatch({ records, done: () => this.#commit(payload) });
    } finally {
      stopHeartbeat();
    }
  }

  /** A sink may take longer than the session's timeout; a failing heartbeat is seen by kafkajs after the batch. */
  #keepHeartbeat(payload: EachBatchPayload): () => void {
    const timer = setInterval(() => payload.heartbeat().catch(() => {}), heartbeatMs);
    return () => clearInterval(timer);
  }

  async #commit({ batch, resolveOffset, commitOffsetsIfNecessary }: EachBatchPayload): Promise<void> {
    const { topic, partition } = batch;
    const next = BigInt(batch.lastOffset()) + 1n;
    const offsets = { topics: [{ topic, partitions: [{ partition, offset: `${next}` }] }] };
    for (let attempt = 1; ; attempt++) {
      try {
        await commitOffsetsIfNecessary(offsets);
        break;
      } catch (error) {
        if (isRebalance(error)) throw error;
        if (attempt < commitAttempts && !this.#closing.signal.aborted) {
          await pause(250 * attempt, this.#closing.signal);
          continue;
        }
        // Going on would leave the batch uncommitted until the next one (https://github.com/tulios/kafkajs/issues/1729).
        const failure = new Error(`offset ${next} of ${topic}/${partition} was not committed`, { cause: error });
        this.#end.reject(failure);
        throw failure;
      }
    }
    resolveOffset(batch.lastOffset());
    this.#positions.set(partition, { expected: next, askedAgain: undefined });
    this.#progress.lagOfPartition.set(partition, Math.max(0, Number(BigInt(batch.highWatermark) - next)));
  }

  /** After each join: what the group has committed is compared with what the topic holds. */
  async #findPositions(partitions: readonly number[]): Promise<void> {
    const { topic, groupId, access } = this.#options;
    const [ranges, committed] = await withKafkaAdmin(this.#kafka, access, (admin) =>
      Promise.all([rangesOf(admin, topic), admin.fetchOffsets({ groupId, topics: [topic] })]),
    );
    const positions = new Map<number, Position>();
    this.#progress.lagOfPartition.clear();
    for (const range of ranges.filter(({ partition }) => partitions.includes(partition))) {
      const entry = committed[0]?.partitions.find(({ partition }) => partition === range.partition);
      const verdict = judgeCommitted(BigInt(entry?.offset ?? -1), range);
      positions.set(range.partition, { expected: verdict.offset, askedAgain: undefined });
      this.#progress.lagOfPartition.set(range.partition, Number(range.high - verdict.offset));
      this.#follow(range.partition, verdict);
    }
    this.#positions = positions;
  }

  /** Whether the batch that begins at `first` may be taken; if not, the consumer was sent elsewhere. */
  async #followsOn(partition: number, first: bigint): Promise<boolean> {
    const position = this.#positions.get(partition);
    if (position === undefined || position.expected === first) return true;
    const range = await this.#range(partition);
    const verdict = judgeJump(first, position.expected, range, position.askedAgain === position.expected);
    this.#follow(partition, verdict);
    const askedAgain = verdict.offset === position.expected ? position.expected : undefined;
    this.#positions.set(partition, { expected: verdict.offset, askedAgain });
    return verdict.action === 'accept';
  }

  #follow(partition: number, verdict: PositionVerdict): void {
    const { topic, groupId, log } = this.#options;
    if (verdict.reset !== undefined) {
      this.#progress.offsetResets += 1;
      this.#progress.skippedRecords += Number(verdict.skipped);
      log(`WARNING: ${groupId}, ${topic}/${partition}: ${verdict.reset}; ${verdict.skipped} records were skipped`);
    }
    if (verdict.action === 'seek') this.#consumer.seek({ topic, partition, offset: `${verdict.offset}` });
  }

  /** kafkajs says only in its log that an offset was out of range, before it goes to a place of its own choice. */
  #read(message: string, extra: Readonly<Record<string, unknown>>): void {
    if (!message.startsWith('Offset out of range')) return;
    const partition = Number(extra.partition);
    this.#positionsKnown = this.#positionsKnown
      .then(async () => {
        const [range, position] = [await this.#range(partition), this.#positions.get(partition)];
        const verdict = judgeCommitted(position?.expected ?? -1n, range);
        this.#follow(partition, { ...verdict, action: 'seek' });
        this.#positions.set(partition, { expected: verdict.offset, askedAgain: undefined });
      })
      .catch((error) => this.#end.reject(new Error(`out of range: ${reasonOf(error)}`)));
  }

  async #range(partition: number): Promise<PartitionRange> {
    const { access, topic } = this.#options;
    const ranges = await withKafkaAdmin(this.#kafka, access, (admin) => rangesOf(admin, topic));
    const range = ranges.find((each) => each.partition === partition);
    if (range === undefined) throw new Error(`topic ${topic} has no partition ${partition}`);
    return range;
  }
}

async function rangesOf(admin: ReturnType<Kafka['admin']>, topic: string): Promise<PartitionRange[]> {
  const offsets = await admin.fetchTopicOffsets(topic);
  return offsets.map(({ partition, low, high }) => ({ partition, low: BigInt(low), high: BigInt(high) }));
}

/** kafkajs has the offset that was asked for, but does not declare it; a record batch may begin before it. */
type FetchedBatch = EachBatchPayload['batch'] & { readonly fetchedOffset?: string };

const rebalanceErrors = [
  'REBALANCE_IN_PROGRESS',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'NOT_COORDINATOR_FOR_GROUP',
];

function isRebalance(error: unknown): boolean {
  return error instanceof Error && 'type' in error && rebalanceErrors.includes(String(error.type));
}
