/** The OpenAPI document and the page, held to the one table of routes. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { type Route, routes } from '../../../platform/api/contract/routes.ts';
import { apiDocument } from '../../../platform/api/openApi.ts';

const page = readFileSync(new URL('../../../docs/reference/api.md', import.meta.url), 'utf8');
const besides = ['/login', '/events', '/api/tasks/:task/logs/follow', '/openapi.json', '/healthz'];
const all = [...Object.values<Route>(routes), ...besides.map((path) => ({ method: 'GET', path }))];

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: unknown }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: unknown }>> };
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content?: Readonly<Record<string, object>> }>
  >;
}
const document = JSON.parse(JSON.stringify(apiDocument('0.1.0'))) as {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
};
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

test.each(all.map(({ method, path }) => [method, path] as const))(
  '%s %s is in the document and on the page',
  (method, path) => {
    const template = path.replaceAll(/:(\w+)/g, '{$1}');
    expect(document.paths[template]).toHaveProperty(method.toLowerCase());
    expect(page).toContain(`\`${method} ${path}\``);
  },
);

test('the page names no route that is not there', () => {
  const named = [...page.matchAll(/`(GET|POST|DELETE|PUT|PATCH) (\/\S*?)`/g)].map(
    ([, method, path]) => `${method} ${path}`,
  );
  const known = all.map(({ method, path }) => `${method} ${path}`);
  expect(named.filter((route) => !known.includes(route))).toEqual([]);
});

test('the document is OpenAPI 3.1: each operation with its own id, its path’s parameters, and answers', () => {
  expect(document.openapi).toMatch(/^3\.1\.\d+$/);
  expect(document.info).toMatchObject({ title: 'Millrace', version: '0.1.0' });
  const ids = operations.map(({ operation }) => operation.operationId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { path, operation } of operations) {
    const inPath = (operation.parameters ?? []).filter((each) => each.in === 'path').map(({ name }) => name);
    expect(inPath).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
    expect(Object.keys(operation.responses).every((status) => /^([1-5]\d\d|default)$/.test(status))).toBe(true);
    for (const { description } of Object.values(operation.responses)) expect(description).not.toBe('');
  }
});

test('every reference of the document leads somewhere', () => {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference]) => reference!);
  expect(references.length).toBeGreaterThan(0);
  for (const reference of new Set(references)) {
    const [hash, ...steps] = reference.split('/');
    const found = steps.reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined)?.[step], document);
    expect([reference, hash, found]).toEqual([reference, '#', expect.anything()]);
  }
});

test('a change is asked for with a body that the document describes', () => {
  const { requestBody } = document.paths['/api/pipelines']!.post!;
  expect(requestBody?.content['application/json']?.schema).toMatchObject({ required: ['blueprint'], type: 'object' });
});
