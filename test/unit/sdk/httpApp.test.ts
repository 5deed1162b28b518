import { afterEach, expect, test } from '@jest/globals';
import { z } from 'zod';
import { fail } from '../../../platform/errors.ts';
import { createEventHub } from '../../../platform/sdk/eventHub.ts';
import { createHttpApp } from '../../../platform/sdk/httpApp.ts';
import { route, streamRoute } from '../../../platform/sdk/service.ts';

const hub = createEventHub();
const routes = [
  route({
    path: '/things/:id',
    summary: 'A thing',
    params: z.object({ id: z.string() }),
    query: z.object({ limit: z.coerce.number().int().min(1).default(5) }),
    answer: z.object({ id: z.string(), limit: z.int() }),
    async handle({ params, query }) {
      if (params.id === 'none') fail('RECORD_NOT_FOUND', { what: 'thing', id: params.id });
      if (params.id === 'down') fail('SERVER_UNREACHABLE', { framework: 'Redis', endpoint: 'here', reason: 'test' });
      if (params.id === 'bug') throw new TypeError('a defect');
      return { id: params.id, limit: query.limit };
    },
  }),
  streamRoute({
    path: '/changes',
    summary: 'Changes',
    event: z.object({}),
    subscribe: (reader) => hub.subscribe(reader),
  }),
];
const app = createHttpApp({ title: 'Things', version: '1' }, routes, () => {});
afterEach(() => app.close());

test('answers, and errors of the one table', async () => {
  const get = async (url: string) => {
    const response = await app.inject({ method: 'GET', url });
    return [response.statusCode, response.json()] as const;
  };
  expect(await get('/things/a?limit=2')).toEqual([200, { id: 'a', limit: 2 }]);
  expect(await get('/things/a?limit=x')).toMatchObject([400, { code: 'REQUEST_INVALID', next: expect.any(String) }]);
  expect(await get('/things/none')).toMatchObject([
    404,
    { code: 'RECORD_NOT_FOUND', message: 'There is no thing "none".' },
  ]);
  expect(await get('/things/down')).toMatchObject([503, { code: 'SERVER_UNREACHABLE', retryable: true }]);
  expect(await get('/things/bug')).toMatchObject([500, { code: 'INTERNAL' }]);
  expect(await get('/nothing')).toMatchObject([404, { code: 'API_ROUTE_NOT_FOUND' }]);
  const [status, document] = await get('/openapi.json');
  expect(status).toBe(200);
  expect(document).toMatchObject({
    openapi: '3.1.0',
    paths: {
      '/things/{id}': {
        get: {
          parameters: [
            { name: 'id', in: 'path', required: true },
            { name: 'limit', in: 'query', required: false },
          ],
        },
      },
    },
  });
});

test('a stream of events ends when the service does', async () => {
  const streaming = createHttpApp({ title: 'Things', version: '1' }, routes, () => {});
  const base = await streaming.listen({ host: '127.0.0.1', port: 0 });
  const response = await fetch(`${base}/changes`);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  expect((await reader.read()).value).toContain('retry:');
  hub.publish('a', { changed: true });
  expect((await reader.read()).value).toBe('data: {"changed":true}\n\n');
  await streaming.close();
  expect((await reader.read()).done).toBe(true);
});
