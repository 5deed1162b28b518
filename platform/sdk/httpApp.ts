/** A service's routes on fastify: checked input, JSON errors of the one table, Server-Sent Events, the OpenAPI document. */
import type { ServerResponse } from 'node:http';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { asMillraceError, type ErrorCode, MillraceError } from '../errors.ts';
import { type DocumentHeading, openApiDocument } from './openApi.ts';
import type { EventReader, JsonRoute, Route, StreamRoute } from './service.ts';

/** Of the errors a route may throw; all others are 500. */
const statusCodes: Partial<Record<ErrorCode, number>> = {
  REQUEST_INVALID: 400,
  RECORD_NOT_FOUND: 404,
  API_ROUTE_NOT_FOUND: 404,
  SERVER_UNREACHABLE: 503,
};

export function createHttpApp(
  heading: DocumentHeading,
  routes: readonly Route[],
  log: (message: string) => void,
): FastifyInstance {
  const app = fastify({ logger: false, forceCloseConnections: 'idle', routerOptions: { maxParamLength: 300 } });
  // A stream never ends by itself: without this the end of the process would wait for its readers.
  const streams = new Set<ServerResponse>();
  app.addHook('preClose', async () => {
    for (const response of streams) response.end();
  });
  for (const route of routes) {
    if (route.kind === 'json') app.get(route.path, (request) => answer(route, request));
    else app.get(route.path, (_request, reply) => stream(route, reply, streams));
  }
  const document = openApiDocument(heading, routes);
  app.get('/openapi.json', () => document);
  app.setNotFoundHandler(({ url }, reply) => {
    const paths = [...routes.map(({ path }) => path), '/openapi.json'];
    send(reply, new MillraceError('API_ROUTE_NOT_FOUND', { path: url.split('?', 1)[0], routes: paths }));
  });
  app.setErrorHandler((thrown, _request, reply) => {
    const error = unavailable(thrown) ?? asMillraceError(thrown);
    if (error.code === 'INTERNAL') log(`a request failed: ${error.message}`);
    send(reply, error);
  });
  return app;
}

function send(reply: FastifyReply, error: MillraceError): void {
  const status = statusCodes[error.code] ?? 500;
  if (status === 503) void reply.header('retry-after', '1');
  void reply.code(status).send(error.toJSON());
}

/** What the drivers throw when a server is lost or too slow in the middle of a request: the caller should come again. */
function unavailable(thrown: unknown): MillraceError | undefined {
  if (!(thrown instanceof Error) || thrown instanceof MillraceError) return undefined;
  const ofCassandra = ['NoHostAvailableError', 'OperationTimedOutError', 'BusyConnectionError'].includes(thrown.name);
  const ofRedis =
    ['MaxRetriesPerRequestError', 'AbortError'].includes(thrown.name) ||
    /Connection is closed|Stream isn't writeable/.test(thrown.message);
  if (!ofCassandra && !ofRedis) return undefined;
  const framework = ofCassandra ? 'Cassandra' : 'Redis';
  return new MillraceError(
    'SERVER_UNREACHABLE',
    { framework, endpoint: 'its address', reason: thrown.message },
    thrown,
  );
}

async function answer(route: JsonRoute, request: FastifyRequest): Promise<unknown> {
  const startMs = Date.now();
  const params = checked('path', route.params, request.params);
  const query = checked('query', route.query, request.query);
  const header = request.headers.traceparent;
  const traceparent = typeof header === 'string' ? header : undefined;
  return route.handle({ params, query, url: request.url, traceparent, startMs });
}

function checked(place: string, schema: JsonRoute['params'], value: unknown): unknown {
  const parsed = schema.safeParse(value ?? {});
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new MillraceError('REQUEST_INVALID', {
    place,
    name: issue?.path.join('.') ?? '',
    reason: issue?.message ?? '',
  });
}

function stream(route: StreamRoute, reply: FastifyReply, streams: Set<ServerResponse>): void {
  const { raw } = reply;
  let opened = false;
  const open = () => {
    opened = true;
    streams.add(raw);
    raw.once('close', () => streams.delete(raw));
    reply.hijack();
    raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
  };
  const reader: EventReader = {
    write(text) {
      if (!opened) open();
      return raw.write(text);
    },
    drained: (callback) => void raw.once('drain', callback),
    closed: (callback) => void raw.once('close', callback),
  };
  if (!route.subscribe(reader))
    throw new MillraceError('SERVER_UNREACHABLE', {
      framework: 'The service',
      endpoint: route.path,
      reason: 'too many readers follow its events already',
    });
}
