/**
 * The dead-letter topic: records that can't be processed, as they were (key, value and headers; a null value stays null),
 * with headers that tell why and from where. What is too large for the topic keeps its first bytes, and says so.
 */
import type { Poison } from '../contract.ts';
import type { KafkaMessage } from '../event.ts';
import { createKafkaProducer, isTooLarge, type KafkaProducerOptions, messageBytes } from './producer.ts';

export const deadLetterHeaders = {
  reason: 'millrace-reason',
  detail: 'millrace-detail',
  flow: 'millrace-flow',
  originTopic: 'millrace-origin-topic',
  originPartition: 'millrace-origin-partition',
  originOffset: 'millrace-origin-offset',
  /** Only where the value was cut: the length that it had, in bytes. */
  cutFrom: 'millrace-value-cut-from',
} as const;

export interface DeadLetters {
  open(): Promise<void>;
  /** Resolves when all are acknowledged. Rejects when Kafka can't be reached; a repeat may then store some twice. */
  write(poison: readonly Poison[]): Promise<void>;
  close(): Promise<void>;
}

export interface DeadLetterOptions extends KafkaProducerOptions {
  /** Physical name. */
  readonly topic: string;
  readonly flow: string;
}

/** Above this many bytes a record goes alone, so that its neighbours are not refused with it. */
const aloneBytes = 64 * 1024;
const keptBytes = 16 * 1024;

export function createDeadLetters(options: DeadLetterOptions): DeadLetters {
  const { topic, flow } = options;
  const producer = createKafkaProducer(options);
  const writeAlone = async (message: KafkaMessage): Promise<void> => {
    try {
      await producer.send(topic, [message]);
    } catch (error) {
      if (!isTooLarge(error)) throw error;
      await producer.send(topic, [cut(message)]);
    }
  };
  return {
    open: () => producer.open([topic]),
    close: () => producer.close(),
    write: async (poison) => {
      const messages = poison.map((each) => deadLetterOf(each, flow));
      const large = messages.filter((message) => messageBytes(message) > aloneBytes);
      const small = messages.filter((message) => messageBytes(message) <= aloneBytes);
      if (small.length > 0) await producer.send(topic, small);
      for (const message of large) await writeAlone(message);
    },
  };
}

export function deadLetterOf({ raw, reason, detail }: Poison, flow: string): KafkaMessage {
  const headers: Record<string, Buffer | string> = {};
  for (const name in raw.headers) {
    const value = raw.headers[name];
    if (value !== undefined) headers[name] = value;
  }
  headers[deadLetterHeaders.reason] = reason;
  headers[deadLetterHeaders.detail] = detail.slice(0, 500);
  headers[deadLetterHeaders.flow] = flow;
  headers[deadLetterHeaders.originTopic] = raw.topic;
  headers[deadLetterHeaders.originPartition] = `${raw.partition}`;
  headers[deadLetterHeaders.originOffset] = raw.offset;
  return { key: raw.key, value: raw.value, headers };
}

/** Its headers and key may be what is too large: only ours are kept then, and the key's first bytes. */
function cut(message: KafkaMessage): KafkaMessage {
  const value = message.value === null ? null : Buffer.from(message.value);
  const headers: Record<string, Buffer | string> = {};
  for (const name in message.headers) {
    const header = message.headers[name]!;
    if (name.startsWith('millrace-') || header.length <= 256) headers[name] = header.slice(0, 1024);
  }
  headers[deadLetterHeaders.cutFrom] = `${value?.length ?? 0}`;
  const key = message.key === null ? null : message.key.slice(0, 1024);
  return { key, value: value?.subarray(0, keptBytes) ?? null, headers };
}
