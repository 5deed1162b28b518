/** Who is let in: each request that must be refused, with the row of the error table that says why. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { contentSecurityPolicy, csrfHeader } from '../../../platform/api/guard.ts';
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

const refused: Readonly<Record<string, [status: number, code: string, asking: () => Asking]>> = {
  'a name that leads here by DNS rebinding': [
    421,
    'FORBIDDEN_HOST',
    () => ({ headers: [['Host', `evil.example:${port}`]] }),
  ],
  'our address with another port': [421, 'FORBIDDEN_HOST', () => ({ headers: [['Host', '127.0.0.1:1']] })],
  'our address without the port': [421, 'FORBIDDEN_HOST', () => ({ headers: [['Host', '127.0.0.1']] })],
  'a name that begins with ours': [
    421,
    'FORBIDDEN_HOST',
    () => ({ headers: [['Host', `127.0.0.1:${port}.evil.example`]] }),
  ],
  'two hosts, ours first': [
    421,
    'FORBIDDEN_HOST',
    () => ({
      headers: [
        ['Host', `127.0.0.1:${port}`],
        ['Host', 'evil.example'],
      ],
    }),
  ],
  'a target that names a host itself': [421, 'FORBIDDEN_HOST', () => ({ path: 'http://evil.example/api/pipelines' })],
  'a foreign host with a good login': [
    421,
    'FORBIDDEN_HOST',
    () => ({
      path: '/api/pipelines',
      headers: [
        ['Host', `evil.example:${port}`],
        ['Cookie', cookie],
      ],
    }),
  ],
  'a foreign host where there is no route': [
    421,
    'FORBIDDEN_HOST',
    () => ({ path: '/nothing', headers: [['Host', 'evil.example']] }),
  ],
  'a page of another site': [
    403,
    'FORBIDDEN_ORIGIN',
    () => ({ ...preview, headers: [['Origin', 'http://evil.example'], ['Cookie', cookie], [csrfHeader, csrf], json] }),
  ],
  'a page of another port of this machine': [
    403,
    'FORBIDDEN_ORIGIN',
    () => ({
      path: '/api/pipelines',
      headers: [
        ['Origin', 'http://127.0.0.1:1'],
        ['Cookie', cookie],
      ],
    }),
  ],
  'a page without an origin, as a sandboxed frame': [
    403,
    'FORBIDDEN_ORIGIN',
    () => ({
      path: '/api/pipelines',
      headers: [
        ['Origin', 'null'],
        ['Cookie', cookie],
      ],
    }),
  ],
  'a script or picture of another port, which cookies reach': [
    403,
    'FORBIDDEN_ORIGIN',
    () => ({
      path: '/api/pipelines',
      headers: [
        ['Sec-Fetch-Site', 'same-site'],
        ['Sec-Fetch-Mode', 'no-cors'],
        ['Cookie', cookie],
      ],
    }),
  ],
  'a frame of another site': [
    403,
    'FORBIDDEN_ORIGIN',
    () => ({
      headers: [
        ['Sec-Fetch-Site', 'cross-site'],
        ['Sec-Fetch-Mode', 'navigate'],
        ['Sec-Fetch-Dest', 'iframe'],
      ],
    }),
  ],
  'a form of another site': [
    403,
    'FORBIDDEN_ORIGIN',
    () => ({
      ...preview,
      headers: [
        ['Sec-Fetch-Site', 'cross-site'],
        ['Sec-Fetch-Mode', 'navigate'],
        ['Sec-Fetch-Dest', 'document'],
        ['Cookie', cookie],
        json,
      ],
    }),
  ],
  'a question before a request of another site (preflight)': [
    403,
    'FORBIDDEN_ORIGIN',
    () => ({
      method: 'OPTIONS',
      path: '/api/plans',
      headers: [
        ['Origin', 'http://evil.example'],
        ['Access-Control-Request-Method', 'POST'],
      ],
    }),
  ],
  'nobody who reads': [401, 'UNAUTHENTICATED', () => ({ path: '/api/pipelines' })],
  'nobody who changes': [401, 'UNAUTHENTICATED', () => ({ ...preview, headers: [json] })],
  'nobody who follows events': [401, 'UNAUTHENTICATED', () => ({ path: '/events' })],
  'nobody who follows logs': [401, 'UNAUTHENTICATED', () => ({ path: '/api/tasks/millrace.api.0/logs/follow' })],
  'nobody who reads the document': [401, 'UNAUTHENTICATED', () => ({ path: '/openapi.json' })],
  'nobody who looks for routes': [401, 'UNAUTHENTICATED', () => ({ path: '/api/nothing' })],
  'a wrong bearer token': [
    401,
    'UNAUTHENTICATED',
    () => ({ path: '/api/pipelines', headers: [['Authorization', 'Bearer wrong']] }),
  ],
  'a wrong bearer token beside a good cookie': [
    401,
    'UNAUTHENTICATED',
    () => ({
      path: '/api/pipelines',
      headers: [
        ['Authorization', 'Bearer wrong'],
        ['Cookie', cookie],
      ],
    }),
  ],
  'a cookie whose time was put off': [
    401,
    'UNAUTHENTICATED',
    () => ({ path: '/api/pipelines', headers: [['Cookie', cookie.replace(/\.\d+\./, '.9999999999999.')]] }),
  ],
  'a cookie without a signature': [
    401,
    'UNAUTHENTICATED',
    () => ({ path: '/api/pipelines', headers: [['Cookie', cookie.slice(0, cookie.lastIndexOf('.') + 1)]] }),
  ],
  'a login with a token that was never given out': [
    401,
    'LOGIN_REFUSED',
    () => ({ path: `/login?token=${'a'.repeat(43)}` }),
  ],
  'a login with a path for a token': [401, 'LOGIN_REFUSED', () => ({ path: '/login?token=../session.key' })],
  'a login without a token': [401, 'LOGIN_REFUSED', () => ({ path: '/login' })],
  'a login with two tokens': [401, 'LOGIN_REFUSED', () => ({ path: '/login?token=a&token=b' })],
  'a change by cookie without the CSRF token': [
    403,
    'CSRF_REFUSED',
    () => ({ ...preview, headers: [['Cookie', cookie], json] }),
  ],
  'a change with another session’s CSRF token': [
    403,
    'CSRF_REFUSED',
    () => ({ ...preview, headers: [['Cookie', cookie], [csrfHeader, 'a'.repeat(43)], json] }),
  ],
  'a removal by cookie without the CSRF token': [
    403,
    'CSRF_REFUSED',
    () => ({ method: 'DELETE', path: '/api/pipelines/flight-delays', headers: [['Cookie', cookie]] }),
  ],
  'a body that a form could send': [
    415,
    'API_BODY_REFUSED',
    () => ({ ...preview, headers: [bearer(), ['Content-Type', 'text/plain']] }),
  ],
  'a form': [
    415,
    'API_BODY_REFUSED',
    () => ({ ...preview, headers: [bearer(), ['Content-Type', 'application/x-www-form-urlencoded']] }),
  ],
  'a body that is too large': [
    413,
    'API_BODY_REFUSED',
    () => ({ ...preview, body: `{"blueprint":"${'a'.repeat(70_000)}"}`, headers: [bearer(), json] }),
  ],
  'half a body': [400, 'API_BODY_REFUSED', () => ({ ...preview, body: '{"blueprint":', headers: [bearer(), json] })],
  'a body that reaches for the prototype': [
    400,
    'API_BODY_REFUSED',
    () => ({ ...preview, body: '{"__proto__":{"a":1},"blueprint":"flight-delays"}', headers: [bearer(), json] }),
  ],
  'a body of another shape': [
    400,
    'REQUEST_INVALID',
    () => ({ ...preview, body: '{"blueprint":1}', headers: [bearer(), json] }),
  ],
  'a query of another shape': [400, 'REQUEST_INVALID', () => ({ path: '/api/events?limit=0', headers: [bearer()] })],
  'a path that can not be read': [400, 'API_BODY_REFUSED', () => ({ path: '/api/%zz', headers: [bearer()] })],
  'a pipeline that is not there': [
    404,
    'UNKNOWN_PIPELINE',
    () => ({ path: '/api/pipelines/flight-delay/graph', headers: [bearer()] }),
  ],
  'a pipeline whose name leads elsewhere': [
    404,
    'UNKNOWN_PIPELINE',
    () => ({ path: '/api/pipelines/..%2F..%2Fetc/graph', headers: [bearer()] }),
  ],
  'a task whose name leads elsewhere': [
    404,
    'UNKNOWN_TASK',
    () => ({ path: '/api/tasks/..%2F..%2Fetc/logs', headers: [bearer()] }),
  ],
  'an operation whose name leads elsewhere': [
    404,
    'API_NOT_FOUND',
    () => ({ path: '/api/operations/..%2Fsecret', headers: [bearer()] }),
  ],
  'a file outside of the console': [404, 'API_NOT_FOUND', () => ({ path: '/..%2fapi%2fsession.key' })],
  'a route that is not there': [404, 'API_NOT_FOUND', () => ({ path: '/api/pipeline', headers: [bearer()] })],
};

test.each(Object.entries(refused))('refused: %s', async (_, [status, code, asking]) => {
  const answer = await ask(port, asking());
  expect({ status: answer.status, code: codeOf(answer) }).toEqual({ status, code });
  expect(answer.headers['content-security-policy']).toBe(contentSecurityPolicy);
  expect(answer.headers['access-control-allow-origin']).toBeUndefined();
  expect(world.handed).toEqual([]);
});
