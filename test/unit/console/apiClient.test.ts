/** The console's calls against a server that breaks off where a network can. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createApi } from '../../../platform/console/app/api/client.ts';

let server: Server;
let answer: (reply: ServerResponse) => void;
let loggedOut = 0;

beforeEach(async () => {
  loggedOut = 0;
  server = createServer((_request, reply) => answer(reply));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** In a browser the address is the page's own. */
function api() {
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const reach: typeof fetch = (path, init) => fetch(`${origin}${path}`, init);
  return createApi({ fetch: reach, onLoggedOut: () => (loggedOut += 1) });
}

const half = (reply: ServerResponse, then: () => void) => {
  reply.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
  reply.write('[{"id":', () => setImmediate(then));
};

describe('a call', () => {
  it('gives the answer', async () => {
    answer = (reply) => reply.end('[]');
    expect(await api().call('operations', {})).toEqual([]);
  });

  it('that is called off while its answer comes is called off, and no empty answer', async () => {
    const stop = new AbortController();
    answer = (reply) => half(reply, () => setTimeout(() => stop.abort(), 20));
    await expect(api().call('operations', {}, stop.signal)).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('whose answer is cut off, or is no JSON, has not reached the API', async () => {
    answer = (reply) => half(reply, () => reply.destroy());
    await expect(api().call('operations', {})).rejects.toMatchObject({ status: 0 });
    answer = (reply) => reply.end('<html>');
    await expect(api().call('operations', {})).rejects.toMatchObject({ status: 0 });
  });

  it('that is refused tells its status, with words or without', async () => {
    answer = (reply) => reply.writeHead(401).end('no');
    await expect(api().call('operations', {})).rejects.toMatchObject({ status: 401 });
    expect(loggedOut).toBe(1);
  });
});
