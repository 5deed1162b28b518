/** The OpenAPI 3.1 document, made of the contract's schemas. Pure. */
import { z } from 'zod';
import { apiError, platformEvent } from './contract/control.ts';
import { type Route, type RouteName, routes } from './contract/routes.ts';
import { logLine } from './contract/traces.ts';

type Json = Readonly<Record<string, unknown>>;

export function apiDocument(version: string): Json {
  const paths: Record<string, Record<string, Json>> = {};
  const add = (path: string, method: string, operation: Json) => {
    const known = paths[templateOf(path)] ?? {};
    known[method.toLowerCase()] = operation;
    paths[templateOf(path)] = known;
  };
  for (const [name, route] of Object.entries<Route>(routes)) add(route.path, route.method, operationOf(name, route));
  for (const [path, operation] of Object.entries(besides)) add(path, 'get', operation);
  return {
    openapi: '3.1.0',
    info: { title: 'Millrace', version, description: 'The control plane of one home: docs/reference/api.md.' },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }, { session: [], csrf: [] }],
    paths,
    components: {
      schemas: { Error: schemaOf(apiError, 'output'), Event: schemaOf(platformEvent, 'output') },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'What `millrace console --token` prints.' },
        session: { type: 'apiKey', in: 'cookie', name: 'millrace_PORT', description: 'Set by GET /login.' },
        csrf: { type: 'apiKey', in: 'header', name: 'x-millrace-csrf', description: 'With a cookie, for all but GET.' },
      },
    },
  };
}

function templateOf(path: string): string {
  return path.replaceAll(/:(\w+)/g, '{$1}');
}

function operationOf(name: string, { path, method, summary, query, body, response }: Route): Json {
  const isAccepted = response === routes.deploy.response;
  const content = { 'application/json': { schema: schemaOf(response, 'output') } };
  return {
    operationId: name,
    summary,
    ...((name as RouteName) === 'session' ? { security: [] } : {}),
    parameters: [...pathParameters(path), ...queryParameters(query)],
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(body, 'input') } } } }),
    responses: {
      [isAccepted ? 202 : 200]: { description: isAccepted ? 'Under way: see the operation' : summary, content },
      ...(method === 'GET' ? {} : { 403: failure('No CSRF token, or a page of another site') }),
      400: failure('Not as the schemas say'),
      401: failure('No login'),
      404: failure('No such thing'),
      default: failure('Any other error of the table'),
    },
  };
}

const failure = (description: string): Json => ({
  description,
  content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
});

const stream = (summary: string, schema: Json): Json => ({
  summary,
  responses: {
    200: { description: 'Server-sent events', content: { 'text/event-stream': { itemSchema: schema } } },
    401: failure('No login'),
  },
});

const besides: Readonly<Record<string, Json>> = {
  '/events': {
    ...stream('every change of state, as it happens', { $ref: '#/components/schemas/Event' }),
    operationId: 'followEvents',
    parameters: [{ name: 'Last-Event-ID', in: 'header', required: false, schema: { type: 'string' } }],
  },
  '/api/tasks/:task/logs/follow': {
    ...stream('lines of a task as they come', schemaOf(logLine, 'output')),
    operationId: 'followLogs',
    parameters: pathParameters('/api/tasks/:task/logs/follow'),
  },
  '/login': {
    operationId: 'login',
    summary: 'opens a session with a one-time token',
    security: [],
    parameters: [{ name: 'token', in: 'query', required: true, schema: { type: 'string' } }],
    responses: { 303: { description: 'Sets the cookie, goes to /' }, 401: failure('The token does not hold') },
  },
  '/healthz': {
    operationId: 'health',
    summary: 'whether it is there',
    security: [],
    responses: { 200: { description: 'It is', content: { 'application/json': { schema: { type: 'object' } } } } },
  },
  '/openapi.json': {
    operationId: 'document',
    summary: 'this document',
    responses: { 200: { description: 'OpenAPI 3.1', content: { 'application/json': { schema: { type: 'object' } } } } },
  },
};

function pathParameters(path: string): Json[] {
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name);
  return names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } }));
}

function queryParameters(query: z.ZodType | undefined): Json[] {
  if (query === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(query, 'input') as {
    readonly properties?: Record<string, Json>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, schema]) => {
    return { name, in: 'query', required: required.includes(name), schema };
  });
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}
