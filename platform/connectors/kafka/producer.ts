/**
 * Writes records and resolves when all in-sync replicas have them (idempotent, acks=all). kafkajs sets the sequence numbers
 * of a producer back after a request that failed for good; records sent after that could be taken for repeats and be
 * acknowledged without being stored. So a producer that has failed is thrown away, and the next call makes a new one.
 */
import type { Message, Producer } from 'kafkajs';
import type { KafkaAccess } from '../config.ts';
import type { EventRecord, Sink, WriteOutcome } from '../contract.ts';
import { encodeEvent, type KafkaMessage, poison } from '../event.ts';
import { createKafkaClient, withKafkaAdmin } from './client.ts';
import { SentPartitions } from './sentPartitions.ts';

export interface KafkaProducerOptions {
  readonly access: KafkaAccess;
  readonly clientId: string;
}

export interface KafkaProducer {
  /** Rejects when Kafka is not there, not ours, or one of `topics` is missing. */
  open(topics: readonly string[]): Promise<void>;
  /** Rejects when one of the records is not acknowledged; then some of the others may be stored. */
  send(topic: string, messages: readonly KafkaMessage[]): Promise<void>;
  close(): Promise<void>;
}

/** All messages of a request may go to one partition as one record batch, and brokers take 1 MiB (message.max.bytes). */
const maxRequestBytes = 600 * 1024;
const maxRequestRecords = 2000;

export function createKafkaProducer(options: KafkaProducerOptions): KafkaProducer {
  const sent = new SentPartitions();
  let connected: Promise<Producer> | undefined;

  const connect = async (topics: readonly string[]): Promise<Producer> => {
    const kafka = createKafkaClient({ ...options, retries: 5 });
    await withKafkaAdmin(kafka, options.access, (admin) => admin.fetchTopicMetadata({ topics: [...topics] }));
    const settings = { idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false };
    const producer = kafka.producer({ ...settings, createPartitioner: sent.createPartitioner });
    await producer.connect();
    return producer;
  };
  const connection = (topics: readonly string[]): Promise<Producer> => {
    connected ??= connect(topics).catch((error) => {
      connected = undefined;
      throw error;
    });
    return connected;
  };
  const discard = async () => {
    const producer = connected;
    connected = undefined;
    await producer?.then((each) => each.disconnect()).catch(() => {});
  };

  return {
    open: async (topics) => void (await connection(topics)),
    close: discard,
    send: async (topic, messages) => {
      const producer = await connection([topic]);
      try {
        for (const request of requestsOf(messages))
          await sent.checked(() => producer.send({ topic, acks: -1, timeout: 10_000, messages: request as Message[] }));
      } catch (error) {
        await discard();
        throw error;
      }
    },
  };
}

function* requestsOf(messages: readonly KafkaMessage[]): Generator<KafkaMessage[]> {
  let request: KafkaMessage[] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = messageBytes(message);
    if (request.length > 0 && (bytes + size > maxRequestBytes || request.length >= maxRequestRecords)) {
      yield request;
      request = [];
      bytes = 0;
    }
    request.push(message);
    bytes += size;
  }
  if (request.length > 0) yield request;
}

/** Bytes on the wire, framing left out; of text at most. */
export function messageBytes({ key, value, headers }: KafkaMessage): number {
  let bytes = sizeOf(key) + sizeOf(value);
  for (const name in headers) bytes += name.length + sizeOf(headers[name]!);
  return bytes;
}

function sizeOf(part: Buffer | string | null): number {
  return part === null ? 0 : typeof part === 'string' ? Buffer.byteLength(part) : part.length;
}

/** Whether the broker finds a record too large for its topic (max.message.bytes). */
export function isTooLarge(error: unknown): boolean {
  for (let each = error; each instanceof Error; each = each.cause) {
    if ('type' in each && (each.type === 'MESSAGE_TOO_LARGE' || each.type === 'RECORD_LIST_TOO_LARGE')) return true;
  }
  return false;
}

export interface KafkaSinkOptions extends KafkaProducerOptions {
  /** Physical name. */
  readonly topic: string;
  /** The field that is the key, or `event_id`. */
  readonly keyField: string;
}

/** Kafka as a sink. A record that the topic finds too large is poison; a repeated write leaves a second record. */
export function createKafkaSink(options: KafkaSinkOptions): Sink {
  const { topic, keyField } = options;
  const producer = createKafkaProducer(options);
  const writeEach = async (records: readonly EventRecord[]): Promise<WriteOutcome> => {
    const refused = [];
    for (const record of records) {
      try {
        await producer.send(topic, [encodeEvent(record, keyField)]);
      } catch (error) {
        if (!isTooLarge(error)) throw error;
        refused.push(poison(record.raw, 'refused-by-store', `too large for topic ${topic}`));
      }
    }
    return { poison: refused };
  };
  return {
    open: () => producer.open([topic]),
    close: () => producer.close(),
    write: async (records) => {
      try {
        await producer.send(
          topic,
          records.map((record) => encodeEvent(record, keyField)),
        );
        return { poison: [] };
      } catch (error) {
        if (!isTooLarge(error)) throw error;
        return writeEach(records);
      }
    },
  };
}
