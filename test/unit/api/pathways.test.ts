/** `GET /api/pipelines/:pipeline/pathways`: asked of the tasks themselves. */
import { afterEach, expect, test } from '@jest/globals';
import { startHealthServer } from '../../../platform/connectors/health.ts';
import { createRecords } from '../../../platform/records/records.ts';
import { bornMs, sink } from '../export/sights.ts';
import { deployed, inputOf, planned } from '../plan/world.ts';
import { ask, startWorld } from './world.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

test('the ways to a stage are told with counts and latencies; a stage that is not there is named, and a silent task', async () => {
  const world = await startWorld();
  ends.push(world.close);
  const store = sink('store');
  store.pass([5, 7], bornMs);
  const record = deployed(inputOf(), planned(inputOf())).current!;
  const [placement] = record.plan.placements.filter(({ ports }) => ports.health !== undefined);
  const server = await startHealthServer(
    { task: placement!.task, pipeline: 'pp', revision: 1, listen: { address: '127.0.0.1', health: 0 } },
    { state: () => ({ ready: true, waitingFor: '' }), metrics: () => ({}), stages: () => [store.meter.report()] },
  );
  ends.push(() => server.close());
  const placements = [
    { ...placement!, address: '127.0.0.1', ports: { health: server.port } },
    { ...placement!, task: 'pp.gone.0', ports: { health: 1 } },
  ];
  createRecords(world.home).writePipeline({ ...record, plan: { ...record.plan, placements } });
  const headers = [['Authorization', `Bearer ${world.credentials.bearer()}`] as const];
  const path = `/api/pipelines/${record.pipeline}/pathways`;
  const { status, body } = await ask(world.server.port, { path: `${path}?stage=store`, headers });
  expect(status).toBe(200);
  expect(JSON.parse(body)).toMatchObject({
    silent: ['pp.gone.0'],
    checkpoints: [
      { stage: 'store', pathways: [{ chain: ['sink:store'], isWhole: true, count: 2, edge: { count: 2 } }] },
    ],
  });
  const unknown = await ask(world.server.port, { path: `${path}?stage=stor`, headers });
  expect([unknown.status, JSON.parse(unknown.body).error.code]).toEqual([404, 'API_NOT_FOUND']);
});
