/** The life of one kafkajs consumer, from connecting to its end; it is never restarted. */
import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import { pause, reasonOf } from '../backoff.ts';
import type { Batch } from '../contract.ts';
import { createKafkaClient } from './client.ts';
import { endableFetchLoops } from './fetchLoop.ts';
import { fetchRecordBatches, recordsOf } from './fetchResponse.ts';
import { type Look, Positions } from './positions.ts';
import { SessionWatch } from './sessionWatch.ts';
import { type FetchBounds, fetchBounds, type KafkaSourceOptions, type SourceProgress } from './sourceOptions.ts';

/**
 * A process that was killed, or a broker that was, leaves a member behind that the group waits for until its session ends:
 * the pause of a flow after kill -9. Brokers take no less than 6 s (group.min.session.timeout.ms).
 */
const sessionTimeoutMs = 8000;
const rebalanceTimeoutMs = 15_000;
const heartbeatMs = 2000;
const commitAttempts = 4;
/**
 * kafkajs may wait without end for a connection that is gone. After this long its group has given the member up, so that the next
 * consumer can do without its farewell.
 */
const closeWithinMs = 10_000;

export class ConsumerSession {
  readonly #options: KafkaSourceOptions;
  readonly #bounds: FetchBounds;
  readonly #progress: SourceProgress;
  readonly #onBatch: (batch: Batch) => Promise<void>;
  readonly #kafka: Kafka;
  readonly #endFetchLoops: () => void;
  readonly #consumer: Consumer;
  readonly #end = Promise.withResolvers<void>();
  readonly #closing = new AbortController();
  readonly #positions: Positions;
  readonly #watch: SessionWatch;
  #positionsKnown: Promise<void> = Promise.resolve();
  #closed: Promise<void> | undefined;
  #abandoned = false;

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
    fetchRecordBatches(this.#kafka, (partition, end) => this.#watch.answered(partition, end));
    this.#endFetchLoops = endableFetchLoops(this.#kafka);
    this.#consumer = this.#kafka.consumer({
      groupId,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: rebalanceTimeoutMs,
      heartbeatInterval: heartbeatMs,
      maxBytesPerPartition: this.#bounds.maxBytesPerPartition,
      maxWaitTimeInMs: this.#bounds.maxWaitMs,
      allowAutoTopicCreation: false,
      retry: { initialRetryTime: 100, maxRetryTime: 2000, retries: 4, restartOnFailure: async () => false },
    });
    this.#positions = new Positions(this.#kafka, this.#consumer, options, progress);
    const { positionOf, ends } = this.#positions;
    const onTrouble = this.#end.reject;
    this.#watch = new SessionWatch({ topic: options.topic, times: options.watch, positionOf, ends, onTrouble });
    this.#end.promise.catch(() => {});
  }

  /** Resolves when the consumer has joined its group. Rejects when Kafka is not there, not ours, or lacks the topic. */
  async open(): Promise<void> {
    void this.#watch.run(this.#closing.signal);
    const opened = this.#open();
    opened.catch(() => {});
    await Promise.race([opened, this.#end.promise]);
  }

  async #open(): Promise<void> {
    const { topic, groupId } = this.#options;
    const { signal } = this.#closing;
    const firstLook = await this.#positions.look();
    signal.throwIfAborted();
    this.#watch.sign();
    this.#progress.waitingFor = `Kafka: joining consumer group ${groupId}`;
    const joined = this.#listen(firstLook);
    await this.#consumer.connect();
    await this.#consumer.subscribe({ topics: [topic], fromBeginning: true });
    signal.throwIfAborted();
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: this.#bounds.partitionsConcurrently,
      eachBatch: (payload) => this.#take(payload),
    });
    await joined;
  }

  /** Rejects with the reason when the session is over. */
  ended(): Promise<void> {
    return this.#end.promise;
  }

  /** After this a batch that is still in hand does not hold its group up any longer. */
  abandon(): void {
    this.#abandoned = true;
  }

  close(): Promise<void> {
    this.#closing.abort();
    this.#end.resolve();
    this.#endFetchLoops();
    this.#closed ??= this.#disconnect();
    return this.#closed;
  }

  /** What is in hand is waited for: the next session would be handed the same records. */
  async #disconnect(): Promise<void> {
    const over = new AbortController();
    const enough = this.#watch.allBack().then(() => pause(closeWithinMs, over.signal));
    await Promise.race([this.#consumer.disconnect(), enough]).finally(() => over.abort());
  }

  /**
   * What the first look has found is used at once, before kafkajs fetches anything. At a later join another member may have
   * committed meanwhile: nothing is fetched until that is known.
   */
  #findPositions(partitions: readonly number[], firstLook: Look | undefined): Promise<void> {
    if (firstLook !== undefined) {
      this.#positions.take(firstLook, partitions);
      this.#watch.assign(partitions);
      return Promise.resolve();
    }
    const { topic } = this.#options;
    this.#consumer.pause([{ topic }]);
    this.#watch.assign(partitions);
    return this.#positions.look().then((look) => {
      this.#positions.take(look, partitions);
      this.#consumer.resume([{ topic }]);
    });
  }

  #listen(firstLook: Look): Promise<void> {
    let unused: Look | undefined = firstLook;
    const { GROUP_JOIN, CRASH, HEARTBEAT, FETCH, END_BATCH_PROCESS } = this.#consumer.events;
    const joined = Promise.withResolvers<void>();
    this.#consumer.on(GROUP_JOIN, ({ payload }) => {
      this.#positionsKnown = this.#findPositions(payload.memberAssignment[this.#options.topic] ?? [], unused);
      unused = undefined;
      this.#positionsKnown.then(joined.resolve, (error) => this.#end.reject(error));
    });
    this.#consumer.on(CRASH, ({ payload }) => this.#end.reject(payload.error));
    for (const event of [HEARTBEAT, FETCH, END_BATCH_PROCESS] as const)
      this.#consumer.on(event as typeof FETCH, this.#watch.sign);
    this.#consumer.on(END_BATCH_PROCESS, ({ payload: { batchSize, partition, lastOffset, highWatermark } }) => {
      // Nothing but markers of transactions: kafkajs passes over them by itself.
      if (batchSize === 0) this.#positions.moveTo(partition, BigInt(lastOffset) + 1n, BigInt(highWatermark));
    });
    return joined.promise;
  }

  async #take(payload: EachBatchPayload): Promise<void> {
    const { batch, isStale, isRunning } = payload;
    await this.#positionsKnown;
    if (isStale() || !isRunning() || this.#closing.signal.aborted || batch.messages.length === 0) return;
    const { topic, partition, messages } = batch;
    const records = recordsOf(messages, topic, partition, Number((batch as FetchedBatch).fetchedOffset ?? 0));
    if (records.length > 0) {
      const first = BigInt(records[0]!.offset);
      if (!(await this.#positions.follows(partition, first))) return;
      this.#positions.tellLag(partition, first, BigInt(batch.highWatermark));
    }
    const stopHeartbeat = this.#keepHeartbeat(payload);
    const handBack = this.#watch.taken(partition);
    const done = () => {
      handBack();
      return this.#commit(payload);
    };
    try {
      await this.#onBatch({ records, anew: this.#positions.takeAnew(partition), done });
    } finally {
      handBack();
      stopHeartbeat();
    }
  }

  /** A sink may take longer than the session's timeout; a failing heartbeat is seen by kafkajs after the batch. */
  #keepHeartbeat(payload: EachBatchPayload): () => void {
    const timer = setInterval(() => {
      if (!this.#abandoned) payload.heartbeat().catch(() => {});
    }, heartbeatMs);
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
    this.#positions.moveTo(partition, next, BigInt(batch.highWatermark));
  }

  /** kafkajs says only in its log that an offset was out of range, before it goes to a place of its own choice. */
  #read(message: string, extra: Readonly<Record<string, unknown>>): void {
    if (!message.startsWith('Offset out of range')) return;
    this.#positionsKnown = this.#positionsKnown
      .then(() => this.#positions.leaveGone(Number(extra.partition)))
      .catch((error) => this.#end.reject(new Error(`out of range: ${reasonOf(error)}`)));
  }
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
