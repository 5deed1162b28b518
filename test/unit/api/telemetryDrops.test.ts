/** What is dropped anywhere is shown: a collector that is dead, seen from `GET /api/telemetry` and from the exported metrics. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { openParts } from '../../../platform/api/parts.ts';
import { createProcessDriver } from '../../../platform/cluster/process/driver.ts';
import { startHealthServer } from '../../../platform/connectors/health.ts';
import { dropRows } from '../../../platform/console/app/pages/telemetry/drops.ts';
import { createRecords } from '../../../platform/records/records.ts';
import { createSecrets } from '../../../platform/secrets/secrets.ts';
import { forwardDrops, spanDrops } from '../../../platform/telemetry/drops.ts';
import { createForwarder } from '../../../platform/telemetry/otlp/forward.ts';
import { createSpanRecorder } from '../../../platform/telemetry/recorder.ts';
import { deployed, inputOf, planned } from '../plan/world.ts';
import { ask, startWorld, type World } from './world.ts';

const api = 'millrace.api.0';
const ends: (() => unknown)[] = [];
const variables = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TIMEOUT', 'OTEL_METRIC_EXPORT_INTERVAL'];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  for (const name of variables) delete process.env[name];
});

const span = {
  ...{ name: 'sink', kind: 'internal' as const, traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) },
  ...{ startMs: 1, endMs: 2, attributes: {} },
};

/** A collector that refuses: spans, metrics and what is handed on are lost, each at once. */
async function deadCollector(): Promise<void> {
  const server = createServer((_, response) => response.writeHead(400).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => server.close());
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  process.env.OTEL_EXPORTER_OTLP_TIMEOUT = '500';
  process.env.OTEL_METRIC_EXPORT_INTERVAL = '100';
}

/** A task that answers at its health port with the counts of a recorder. */
async function recordTask({ home }: World, spans: object): Promise<string> {
  const record = deployed(inputOf(), planned(inputOf())).current!;
  const [placement] = record.plan.placements.filter(({ ports }) => ports.health !== undefined);
  const { task } = placement!;
  const server = await startHealthServer(
    { task, pipeline: record.pipeline, revision: 1, listen: { address: '127.0.0.1', health: 0 } },
    { state: () => ({ ready: true, waitingFor: '' }), metrics: () => ({ spans }) },
  );
  ends.push(() => server.close());
  const silent = { ...placement!, task: 'pp.gone.0', ports: { health: 1 } };
  const placements = [{ ...placement!, address: '127.0.0.1', ports: { health: server.port } }, silent];
  createRecords(home).writePipeline({ ...record, plan: { ...record.plan, placements } });
  return task;
}

test('spans, points and requests that a dead collector did not take are told by the API, by task and reason', async () => {
  await deadCollector();
  let drops = () => [] as ReturnType<typeof forwardDrops>;
  const world = await startWorld({ drops: () => drops() });
  ends.push(world.close);
  const { home } = world;
  const forward = createForwarder(process.env)!;
  const recorder = createSpanRecorder({ service: 'a', instance: api, spansDir: home.spansDir, env: process.env });
  const log = () => {};
  const parts = await openParts({
    ...{ home, records: createRecords(home), secrets: createSecrets(home.secretsDir), log, bus: world.bus },
    ...{ driver: createProcessDriver(home), env: process.env, workflowUrl: () => null },
    drops: () => [...spanDrops(api, recorder.counters), ...forwardDrops(api, forward)],
  });
  ends.push(() => Promise.all([parts.close(), forward.close(100), recorder.shutdown()]));
  drops = () => [...parts.drops()];
  const task = await recordTask(world, { recorded: 9, written: 7, dropped: 2, undelivered: 3 });
  recorder.record(span);
  await recorder.flush();
  forward.forward({ signal: 'logs', contentType: 'application/json', body: Buffer.from('{}') });
  while (parts.drops().length < 3) await sleep(20);
  const headers = [['Authorization', `Bearer ${world.credentials.bearer()}`] as const];
  const { status, body } = await ask(world.server.port, { path: '/api/telemetry', headers });
  expect(status).toBe(200);
  const { undelivered, silent } = JSON.parse(body);
  expect(undelivered).toEqual(
    expect.arrayContaining([
      { task: api, signal: 'spans', reason: 'not taken by the collector', count: 1 },
      { task: api, signal: 'forwarded', reason: 'answer 400', count: 1 },
      { task: api, signal: 'metrics', reason: expect.stringContaining('not taken'), count: expect.any(Number) },
      { task, signal: 'spans', reason: 'not written to the span files', count: 2 },
      { task, signal: 'spans', reason: 'not taken by the collector', count: 3 },
    ]),
  );
  expect(silent).toEqual(['pp.gone.0']);
  expect(dropRows({ dropped: { 'queue full': 1 }, undelivered }).map(({ what }) => what)).toEqual(
    expect.arrayContaining(['What came in', 'Spans', 'Points of metrics', 'Requests handed on']),
  );
});
