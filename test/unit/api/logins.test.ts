/** Who is let in, and for how long: logins, sessions, what the home keeps of them, and how much one may ask. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createCredentials } from '../../../platform/api/credentials.ts';
import { csrfHeader } from '../../../platform/api/guard.ts';
import { type Answer, type Asking, ask, logIn, startWorld, type World } from './world.ts';

let world: World;
let port: number;
let cookie: string;
let csrf: string;
beforeAll(async () => {
  world = await startWorld();
  port = world.server.port;
  cookie = await logIn(world);
  csrf = JSON.parse((await ask(port, { path: '/api/session', headers: [['Cookie', cookie]] })).body).csrfToken;
});
afterAll(() => world.close());

const codeOf = ({ body }: Answer) => JSON.parse(body).error.code as string;
const json = ['Content-Type', 'application/json'] as const;
const preview = { method: 'POST', path: '/api/plans', body: '{"blueprint":"flight-delays"}' } as const;
const bearer = () => ['Authorization', `Bearer ${world.credentials.bearer()}`] as const;

describe('let in', () => {
  const allowed: Readonly<Record<string, [status: number, asking: () => Asking]>> = {
    'health, for anybody': [200, () => ({ path: '/healthz' })],
    'the shell, for anybody': [200, () => ({ path: '/' })],
    'the shell under localhost': [200, () => ({ headers: [['Host', `localhost:${port}`]] })],
    'the shell, by a link of another page': [
      200,
      () => ({
        headers: [
          ['Sec-Fetch-Site', 'cross-site'],
          ['Sec-Fetch-Mode', 'navigate'],
          ['Sec-Fetch-Dest', 'document'],
        ],
      }),
    ],
    'whether one is logged in, for anybody': [200, () => ({ path: '/api/session' })],
    'a reader with a cookie': [
      200,
      () => ({
        path: '/api/pipelines',
        headers: [
          ['Cookie', `a=b; ${cookie}`],
          ['Origin', `http://127.0.0.1:${port}`],
        ],
      }),
    ],
    'a script with the bearer token': [200, () => ({ path: '/openapi.json', headers: [bearer()] })],
    'a change with cookie and CSRF token': [
      200,
      () => ({
        ...preview,
        headers: [['Cookie', cookie], [csrfHeader, csrf], json, ['Origin', `http://127.0.0.1:${port}`]],
      }),
    ],
  };
  test.each(Object.entries(allowed).slice(0, -1))('%s', async (_, [status, asking]) => {
    const answer = await ask(port, asking());
    expect(answer.status).toBe(status);
  });

  test('a change with cookie and CSRF token passes the door', async () => {
    const answer = await ask(port, allowed['a change with cookie and CSRF token']![1]());
    // No agent runs in this home: the handler was reached.
    expect(codeOf(answer)).toBe('AGENT_UNREACHABLE');
  });
});

test('a login link is good once, also when it is used twice at the same moment', async () => {
  const path = `/login?token=${world.credentials.makeLogin(Date.now())}`;
  const answers = await Promise.all([ask(port, { path }), ask(port, { path }), ask(port, { path })]);
  expect(answers.map(({ status }) => status).sort()).toEqual([303, 401, 401]);
  const opened = answers.find(({ status }) => status === 303)!;
  expect(opened.headers.location).toBe('/');
  expect(String(opened.headers['set-cookie'])).toMatch(
    /^millrace_\d+=[^;]+; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/,
  );
});

test('a login link is not good after five minutes', async () => {
  const token = world.credentials.makeLogin(Date.now() - 5 * 60_000 - 1000);
  const answer = await ask(port, { path: `/login?token=${token}` });
  expect([answer.status, codeOf(answer)]).toEqual([401, 'LOGIN_REFUSED']);
});

test('a session holds in another process, and ends with its time', () => {
  const other = createCredentials(world.home.apiDir);
  const value = cookie.slice(cookie.indexOf('=') + 1);
  const session = other.session(value, Date.now());
  expect(session && other.csrfToken(session)).toBe(csrf);
  expect(other.session(value, Date.now() + 13 * 3_600_000)).toBeUndefined();
});

test('what the home keeps of logins can be read by its owner only, and holds no link', () => {
  const token = world.credentials.makeLogin(Date.now());
  const { apiDir } = world.home;
  for (const name of ['token', 'session.key']) expect(statSync(join(apiDir, name)).mode & 0o777).toBe(0o600);
  expect(statSync(apiDir).mode & 0o777).toBe(0o700);
  expect(readFileSync(join(apiDir, 'token'), 'utf8')).not.toContain(token);
});

test('answers of the API are not kept by anybody; hashed files of the console are', async () => {
  const page = await ask(port, {});
  const script = await ask(port, { path: '/assets/main-0a1b2c3d.js' });
  expect(page.headers['cache-control']).toBe('no-store');
  expect(script.headers['cache-control']).toBe('private, max-age=31536000, immutable');
  expect(script.headers['content-type']).toBe('text/javascript; charset=utf-8');
  expect(page.headers['x-content-type-options']).toBe('nosniff');
  expect(page.headers['referrer-policy']).toBe('no-referrer');
});

test('a flood of one who has no login leaves the others their requests', async () => {
  const narrow = await startWorld({ requestsPerSecond: 5 });
  try {
    const flood = await Promise.all(
      Array.from({ length: 40 }, () => ask(narrow.server.port, { path: '/api/session' })),
    );
    expect(flood.some(({ status }) => status === 429)).toBe(true);
    const script = ['Authorization', `Bearer ${narrow.credentials.bearer()}`] as const;
    expect((await ask(narrow.server.port, { path: '/api/events', headers: [script] })).status).toBe(200);
  } finally {
    await narrow.close();
  }
});

test('telemetry is taken from those who have the token, and from no page of another site', async () => {
  const spans = { method: 'POST', path: '/v1/traces', body: '{"resourceSpans":[]}' } as const;
  const cases: [readonly (readonly [string, string])[], number][] = [
    [[json], 401],
    [[json, ['Cookie', cookie]], 401],
    [[json, bearer(), ['Host', 'evil.example']], 421],
    [[json, bearer(), ['Origin', 'http://evil.example']], 403],
    [[json, bearer()], 200],
  ];
  for (const [headers, status] of cases) expect((await ask(port, { ...spans, headers })).status).toBe(status);
});
