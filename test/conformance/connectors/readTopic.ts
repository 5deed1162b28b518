import { Kafka, type KafkaMessage, logLevel } from 'kafkajs';
import type { KafkaAccess } from '../../../platform/connectors/config.ts';

export function clientOf({ brokers, mechanism, username, password }: KafkaAccess): Kafka {
  return new Kafka({ brokers: [...brokers], sasl: { mechanism, username, password }, logLevel: logLevel.NOTHING });
}

/** Every record of the topic that is there now, with kafkajs as it comes. */
export async function readTopic(access: KafkaAccess, topic: string): Promise<KafkaMessage[]> {
  const kafka = clientOf(access);
  const admin = kafka.admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(topic);
  const prefix = topic.split('.')[0];
  const consumer = kafka.consumer({ groupId: `${prefix}.read-${Date.now()}-${Math.random()}`, maxWaitTimeInMs: 100 });
  const messages: KafkaMessage[] = [];
  const left = new Map(ends.flatMap(({ partition, low, high }) => (low === high ? [] : [[partition, BigInt(high)]])));
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await new Promise<void>((resolve) => {
    if (left.size === 0) return resolve();
    void consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        if (!left.has(batch.partition)) return;
        messages.push(...batch.messages.filter(({ offset }) => BigInt(offset) < left.get(batch.partition)!));
        if (BigInt(batch.lastOffset()) + 1n >= left.get(batch.partition)!) left.delete(batch.partition);
        if (left.size === 0) resolve();
      },
    });
  });
  await consumer.disconnect();
  await admin.disconnect();
  return messages;
}

export async function produce(
  access: KafkaAccess,
  topic: string,
  messages: readonly {
    key: string | null;
    value: Buffer | string | null;
    headers?: Record<string, string>;
    partition?: number;
  }[],
): Promise<void> {
  const producer = clientOf(access).producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  try {
    for (let i = 0; i < messages.length; i += 1000)
      await producer.send({ topic, acks: -1, messages: messages.slice(i, i + 1000) });
  } finally {
    await producer.disconnect();
  }
}
