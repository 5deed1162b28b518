import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import fastify, { type FastifyInstance } from 'fastify';
import { createConsoleFiles } from '../../../platform/api/consoleFiles.ts';

const directory = mkdtempSync(join(tmpdir(), 'millrace-console-files-'));
let app: FastifyInstance | undefined;
afterEach(async () => {
  await app?.close();
  rmSync(directory, { recursive: true, force: true });
});

test('until its files are there the page says why and loads itself again; then it is the console', async () => {
  let built: (directory: string) => void = () => {};
  let asked = 0;
  const files = createConsoleFiles(() => {
    asked++;
    if (asked === 1) return Promise.reject(new Error('no room for <b>it</b>'));
    return new Promise((resolve) => {
      built = resolve;
    });
  });
  app = fastify();
  app.get('/*', async (request, reply) => ((await files.serve(request.url, reply)) ? reply : reply.code(404).send()));
  const get = async (url: string) => await app!.inject({ url });

  const first = await get('/');
  expect([first.statusCode, first.headers['retry-after']]).toEqual([503, '2']);
  expect(first.headers['content-security-policy']).toContain("default-src 'none'");
  expect(first.body).toContain('they are being built');
  expect(first.body).toContain('http-equiv="refresh"');
  // Of what failed, the page tells as text.
  const second = await get('/');
  expect(second.body).toContain('no room for &lt;b>it');
  expect((await get('/assets/app.js')).statusCode).toBe(500);

  mkdirSync(join(directory, 'assets'));
  writeFileSync(join(directory, 'index.html'), '<!doctype html>');
  writeFileSync(join(directory, 'assets/app-12345678.js'), '0');
  built(directory);
  await Promise.resolve();
  expect((await get('/')).body).toBe('<!doctype html>');
  expect((await get('/assets/app-12345678.js')).headers['cache-control']).toContain('immutable');
  expect((await get('/assets/other.js')).statusCode).toBe(404);

  // The cache is emptied: they are asked for again.
  rmSync(directory, { recursive: true });
  const third = await get('/');
  expect([third.statusCode, asked]).toEqual([503, 3]);
  expect(third.body).toContain('they were removed');
});
