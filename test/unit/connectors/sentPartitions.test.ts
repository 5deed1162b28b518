import { expect, test } from '@jest/globals';
import type { PartitionerArgs, RecordMetadata } from 'kafkajs';
import { SentPartitions } from '../../../platform/connectors/kafka/sentPartitions.ts';

const partitionMetadata = [0, 1, 2, 3].map((partitionId) => ({
  ...{ partitionId, leader: 0, partitionErrorCode: 0 },
  ...{ replicas: [0], isr: [0] },
}));
const answer = (partitions: Iterable<number>) =>
  [...partitions].map((partition): RecordMetadata => ({ topicName: 't', partition, errorCode: 0 }));

/** Sends 40 records as kafkajs does, which asks for the partition of each; answers for all partitions but `without`. */
async function sending(sent: SentPartitions, without?: number): Promise<void> {
  const choose = sent.createPartitioner();
  await sent.checked(async () => {
    const chosen = new Set<number>();
    for (let at = 0; at < 40; at++) {
      const message = { key: `key-${at}`, value: 'x' };
      chosen.add(choose({ topic: 't', partitionMetadata, message } as unknown as PartitionerArgs));
      if (at % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    if (without !== undefined) chosen.delete(without);
    return answer(chosen);
  });
}

test('a send of which every partition was acknowledged is one', async () => {
  await sending(new SentPartitions());
});

test('a send that resolves without one of its partitions is none', async () => {
  await expect(sending(new SentPartitions(), 2)).rejects.toThrow('partitions 2 changed their leader');
});

test('sends at the same time do not mix, and one that fails does not stop the next', async () => {
  const sent = new SentPartitions();
  const ends = await Promise.allSettled([sending(sent), sending(sent, 1), sending(sent), sending(sent, 3)]);
  expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected']);
});
