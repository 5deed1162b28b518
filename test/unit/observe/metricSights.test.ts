/** What is exported is asked of the tasks themselves: of those that answer under their own name. */
import { afterEach, expect, test } from '@jest/globals';
import { type HealthServer, startHealthServer } from '../../../platform/connectors/health.ts';
import type { PipelineRecord } from '../../../platform/model/records.ts';
import { createSightReader } from '../../../platform/observe/metricSights.ts';
import { bornMs, sink } from '../export/sights.ts';

const servers: HealthServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function task(name: string, dropped: number): Promise<number> {
  const store = sink('store');
  store.pass([5], bornMs);
  const config = { task: name, pipeline: 'p', revision: 1, listen: { address: '127.0.0.1', health: 0 } };
  const server = await startHealthServer(config, {
    state: () => ({ ready: true, waitingFor: '' }),
    metrics: () => ({ spans: { recorded: 9, written: 9 - dropped, dropped, undelivered: 2 } }),
    stages: () => [store.meter.report()],
  });
  servers.push(server);
  return server.port;
}

test('tasks that do not answer, or are others, are left out; what nobody has seen is not told', async () => {
  const ports = { 'p.sinks.0': await task('p.sinks.0', 1), 'p.sinks.1': await task('q.sinks.1', 0), 'p.gone.0': 1 };
  const placements = Object.entries(ports).map(([name, health]) => ({
    task: name,
    address: '127.0.0.1',
    ports: { health },
  }));
  const record = { pipeline: 'p', plan: { placements } } as unknown as PipelineRecord;
  const nothing = () => undefined;
  const read = createSightReader({
    records: () => [record],
    watcher: { summary: nothing, ledger: nothing, lag: nothing },
    objectives: () => [{ name: 'fresh', target: 0.9, reached: null, burnRates: {} }],
  });
  const [sight] = await read();
  expect(sight).toMatchObject({ pipeline: 'p', state: undefined, objectives: [{ name: 'fresh' }] });
  const found = sight!.tasks.map(({ task: name, stages }) => [name, stages.length]);
  expect(found).toEqual([
    ['p.sinks.0', 1],
    ['p.sinks.1', 0],
    ['p.gone.0', 0],
  ]);
  expect(sight!.tasks[0]!.stages[0]!.checkpoint.pathways[0]).toMatchObject({ count: 1 });
  expect(sight!.spansDropped).toEqual({ 'p.sinks.0': 3 });
});
