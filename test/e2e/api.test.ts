/** The HTTP API over a pipeline that runs: who is refused, what each route answers, changes to their end, events over kill -9. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { OperationView, PlatformEvent } from '../../platform/api/contract/control.ts';
import { type Route, type RouteName, routes } from '../../platform/api/contract/routes.ts';
import type { TaskStatus } from '../../platform/cluster/driver.ts';
import { apiTask } from '../../platform/model/controlPlane.ts';
import type { DeployResult } from '../../platform/model/operations.ts';
import type { Trace } from '../../platform/telemetry/traceStore.ts';
import { ask, idsOf, listen } from '../unit/api/world.ts';
import { createTestHome } from './cli.ts';
import { until } from './until.ts';

const minutes = 60_000;
const home = createTestHome(19_000);
const pipeline = 'flight-delays';

let deployed: DeployResult;
let base: string;
let port: number;
let token: string;
let traceId: string;

beforeAll(async () => {
  deployed = await home.json<DeployResult>('deploy', pipeline, '--yes');
  ({ url: base, token } = await home.json<{ url: string; token: string }>('console', '--token'));
  base = base.replace(/\/$/, '');
  port = Number(new URL(base).port);
  ({ traceId } = await home.json<Trace>('trace', pipeline, '--deploy'));
}, 6 * minutes);
afterAll(async () => {
  const { stdout } = await home.purge();
  expect(JSON.parse(stdout).ledger.left).toEqual([]);
}, 2 * minutes);

interface Called {
  readonly status: number;
  readonly body: unknown;
}
async function call(method: string, path: string, body?: unknown): Promise<Called> {
  const headers: Record<string, string> = { authorization: `Bearer ${token}` };
  if (body !== undefined) headers['content-type'] = 'application/json';
  const response = await fetch(`${base}${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}
const get = async <T>(path: string) => (await call('GET', path)).body as T;

/** To its end, with all of its steps. */
async function carriedOut({ status, body }: Called): Promise<OperationView> {
  expect({ status, body }).toEqual({ status: 202, body: { operation: expect.any(String) } });
  const path = `/api/operations/${(body as { operation: string }).operation}`;
  // It is known as soon as its plan is recorded.
  return await until(async () => {
    const { status, body } = await call('GET', path);
    const operation = body as OperationView;
    return status === 200 && operation.state !== 'running' ? operation : undefined;
  });
}

test('a deploy names the console, and so does status', async () => {
  expect(deployed.endpoints.console).toBe(`${base}/#/pipelines/${pipeline}`);
  expect(await home.json('status')).toMatchObject({ console: `${base}/` });
});

test(
  'the console is served, built from these sources',
  async () => {
    const page = await until(async () => {
      const response = await fetch(base);
      return response.ok ? response : undefined;
    });
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const [, script] = /<script[^>]* src="([^"]+)"/.exec(await page.text()) ?? [];
    const code = await fetch(`${base}${script}`);
    expect([code.status, code.headers.get('content-type')]).toEqual([200, 'text/javascript; charset=utf-8']);
  },
  2 * minutes,
);

describe('without a login', () => {
  const preview = { method: 'POST', path: '/api/plans', body: '{"blueprint":"flight-delays"}' };
  const json = ['Content-Type', 'application/json'] as const;
  const codeOf = ({ status, body }: { status: number; body: string }) => [status, JSON.parse(body).error.code];

  test('a change is refused', async () => {
    expect(codeOf(await ask(port, { ...preview, headers: [json] }))).toEqual([401, 'UNAUTHENTICATED']);
    expect(codeOf(await ask(port, { method: 'DELETE', path: `/api/pipelines/${pipeline}` }))).toEqual([
      401,
      'UNAUTHENTICATED',
    ]);
  });
  test('a foreign host is refused, with a login, too', async () => {
    const headers = [['Host', `millrace.example:${port}`] as const, ['Authorization', `Bearer ${token}`] as const];
    expect(codeOf(await ask(port, { path: '/api/pipelines', headers }))).toEqual([421, 'FORBIDDEN_HOST']);
    expect(codeOf(await ask(port, { headers: headers.slice(0, 1) }))).toEqual([421, 'FORBIDDEN_HOST']);
  });
  test('a browser is let in by the link that `millrace console` prints, once', async () => {
    const { login } = await home.json<{ login: string }>('console');
    const path = login.slice(base.length);
    const opened = await ask(port, { path });
    expect(opened.status).toBe(303);
    expect((await ask(port, { path })).status).toBe(401);
    const cookie = ['Cookie', String(opened.headers['set-cookie']).split(';')[0]!] as const;
    const session = JSON.parse((await ask(port, { path: '/api/session', headers: [cookie] })).body);
    expect(session).toMatchObject({ authenticated: true, csrfToken: expect.any(String) });
    expect(codeOf(await ask(port, { ...preview, headers: [cookie, json] }))).toEqual([403, 'CSRF_REFUSED']);
    const csrf = ['x-millrace-csrf', session.csrfToken] as const;
    expect((await ask(port, { ...preview, headers: [cookie, json, csrf] })).status).toBe(200);
  });
});

describe('each route answers as the contract says', () => {
  const queries: Partial<Record<RouteName, string>> = {
    consequences: '?change=destroy',
    ledger: '',
    messages: '?limit=5',
    rows: '?limit=5',
  };
  const gets = (Object.entries(routes) as [RouteName, Route][]).filter(([, { method }]) => method === 'GET');

  test.each(gets)(
    '%s',
    async (name, { path, response }) => {
      const [newest] = await get<OperationView[]>('/api/operations');
      const values: Record<string, string> = {
        ...{ pipeline, topic: 'flights', table: 'flights', task: `${pipeline}.ingress.0` },
        ...{ traceId, operation: newest!.id },
      };
      const filled = path.replaceAll(/:(\w+)/g, (_, each: string) => values[each]!);
      // A pipeline that was deployed a moment ago may not have been looked at.
      const { status, body } = await until(async () => {
        const called = await call('GET', `${filled}${queries[name] ?? ''}`);
        return called.status === 404 ? undefined : called;
      });
      expect({ status, body }).toMatchObject({ status: 200 });
      expect(response.safeParse(body).error).toBeUndefined();
    },
    2 * minutes,
  );
});

test(
  'messages are read by place and by time, decoded, without a consumer group',
  async () => {
    const path = `/api/pipelines/${pipeline}/topics/flights/messages`;
    type Read = { partition: number; offset: string; timestampMs: number; decoded: Record<string, unknown> | null }[];
    const newest = await get<Read>(`${path}?limit=10`);
    expect(newest).toHaveLength(10);
    expect(newest[0]!.decoded).toHaveProperty('origin');
    expect(newest.map(({ timestampMs }) => timestampMs)).toEqual(
      newest.map(({ timestampMs }) => timestampMs).sort((a, b) => b - a),
    );
    const first = await get<Read>(`${path}?partition=0&offset=0&limit=3`);
    expect(first.map(({ partition, offset }) => [partition, offset])).toEqual([
      [0, '0'],
      [0, '1'],
      [0, '2'],
    ]);
    const fromMs = first[2]!.timestampMs;
    const later = await get<Read>(`${path}?partition=0&fromMs=${fromMs}&limit=500`);
    expect(later.every(({ timestampMs }) => timestampMs >= fromMs)).toBe(true);
    expect((await call('GET', `${path.replace('flights/m', 'flight/m')}`)).body).toMatchObject({
      error: { code: 'API_NOT_FOUND', details: { nearest: expect.arrayContaining(['flights']) } },
    });
  },
  minutes,
);

test(
  'a row is found by its key',
  async () => {
    const path = `/api/pipelines/${pipeline}/tables/flights/rows`;
    const { rows, more } = await get<{ rows: Record<string, unknown>[]; more: boolean }>(`${path}?limit=3`);
    expect([rows.length, more]).toEqual([3, true]);
    const key = encodeURIComponent(String(rows[1]!.event_id));
    expect(await get(`${path}?key.event_id=${key}`)).toMatchObject({ rows: [rows[1]], more: false });
    expect((await call('GET', `${path}?key.origin=SFO`)).body).toMatchObject({ error: { code: 'REQUEST_INVALID' } });
  },
  minutes,
);

test(
  'a plan is previewed, and one that can not be is refused before anything is done',
  async () => {
    const body = { blueprint: pipeline, parameters: { ratePerSecond: '40' } };
    expect(await call('POST', '/api/plans', body)).toMatchObject({
      status: 200,
      body: { refused: false, text: expect.stringContaining(pipeline) },
    });
    const wrong = await call('POST', '/api/pipelines', { blueprint: pipeline, parameters: { ratePerSecond: '0' } });
    expect(wrong).toMatchObject({ status: 400, body: { error: { code: 'INVALID_PARAMETER' } } });
  },
  minutes,
);

test(
  'a deploy over HTTP runs to its end, and each of its steps is an event',
  async () => {
    const before = (await get<PlatformEvent[]>('/api/events?limit=1'))[0]?.id ?? '0';
    const body = { blueprint: pipeline, parameters: { ratePerSecond: '40' } };
    const operation = await carriedOut(await call('POST', '/api/pipelines', body));
    expect(operation).toMatchObject({ kind: 'deploy', state: 'done', revision: 2, error: null });
    expect(operation.steps.map(({ state }) => state)).toEqual(operation.steps.map(() => 'done'));
    const events = await until(async () => {
      const told = (await get<PlatformEvent[]>('/api/events?limit=1000')).filter(
        ({ id }) => Number(id) > Number(before),
      );
      const ours = told.filter(({ data }) => data.operation === operation.id);
      return ours.some(({ type }) => type === 'millrace.operation.end') ? ours : undefined;
    });
    const done = events.filter(({ data }) => data.state === 'done').map(({ data }) => data.step);
    expect(done).toEqual(expect.arrayContaining(operation.steps.map(({ id }) => id)));
  },
  4 * minutes,
);

test(
  'killed with -9 the API is back, its sessions hold, and a reader goes on where it was',
  async () => {
    const { login } = await home.json<{ login: string }>('console');
    const opened = await ask(port, { path: login.slice(base.length) });
    const cookie = ['Cookie', String(opened.headers['set-cookie']).split(';')[0]!] as const;
    const known = (await get<PlatformEvent[]>('/api/events?limit=10')).map(({ id }) => id).reverse();
    const statusOf = async () =>
      (await home.json<{ tasks: TaskStatus[] }>('status')).tasks.find(({ id }) => id === apiTask)!;
    const { pid } = await statusOf();
    process.kill(pid!, 'SIGKILL');
    await until(async () => ((await statusOf()).restarts > 0 ? true : undefined));
    await until(() =>
      fetch(`${base}/healthz`).then(
        ({ ok }) => ok || undefined,
        () => undefined,
      ),
    );
    const headers = { authorization: `Bearer ${token}`, 'last-event-id': known[4]! };
    // Its own end is an event, told by itself.
    const heard = await listen(`${base}/events`, headers, (all) =>
      all.some(({ data }) => (data as PlatformEvent).subject === apiTask),
    );
    expect(heard.some(({ event }) => event === 'gap')).toBe(false);
    const ids = idsOf(heard);
    expect(ids.slice(0, 5)).toEqual(known.slice(5));
    expect(ids.map(Number)).toEqual(ids.map(Number).sort((a, b) => a - b));
    expect(JSON.parse((await ask(port, { path: '/api/session', headers: [cookie] })).body).authenticated).toBe(true);
  },
  2 * minutes,
);

test(
  'a service is restarted and scaled, and the pipeline destroyed, over HTTP',
  async () => {
    const path = `/api/pipelines/${pipeline}`;
    expect(await carriedOut(await call('POST', `${path}/services/alerts/restart`))).toMatchObject({
      kind: 'restart',
      state: 'done',
    });
    expect(await carriedOut(await call('POST', `${path}/services/api/scale`, { instances: 1 }))).toMatchObject({
      kind: 'scale',
      state: 'done',
    });
    expect(await get(`${path}/consequences?change=destroy`)).toMatchObject({ confirm: pipeline });
    expect(await carriedOut(await call('DELETE', path))).toMatchObject({ kind: 'destroy', state: 'done' });
    expect(await call('GET', path)).toMatchObject({ status: 404, body: { error: { code: 'UNKNOWN_PIPELINE' } } });
  },
  5 * minutes,
);
