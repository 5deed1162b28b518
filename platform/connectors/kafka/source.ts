/**
 * Kafka as a source: one consumer group, reading from the earliest record where the group is new. kafkajs consumers end in
 * several ways without coming back (https://github.com/tulios/kafkajs/issues/659, 1720), so none is trusted to: each runs as
 * a session (session.ts), and when a session ends, for whatever reason, the next one is made.
 */
import { Backoff, pause, reasonOf } from '../backoff.ts';
import type { Batch, Source, SourceState } from '../contract.ts';
import { ConsumerSession } from './session.ts';
import { StuckReader } from './sessionWatch.ts';
import type { KafkaSourceOptions, SourceProgress } from './sourceOptions.ts';

const backoffMs = { first: 200, most: 5000 };
/** Batches in flight have this long to end after `stop`. */
const drainMs = 10_000;

export function createKafkaSource(options: KafkaSourceOptions): Source {
  return new KafkaSource(options);
}

class KafkaSource implements Source {
  readonly #options: KafkaSourceOptions;
  readonly #stopping = new AbortController();
  readonly #progress: SourceProgress = {
    waitingFor: 'Kafka: not connected yet',
    offsetResets: 0,
    skippedRecords: 0,
    stalls: 0,
    lagOfPartition: new Map(),
  };
  /** Where a consumer was stuck, by partition. */
  readonly #stuckAt = new Map<number, bigint | undefined>();
  #session: ConsumerSession | undefined;
  #ended: Promise<void> = Promise.resolve();

  constructor(options: KafkaSourceOptions) {
    this.#options = options;
  }

  start(onBatch: (batch: Batch) => Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      this.#ended = this.#runSessions(onBatch, resolve).finally(resolve);
    });
  }

  state(): SourceState {
    const { lagOfPartition, ...rest } = this.#progress;
    let lagRecords: number | null = lagOfPartition.size === 0 ? null : 0;
    for (const lag of lagOfPartition.values()) lagRecords = (lagRecords ?? 0) + lag;
    return { ...rest, lagRecords };
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    const drained = new AbortController();
    const closed = (this.#session?.close() ?? Promise.resolve()).finally(() => drained.abort());
    await Promise.race([closed, pause(drainMs, drained.signal)]);
    this.#session?.abandon();
    await Promise.race([this.#ended, pause(1000, drained.signal)]);
  }

  async #runSessions(onBatch: (batch: Batch) => Promise<void>, onConnected: () => void): Promise<void> {
    const backoff = new Backoff(backoffMs.first, backoffMs.most);
    let said = '';
    while (!this.#stopping.signal.aborted) {
      const session = new ConsumerSession(this.#options, this.#progress, onBatch);
      this.#session = session;
      try {
        await session.open();
        this.#progress.waitingFor = '';
        onConnected();
        backoff.reset();
        said = '';
        await session.ended();
      } catch (error) {
        const reason = reasonOf(error);
        this.#progress.waitingFor = `Kafka: ${reason}`;
        if (error instanceof StuckReader) this.#noteStuck(error);
        else if (reason !== said && !this.#stopping.signal.aborted) this.#options.log(`waits for Kafka: ${reason}`);
        said = reason;
      }
      await session.close().catch(() => {});
      if (!this.#stopping.signal.aborted) await pause(backoff.nextMs(), this.#stopping.signal);
    }
  }

  #noteStuck({ positions, message }: StuckReader): void {
    this.#progress.stalls += 1;
    this.#options.log(`WARNING: ${this.#options.groupId}: ${message}`);
    const wasThere = ([partition, position]: [number, bigint | undefined]) =>
      this.#stuckAt.has(partition) && this.#stuckAt.get(partition) === position;
    if ([...positions].some(wasThere)) this.#options.giveUp?.(message);
    for (const [partition, position] of positions) this.#stuckAt.set(partition, position);
  }
}
