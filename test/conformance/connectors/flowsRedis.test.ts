import { openProjection } from '../../../platform/connectors/redis/projection.ts';
import { startRedis } from '../../fixtures/servers.ts';
import { fieldsOf } from './flowRecords.ts';
import { pipeline, type Store } from './flowRoom.ts';
import { flowSuite } from './flowSuite.ts';

async function startStore(firstPort: number): Promise<Store> {
  const { server, access } = await startRedis(firstPort, { maxMemoryMiB: 256 });
  return {
    server,
    access: { redis: access },
    to: (name) => ({
      ...{ kind: 'redis', projection: name, maxMembers: 100_000 },
      ...{ member: 'id', score: 'minutes', version: 'seen_at' },
    }),
    stored: async (name) => {
      const board = await openProjection(access, pipeline, name);
      const entries = await board.top(100_000);
      await board.close();
      return new Map(entries.map(({ member }) => [member, 1]));
    },
    refused: (i) => ({ value: JSON.stringify(fieldsOf(i, { minutes: null })), reason: 'refused-by-store' }),
  };
}

flowSuite({ name: 'a Redis projection', firstPort: 24_340, startStore });
