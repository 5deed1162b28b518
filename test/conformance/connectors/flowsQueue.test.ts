import { Queue } from 'bullmq';
import { physical } from '../../../platform/model/names.ts';
import { startRedis } from '../../fixtures/servers.ts';
import { pipeline, type Store } from './flowRoom.ts';
import { flowSuite } from './flowSuite.ts';

async function startStore(firstPort: number): Promise<Store> {
  const { server, access } = await startRedis(firstPort, { maxMemoryMiB: 512 });
  return {
    server,
    access: { redis: access },
    to: (name) => ({ kind: 'bullmq', queue: name }),
    stored: async (name) => {
      const queue = new Queue(physical.queue(pipeline, name), { connection: { ...access } });
      const jobs = await queue.getJobs(['waiting']);
      await queue.close();
      const counts = new Map<string, number>();
      for (const { data } of jobs) counts.set(data.id, (counts.get(data.id) ?? 0) + 1);
      return counts;
    },
  };
}

flowSuite({ name: 'a BullMQ queue', firstPort: 24_380, startStore });
