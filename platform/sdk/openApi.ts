/** The OpenAPI 3.1 document of a service, made from the schemas that its routes are checked with. Pure. */
import { z } from 'zod';
import type { Route } from './service.ts';

export interface DocumentHeading {
  readonly title: string;
  readonly version: string;
}

export function openApiDocument(heading: DocumentHeading, routes: readonly Route[]): Record<string, unknown> {
  const paths = routes.map((route) => [route.path.replaceAll(/:(\w+)/g, '{$1}'), { get: operation(route) }]);
  return {
    openapi: '3.1.0',
    info: heading,
    paths: Object.fromEntries(paths),
    components: { schemas: { Error: jsonSchema(errorAnswer, 'output') } },
  };
}

const errorAnswer = z.object({
  code: z.string().describe('Code of the error table (docs/reference/errors.md)'),
  message: z.string(),
  meaning: z.string(),
  next: z.string().describe('What to do'),
  retryable: z.boolean(),
  details: z.record(z.string(), z.unknown()),
});

function operation(route: Route): Record<string, unknown> {
  if (route.kind === 'stream') {
    const content = { 'text/event-stream': { itemSchema: jsonSchema(route.event, 'output') } };
    return { summary: route.summary, responses: { 200: { description: 'Server-Sent Events', content }, 503: failure } };
  }
  const { summary, params, query, answer } = route;
  const content = { 'application/json': { schema: jsonSchema(answer, 'output') } };
  const parameters = [...parametersOf(params, 'path'), ...parametersOf(query, 'query')];
  return {
    summary,
    parameters,
    responses: { 200: { description: 'Found', content }, 400: failure, 404: failure, 503: failure },
  };
}

const failure = {
  description: 'An error',
  content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
};

function parametersOf(schema: z.ZodObject, place: 'path' | 'query'): unknown[] {
  const { properties = {}, required = [] } = jsonSchema(schema, 'input') as {
    readonly properties?: Record<string, unknown>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, property]) => {
    return { name, in: place, required: place === 'path' || required.includes(name), schema: property };
  });
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io });
  return rest;
}
