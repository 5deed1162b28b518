/** The life of a pipeline on the real servers: deployed, used, verified, traced, wounded in every part, destroyed. */
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Status } from '../../platform/cli/commands/status.ts';
import type { TaskStatus } from '../../platform/cluster/driver.ts';
import { listeners } from '../../platform/cluster/process/ports.ts';
import type { Ledger } from '../../platform/model/ledger.ts';
import type { DeployResult, DestroyResult } from '../../platform/model/operations.ts';
import type { Trace } from '../../platform/telemetry/traceStore.ts';
import type { VerifyResult } from '../../platform/verify/verify.ts';
import { differences, documentedShapes } from '../unit/cli/documented.ts';
import { createTestHome } from './cli.ts';
import { inventoryOf } from './inventory.ts';

const portBase = 16_000;
const minutes = 60_000;
const home = createTestHome(portBase);
let deployed: DeployResult;
let progress: string;

const taskOf = async (id: string): Promise<TaskStatus> => {
  const { tasks } = await home.json<{ tasks: TaskStatus[] }>('status');
  const found = tasks.find((task) => task.id === id);
  if (!found) throw new Error(`no task ${id}`);
  return found;
};

const kill9 = async (id: string): Promise<TaskStatus> => {
  const task = await taskOf(id);
  if (task.pid === null) throw new Error(`${id} does not run`);
  process.kill(task.pid, 'SIGKILL');
  return task;
};

/** Until the task was started again so many times, and the pipeline flows as before. */
const untilBack = async (id: string, restarts: number): Promise<void> => {
  for (;;) {
    const { tasks, pipelines } = await home.json<Status>('status');
    const task = tasks.find((each) => each.id === id);
    const [seen] = pipelines;
    const flows = seen?.state === 'flowing' && seen.waitsFor.length === 0;
    if (task?.phase === 'running' && task.restarts >= restarts && flows) return;
    await sleep(200);
  }
};

const boardEntry = {
  airport: expect.any(String),
  mean_delay_minutes: expect.any(Number),
  window: expect.objectContaining({ airport: expect.any(String), flights: expect.any(Number) }),
};

beforeAll(async () => {
  const { stdout, stderr } = await home.run('deploy', 'flight-delays', '--yes', '--json');
  progress = stderr;
  deployed = JSON.parse(stdout) as DeployResult;
}, 8 * minutes);

afterAll(async () => {
  await home.purge();
}, 2 * minutes);

test('deploy ends when an event has been seen, and says where to go', () => {
  expect(deployed).toMatchObject({ pipeline: 'flight-delays', revision: 1, state: 'flowing' });
  expect(deployed.firstEventMs).toBeGreaterThan(0);
  expect(Object.keys(deployed.endpoints)).toEqual(expect.arrayContaining(['ingress', 'api']));
});

test('what deploy and status print is what is documented', async () => {
  expect(differences(documentedShapes('deploy')[0]!, deployed)).toEqual([]);
  const status = await home.json<Status>('status');
  expect(differences(documentedShapes('status')[0]!, status)).toEqual([]);
  expect(status.tasks.length).toBeGreaterThan(10);
});

test('status says that it flows, because events reach every end', async () => {
  let status = await home.json<Status>('status');
  while (status.pipelines[0]?.state !== 'flowing') status = await home.json<Status>('status');
  const { pipelines, frameworks } = status;
  const reason = expect.stringMatching(/events\/s come in and reach all 5 ends/);
  expect(pipelines).toMatchObject([{ pipeline: 'flight-delays', state: 'flowing', reason, next: null, waitsFor: [] }]);
  expect(frameworks.map(({ state, waitsFor }) => [state, waitsFor])).toEqual(frameworks.map(() => ['running', []]));
});

test('a clean deploy tries nothing twice, and no warning stands in its progress', () => {
  expect(progress).toContain('first event seen from end to end');
  expect(progress).not.toMatch(/↻|✗|warning/i);
});

test('every path of the query API answers, and an event is found behind each that shows events', async () => {
  const { ingress, api } = deployed.endpoints;
  const event = {
    ...{ specversion: '1.0', id: 'e2e-1', source: '/test', type: 'flight.recorded' },
    data: { date: '2001/01/14 21:55', delay_minutes: 95, distance_miles: 480, origin: 'ATL', destination: 'SFO' },
  };
  const sent = await fetch(`${ingress}/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/cloudevents+json' },
    body: JSON.stringify(event),
  });
  expect(sent.status).toBe(202);
  const flight = await untilAnswered(`${api}/flights/e2e-1`, ({ severe }) => severe !== null);
  const seen = { event_id: 'e2e-1', origin: 'ATL', delay_minutes: 95 };
  expect(flight).toMatchObject({ flight: seen, severe: seen });
  const { alerts } = await untilAnswered(`${api}/alerts?limit=500`, holding('alerts', { event_id: 'e2e-1' }));
  expect(alerts).toContainEqual(expect.objectContaining(seen));
  const { windows } = await untilAnswered(`${api}/airports/ATL/windows`, holding('windows', { airport: 'ATL' }));
  expect(windows).toContainEqual(expect.objectContaining({ severe: expect.any(Number), flights: expect.any(Number) }));
  const { airports } = await untilAnswered(`${api}/board?limit=1000`, holding('airports', {}));
  expect(airports).toContainEqual(boardEntry);
  expect(await firstEventOf(`${api}/board/events`)).toEqual(boardEntry);
}, 60_000);

test('the OpenAPI document names the paths that the reference documents, and no others', async () => {
  const document = await untilAnswered(`${deployed.endpoints.api}/openapi.json`, () => true);
  const page = readFileSync(new URL('../../docs/reference/api-flight-delays.md', import.meta.url), 'utf8');
  const told = [...page.matchAll(/^\| `(\/[^`?]*)/gm)].map(([, path]) => path!.replaceAll(/:(\w+)/g, '{$1}'));
  expect(document).toMatchObject({ openapi: '3.1.0' });
  expect([...Object.keys(document.paths as object), '/openapi.json'].sort()).toEqual(told.sort());
});

test(
  '2000 marked events: nothing lost, nothing doubled; one of them is a trace through every stage',
  async () => {
    const result = await home.json<VerifyResult>('verify', 'flight-delays', '--events', '2000');
    expect(result).toMatchObject({ sent: 2000, read: 2000, lost: 0, duplicated: 0 });
    expect(result.latencyMs).toMatchObject({
      p50: expect.any(Number),
      p95: expect.any(Number),
      p99: expect.any(Number),
    });
    const trace = await home.json<Trace>('trace', 'flight-delays', '--id', result.tracedEventId);
    const names = trace.spans.map(({ name }) => name).join('\n');
    for (const stage of ['POST /events', 'kafka send', 'spark severe-delays', 'sink store-severe', 'cassandra write']) {
      expect(names).toContain(stage);
    }
  },
  5 * minutes,
);

test(
  'kill -9 of every part during the flow loses and doubles nothing',
  async () => {
    const verifying = home.json<VerifyResult>(
      'verify',
      'flight-delays',
      '--events',
      '30000',
      '--rate',
      '250',
      '--timeout',
      '240',
    );
    const settled = verifying.catch(() => undefined);
    const parts = [
      'flight-delays.sinks.0',
      'kafka.broker.0',
      'cassandra.node.0',
      'spark.worker.0',
      'flight-delays.spark-driver.0',
    ];
    for (const part of [...parts, 'millrace.worker.0', 'millrace.temporal.0']) {
      const { restarts } = await kill9(part);
      await untilBack(part, restarts + 1);
    }
    await settled;
    const result = await verifying;
    expect(result.acknowledged).toBe(result.sent);
    expect(result).toMatchObject({ sent: 30_000, lost: 0, duplicated: 0, countMissing: 0, unacknowledged: 0 });
  },
  10 * minutes,
);

test(
  'a second deploy changes nothing and restarts nothing',
  async () => {
    await home.run('up');
    const before = await taskOf('flight-delays.ingress.0');
    const again = await home.json<DeployResult>('deploy', 'flight-delays', '--yes');
    expect(again.state).toBe('flowing');
    expect((await taskOf('flight-delays.ingress.0')).pid).toBe(before.pid);
  },
  5 * minutes,
);

test(
  'destroy and down end with a ledger, and leave no process, port, directory, topic, table, user or key',
  async () => {
    const { tasks } = await home.json<Status>('status');
    const held = () => inventoryOf(home.path, tasks, /flight.delays/);
    // Each kind is there before, so that each can be missed after.
    for (const names of Object.values(await held())) expect(names).not.toEqual([]);
    const destroyed = await home.json<DestroyResult>('destroy', 'flight-delays', '--yes');
    for (const names of Object.values(await held())) expect(names).toEqual([]);
    expect(differences(documentedShapes('destroy')[0]!, destroyed)).toEqual([]);
    const { ledger } = destroyed;
    expect(ledger.left).toEqual([]);
    expect(ledger.removed.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['process', 'topic', 'keyspace', 'user']),
    );
    const down = await home.json<{ ledger: Ledger }>('down', '--purge', '--yes');
    expect(down.ledger.left).toEqual([]);
    expect(existsSync(home.path)).toBe(false);
    const ours = listeners(() => false).filter(({ port }) => port >= portBase - 100 && port < portBase + 100);
    expect(ours).toEqual([]);
  },
  2 * minutes,
);

type Answer = Record<string, unknown>;

/** What the API answers once it answers with what is wanted. */
async function untilAnswered(url: string, wanted: (answer: Answer) => boolean): Promise<Answer> {
  for (;;) {
    const response = await fetch(url).catch(() => undefined);
    const answer = response?.ok ? ((await response.json()) as Answer) : undefined;
    if (answer && wanted(answer)) return answer;
    await sleep(100);
  }
}

/** Whether the list of that name has an entry with these fields. */
function holding(name: string, fields: Answer): (answer: Answer) => boolean {
  const fits = (entry: Answer) => Object.entries(fields).every(([field, value]) => entry[field] === value);
  return (answer) => (answer[name] as Answer[]).some(fits);
}

/** The data of the first Server-Sent Event. */
async function firstEventOf(url: string): Promise<unknown> {
  const response = await fetch(url);
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const data = /^data: ?(.*)\n/m.exec(text)?.[1];
    if (data !== undefined) return JSON.parse(data);
  }
  throw new Error(`the stream ended without an event: ${text}`);
}
