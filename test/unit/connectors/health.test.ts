import { afterEach, expect, test } from '@jest/globals';
import { type HealthServer, startHealthServer } from '../../../platform/connectors/health.ts';

let server: HealthServer | undefined;
afterEach(() => server?.close());

const identity = { task: 'shop.sinks.0', pipeline: 'shop', revision: 3 };

test('says whether the task is ready and what it waits for, and counts', async () => {
  let state = { ready: false, waitingFor: 'Kafka' };
  const listen = { address: '127.0.0.1', health: 0 };
  server = await startHealthServer({ ...identity, listen }, { state: () => state, metrics: () => ({ flows: {} }) });
  const ask = async (path: string, init?: RequestInit) => {
    const response = await fetch(`http://127.0.0.1:${server!.port}${path}`, init);
    return [response.status, await response.json()];
  };
  expect(await ask('/healthz')).toEqual([503, { ...identity, ready: false, waitingFor: 'Kafka' }]);
  state = { ready: true, waitingFor: '' };
  expect(await ask('/healthz?verbose')).toEqual([200, { ...identity, ready: true, waitingFor: '' }]);
  expect(await ask('/metrics.json')).toEqual([200, { ...identity, flows: {} }]);
  expect((await ask('/'))[0]).toBe(404);
  expect((await ask('/healthz', { method: 'POST' }))[0]).toBe(405);
  const taken = startHealthServer(
    { ...identity, listen: { address: '127.0.0.1', health: server.port } },
    { state: () => state, metrics: () => ({}) },
  );
  await expect(taken).rejects.toThrow(/EADDRINUSE/);
});
