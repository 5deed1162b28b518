import { physical } from '../../../platform/model/names.ts';
import { startKafka } from '../../fixtures/servers.ts';
import { fieldsOf, partitions } from './flowRecords.ts';
import { pipeline, type Store } from './flowRoom.ts';
import { flowSuite } from './flowSuite.ts';
import { readTopic } from './readTopic.ts';

/** Another broker than the source's, so that one of them can be killed alone. */
async function startStore(firstPort: number): Promise<Store> {
  const { server, access, makeTopics } = await startKafka(firstPort, pipeline);
  return {
    server,
    access: {},
    // No blueprint can ask for this sink yet (flowSpec): its flow is made in a process of the test's own.
    to: (name) => ({ kind: 'bullmq', queue: name }),
    entry: new URL('../../fixtures/kafkaFlowHost.ts', import.meta.url).pathname,
    extra: (name) => ({ target: { access, topic: physical.topic(pipeline, name) } }),
    make: (name, small) => makeTopics([name], partitions, small ? { 'max.message.bytes': '50000' } : {}),
    stored: async (name) => {
      const counts = new Map<string, number>();
      for (const { headers } of await readTopic(access, physical.topic(pipeline, name))) {
        const id = `${headers?.ce_id}`;
        counts.set(id, (counts.get(id) ?? 0) + 1);
      }
      return counts;
    },
    refused: (i) => ({
      value: JSON.stringify(fieldsOf(i, { note: 'x'.repeat(100_000) })),
      reason: 'refused-by-store',
    }),
    keepsRepeats: true,
  };
}

flowSuite({ name: 'a Kafka topic', firstPort: 24_420, startStore });
