/**
 * Writes accepted events to their topic. `send` resolves only when the broker has acknowledged every record (acks=all,
 * idempotent), and rejects in bounded time; nothing is kept for later.
 *
 * One request is under way at a time; what comes in meanwhile goes with the next one, so a busy ingress sends large
 * requests and an idle one waits for nobody. After a request that failed for good the producer is thrown away: kafkajs sets
 * its sequence numbers back, and other records sent under numbers that the broker has seen would be taken for repeats and
 * acknowledged without being stored.
 */
import type { Producer } from 'kafkajs';
import { pause, reasonOf } from '../backoff.ts';
import type { KafkaAccess } from '../config.ts';
import { createKafkaClient, withKafkaAdmin } from '../kafka/client.ts';
import { SentPartitions } from '../kafka/sentPartitions.ts';
import { type IngressFault, unavailable } from './fault.ts';
import type { EncodedRecord } from './record.ts';

export interface EventProducerOptions {
  readonly access: KafkaAccess;
  readonly clientId: string;
  /** Physical name. */
  readonly topic: string;
  readonly log: (message: string) => void;
  /** Called with the records of a request before it is sent, and when the broker has acknowledged it. Must not throw. */
  readonly onOffer?: (records: readonly EncodedRecord[]) => void;
  readonly onAcknowledged?: (records: readonly EncodedRecord[]) => void;
  /** Breaks the sending on purpose (telemetry/sabotage.ts): what is sent instead of `records`. */
  readonly sabotage?: <T extends object>(records: readonly T[]) => readonly T[];
}

export interface EventProducer {
  /** Begins to connect and returns; goes on trying, with backoff, until `stop`. */
  start(): void;
  /** Rejects with INGRESS_UNAVAILABLE when the broker has not acknowledged within `sendDeadlineMs`. */
  send(records: readonly EncodedRecord[]): Promise<void>;
  /** What is missing, or undefined when records can be sent. */
  waitingFor(): string | undefined;
  readonly counters: { requests: number; records: number; failures: number };
  /** Sends what is queued, then disconnects. */
  stop(): Promise<void>;
}

interface Pending {
  readonly records: readonly EncodedRecord[];
  readonly bytes: number;
  sent: number;
  readonly deadlineMs: number;
  resolve(): void;
  reject(fault: IngressFault): void;
}

export const sendDeadlineMs = 10_000;
/** All records of a request may go to one partition, as one record batch; brokers take 1 MiB (message.max.bytes). */
const maxRequestBytes = 700 * 1024;
const maxRequestRecords = 4000;
/**
 * How long the oldest record waits for others, unless many callers wait already. At 500 single events per second 5 ms take
 * the CPU from 26 % to 18 % of a core (measured, 2 cores), since a request to Kafka costs more than an event.
 */
const lingerMs = 5;
const lingerRequests = 100;
const backoffMs = { first: 200, most: 3000 };

export function createEventProducer(options: EventProducerOptions): EventProducer {
  return new BatchingProducer(options);
}

class BatchingProducer implements EventProducer {
  readonly counters = { requests: 0, records: 0, failures: 0 };
  readonly #options: EventProducerOptions;
  readonly #sent = new SentPartitions();
  #producer: Producer | undefined;
  #waitingFor = 'Kafka: not connected yet';
  #queue: Pending[] = [];
  #running: Promise<void> | undefined;
  #stopping = false;
  #wake: (() => void) | undefined;

  constructor(options: EventProducerOptions) {
    this.#options = options;
  }

  start(): void {
    void this.#connectUntilStopped();
  }

  waitingFor(): string | undefined {
    return this.#producer === undefined ? this.#waitingFor : undefined;
  }

  send(records: readonly EncodedRecord[]): Promise<void> {
    if (records.length === 0) return Promise.resolve();
    if (this.#producer === undefined) return Promise.reject(unavailable(this.#waitingFor));
    const bytes = records.reduce((sum, record) => sum + record.bytes, 0);
    return new Promise((resolve, reject) => {
      this.#queue.push({ records, bytes, sent: 0, deadlineMs: performance.now() + sendDeadlineMs, resolve, reject });
      this.#running ??= this.#drain();
    });
  }

  async stop(): Promise<void> {
    await this.#running;
    this.#stopping = true;
    this.#wake?.();
    await this.#producer?.disconnect().catch(() => {});
    this.#producer = undefined;
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0 && this.#producer !== undefined) {
      const ageMs = performance.now() - (this.#queue[0]!.deadlineMs - sendDeadlineMs);
      if (ageMs < lingerMs && this.#queue.length < lingerRequests) await pause(lingerMs - ageMs);
      const records = this.#takeRequest();
      try {
        this.#options.onOffer?.(records);
        await withDeadline(this.#request(this.#producer, records), this.#queue[0]!.deadlineMs - performance.now());
        this.counters.requests += 1;
        this.counters.records += records.length;
        this.#options.onAcknowledged?.(records);
        this.#settleSent();
      } catch (error) {
        this.#fail(reasonOf(error));
      }
    }
    // At once, not when the promise settles: a caller may send again in between.
    this.#running = undefined;
  }

  async #request(producer: Producer, records: readonly EncodedRecord[]): Promise<void> {
    const { topic, sabotage } = this.#options;
    const messages = (sabotage === undefined ? records : sabotage(records)) as EncodedRecord[];
    await this.#sent.checked(() => producer.send({ topic, acks: -1, timeout: 5000, messages }));
  }

  /** The oldest records that fit into one request; a large batch is spread over several. */
  #takeRequest(): EncodedRecord[] {
    const taken: EncodedRecord[] = [];
    let bytes = 0;
    for (const pending of this.#queue) {
      for (const record of pending.records.slice(pending.sent)) {
        if (taken.length > 0 && (bytes + record.bytes > maxRequestBytes || taken.length >= maxRequestRecords))
          return taken;
        taken.push(record);
        bytes += record.bytes;
        pending.sent += 1;
      }
    }
    return taken;
  }

  #settleSent(): void {
    while (this.#queue.length > 0 && this.#queue[0]!.sent === this.#queue[0]!.records.length)
      this.#queue.shift()!.resolve();
  }

  /** The broker does not answer: everyone who waits is told so at once, and a new producer is made. */
  #fail(reason: string): void {
    this.counters.failures += 1;
    const producer = this.#producer;
    this.#producer = undefined;
    this.#waitingFor = `Kafka: ${reason}`;
    this.#options.log(`sending failed, ${this.#queue.length} requests refused: ${reason}`);
    for (const pending of this.#queue.splice(0)) pending.reject(unavailable(`Kafka did not acknowledge: ${reason}`));
    producer?.disconnect().catch(() => {});
    this.#wake?.();
  }

  async #connectUntilStopped(): Promise<void> {
    let delayMs = backoffMs.first;
    while (!this.#stopping) {
      try {
        this.#producer = await this.#connect();
        this.#options.log(`writes to topic ${this.#options.topic}`);
        delayMs = backoffMs.first;
        if (!this.#stopping) await new Promise<void>((resolve) => (this.#wake = resolve));
      } catch (error) {
        const reason = reasonOf(error);
        if (this.#waitingFor !== `Kafka: ${reason}`) this.#options.log(`can not connect: ${reason}`);
        this.#waitingFor = `Kafka: ${reason}`;
        await pause(delayMs);
        delayMs = Math.min(delayMs * 2, backoffMs.most);
      }
    }
  }

  async #connect(): Promise<Producer> {
    const { access, clientId, topic } = this.#options;
    // Retries bridge a broker that restarts; `sendDeadlineMs` bounds them all.
    const kafka = createKafkaClient({ access, clientId, retries: 8 });
    // Nothing is written before the cluster that answers is known to be ours, and the topic to be there.
    await withKafkaAdmin(kafka, access, (admin) => admin.fetchTopicMetadata({ topics: [topic] }));
    const { createPartitioner } = this.#sent;
    const settings = { idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false };
    const producer = kafka.producer({ ...settings, createPartitioner });
    await producer.connect();
    return producer;
  }
}

async function withDeadline<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`no acknowledgement within ${sendDeadlineMs / 1000} s`)),
      Math.max(1, timeoutMs),
    );
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
