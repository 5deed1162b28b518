import { Client } from 'cassandra-driver';
import { tableSpec } from '../../../platform/model/blueprint.ts';
import { physical } from '../../../platform/model/names.ts';
import { startCassandra } from '../../fixtures/servers.ts';
import { pipeline, type Store } from './flowRoom.ts';
import { flowSuite } from './flowSuite.ts';

const table = {
  columns: {
    place: { type: 'string' as const },
    event_id: { type: 'string' as const },
    minutes: { type: 'int' as const },
    note: { type: 'string' as const },
  },
  partitionKey: ['place'],
  clusteringKey: [{ column: 'event_id', order: 'asc' as const }],
};

async function startStore(firstPort: number): Promise<Store> {
  const { server, access, makeTable } = await startCassandra(firstPort, pipeline);
  const { contactPoints, localDataCenter, keyspace, username, password } = access;
  return {
    server,
    access: { cassandra: access },
    tables: (name) => ({ [name]: table }),
    to: (name) => ({ kind: 'cassandra', table: name, omit: ['id', 'seen_at'] }),
    make: (name) => makeTable(name, tableSpec.parse(table)),
    stored: async (name) => {
      const points = { contactPoints: [...contactPoints], localDataCenter, keyspace };
      const client = new Client({ ...points, credentials: { username, password } });
      try {
        const query = `SELECT event_id FROM ${physical.table(name)}`;
        const { rows } = await client.execute(query, [], { fetchSize: 100_000 });
        return new Map(rows.map((row) => [row.event_id, 1]));
      } finally {
        await client.shutdown();
      }
    },
    // Longer than Cassandra takes in a key (65,535 bytes): only the server knows that.
    refused: () => ({
      headers: { ce_id: 'x'.repeat(70_000), ce_time: '2026-11-24T00:00:00.000Z' },
      reason: 'refused-by-store',
    }),
  };
}

flowSuite({ name: 'Cassandra', firstPort: 24_300, startStore });
