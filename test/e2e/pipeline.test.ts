/** The life of a pipeline on the real servers: deployed, used, verified, traced, wounded in every part, destroyed. */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Status } from '../../platform/cli/commands/status.ts';
import type { TaskStatus } from '../../platform/cluster/driver.ts';
import { listeners } from '../../platform/cluster/process/ports.ts';
import type { Ledger } from '../../platform/model/ledger.ts';
import type { DeployResult, DestroyResult } from '../../platform/model/operations.ts';
import type { Trace } from '../../platform/telemetry/traceStore.ts';
import type { VerifyResult } from '../../platform/verify/verify.ts';
import { createTestHome } from './cli.ts';

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

const kill9 = async (id: string): Promise<void> => {
  const { pid } = await taskOf(id);
  if (pid === null) throw new Error(`${id} does not run`);
  process.kill(pid, 'SIGKILL');
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

test('status says that it flows, because every task says so', async () => {
  const { pipelines, frameworks } = await home.json<Status>('status');
  expect(pipelines).toMatchObject([{ pipeline: 'flight-delays', state: 'flowing', waitsFor: [] }]);
  expect(frameworks.map(({ state, waitsFor }) => [state, waitsFor])).toEqual(frameworks.map(() => ['running', []]));
});

test('a clean deploy tries nothing twice, and no warning stands in its progress', () => {
  expect(progress).toContain('first event seen from end to end');
  expect(progress).not.toMatch(/↻|✗|warning/i);
});

test('the query API answers the board, and a flight by its event id', async () => {
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
  const flight = await untilOk(`${api}/flights/e2e-1`);
  expect(flight).toMatchObject({ flight: { event_id: 'e2e-1', origin: 'ATL', delay_minutes: 95 } });
  expect(await untilOk(`${api}/board`)).toHaveProperty('airports');
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
      '20000',
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
      await sleep(8000);
      await kill9(part);
    }
    await settled;
    expect(await verifying).toMatchObject({ lost: 0, duplicated: 0, countMissing: 0 });
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
  'destroy and down end with a ledger, and leave no process, port or directory',
  async () => {
    const { ledger } = await home.json<DestroyResult>('destroy', 'flight-delays', '--yes');
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

async function untilOk(url: string): Promise<unknown> {
  for (;;) {
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok) return await response.json();
    await sleep(100);
  }
}
