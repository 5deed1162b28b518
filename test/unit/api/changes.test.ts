/** Changes: what is refused at once, and what is handed to the workflow. */

import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ServiceInfo } from '../../../platform/api/contract/control.ts';
import type { Plan } from '../../../platform/model/plan.ts';
import { makePlan } from '../../../platform/operate/makePlan.ts';
import { createRecords } from '../../../platform/records/records.ts';
import { loadBlueprint } from '../../../platform/sdk/loadBlueprint.ts';
import { ask, startWorld, type World } from './world.ts';

const repoRoot = fileURLToPath(new URL('../../..', import.meta.url));
const pipeline = 'flight-delays';
let world: World;
beforeAll(async () => {
  world = await startWorld();
  await loadBlueprint(repoRoot, pipeline);
});
afterAll(() => world.close());

async function call(method: string, path: string, body?: unknown) {
  const headers = [['Authorization', `Bearer ${world.credentials.bearer()}`] as const];
  const typed = body === undefined ? headers : [...headers, ['Content-Type', 'application/json'] as const];
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  // As browsers and curl send a change without a body.
  const empty = method !== 'GET' && body === undefined ? [...typed, ['Content-Length', '0'] as const] : typed;
  const answer = await ask(world.server.port, { method, path, headers: empty, ...sent });
  return {
    status: answer.status,
    body: JSON.parse(answer.body) as Record<string, never> & { error?: { code: string } },
  };
}

test('a deploy is planned first, then handed to the workflow, and answered with its operation', async () => {
  const parameters = { ratePerSecond: '40' };
  const { status, body } = await call('POST', '/api/pipelines', {
    blueprint: pipeline,
    name: 'my-flights',
    parameters,
  });
  expect([status, body]).toEqual([202, { operation: expect.stringMatching(/^deploy-my-flights-[0-9a-f]{10}$/) }]);
  expect(world.handed.splice(0)).toEqual([
    {
      ...{ update: 'deploy', kind: 'deploy', pipeline: 'my-flights' },
      request: {
        id: body.operation,
        pipeline: 'my-flights',
        blueprint: pipeline,
        parameters,
        requestedAtMs: expect.any(Number),
      },
    },
  ]);
});

test.each([
  ['an unknown blueprint', { blueprint: 'flight-delay' }, 404, 'UNKNOWN_BLUEPRINT'],
  ['a name that can not be', { blueprint: pipeline, name: '../x' }, 400, 'INVALID_NAME'],
  [
    'a parameter out of its range',
    { blueprint: pipeline, parameters: { ratePerSecond: '0' } },
    400,
    'INVALID_PARAMETER',
  ],
  ['a parameter that is not there', { blueprint: pipeline, parameters: { rate: '1' } }, 400, 'UNKNOWN_PARAMETER'],
  ['no blueprint', {}, 400, 'REQUEST_INVALID'],
] as const)('refused before anything is handed over: %s', async (_, asked, status, code) => {
  const answer = await call('POST', '/api/pipelines', asked);
  expect([answer.status, answer.body.error?.code]).toEqual([status, code]);
  expect(world.handed).toEqual([]);
});

test('changes of a pipeline that is there: scaled, restarted, stopped; parts that are not there are refused', async () => {
  const plan = (await makePlan({ home: world.home, repoRoot, env: {} }, pipeline, pipeline, {
    severeDelayMinutes: '30',
  })) as Plan;
  createRecords(world.home).writePipeline({
    ...{ format: 'millrace/pipeline/1', pipeline, blueprint: pipeline, revision: plan.revision, operation: 'x' },
    ...{ state: 'flowing', plan, endpoints: {} },
  });
  const path = `/api/pipelines/${pipeline}`;
  const services = (await call('GET', '/api/services')).body as unknown as readonly ServiceInfo[];
  expect(services.map(({ name, kind, scalable, tasks }) => [name, kind, scalable, tasks.length])).toEqual([
    ['ingress', 'ingress', true, 1],
    ['api', 'service', true, 2],
    ['alerts', 'service', true, 1],
    ['sinks', 'flows', false, 1],
    ['feed', 'feed', false, 1],
    ['spark-driver', 'jobs', false, 1],
  ]);
  expect((await call('POST', `${path}/services/api/scale`, { instances: 3 })).status).toBe(202);
  expect((await call('POST', `${path}/services/alerts/restart`)).status).toBe(202);
  expect((await call('POST', `${path}/services/sinks/restart`)).status).toBe(202);
  expect((await call('POST', `${path}/stop`)).status).toBe(202);
  expect(world.handed.splice(0)).toMatchObject([
    { update: 'deploy', kind: 'scale', request: { scale: { api: 3 }, blueprint: pipeline } },
    { update: 'change', kind: 'restart', request: { change: 'restart', service: 'alerts' } },
    { update: 'change', kind: 'restart', request: { change: 'restart', service: 'sinks' } },
    { update: 'change', kind: 'stop', request: { change: 'stop', pipeline } },
  ]);
  const { parameters } = (await call('GET', `${path}/parameters`)).body;
  expect(parameters).toEqual({ ...plan.parameters, severeDelayMinutes: 30 });
  expect(await call('POST', `${path}/services/apis/scale`, { instances: 3 })).toMatchObject({
    ...{ status: 404, body: { error: { code: 'API_NOT_FOUND', details: { nearest: ['api'] } } } },
  });
  expect((await call('POST', `${path}/services/api/scale`, { instances: 0 })).body.error?.code).toBe('REQUEST_INVALID');
  expect((await call('GET', `${path}/consequences?change=scale&service=api`)).body.error?.code).toBe('REQUEST_INVALID');
  const { body } = await call('GET', `${path}/consequences?change=destroy`);
  expect(body).toMatchObject({
    confirm: pipeline,
    lines: expect.arrayContaining([expect.stringContaining('flights')]),
  });
  expect(world.handed).toEqual([]);
});
