/** The probe of the Spark master against servers that are not it, or not yet. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { sparkReady } from '../../../platform/frameworks/spark/ready.ts';

let server: Server | undefined;
afterEach(() => {
  server?.close();
});

async function probe(status: number, headers: Record<string, string> = {}, body = '{}') {
  server = createServer((_, response) => response.writeHead(status, headers).end(body));
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const web = (server.address() as AddressInfo).port;
  const demand = { group: 'spark.master' };
  const master = { task: 'spark.master.0', address: '127.0.0.1', ports: { rpc: 1, web }, demand };
  const access = { placements: [master], identity: 'ours', secret: () => 'password' };
  return sparkReady(access as never, master as never);
}

test('a master whose pages are not there yet is waited for', async () => {
  const waitingFor = expect.stringMatching(/^the master's pages at 127\.0\.0\.1:\d+$/);
  expect(await probe(404)).toEqual({ ready: false, waitingFor });
});

test('a master whose root page answers for the others is waited for', async () => {
  const waitingFor = expect.stringMatching(/^the master's pages at/);
  expect(await probe(200, { 'millrace-identity': 'ours' }, '<!DOCTYPE html>')).toEqual({ ready: false, waitingFor });
});

test.each<[number, Record<string, string>]>([
  [200, {}],
  [401, {}],
  [404, { 'millrace-identity': 'of another' }],
  [200, { 'millrace-identity': 'of another' }],
])('a server that answers %d %j is not ours', async (status, headers) => {
  await expect(probe(status, headers)).rejects.toMatchObject({ code: 'WRONG_IDENTITY' });
});
