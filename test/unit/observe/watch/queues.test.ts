/** The queue between a flow and its worker is a hop: lag, graph, state with reason. What Redis answers is handed in. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { TaskStatus } from '../../../../platform/cluster/driver.ts';
import { type HealthServer, startHealthServer } from '../../../../platform/connectors/health.ts';
import type { PipelineRecord } from '../../../../platform/model/records.ts';
import type { SeenQueue } from '../../../../platform/observe/queues.ts';
import { KafkaLine } from '../../../../platform/observe/watch/kafkaLine.ts';
import { PipelineWatch } from '../../../../platform/observe/watch/pipelineWatch.ts';
import { resolveParameters } from '../../../../platform/plan/parameters.ts';
import { loadBlueprint } from '../../../../platform/sdk/loadBlueprint.ts';
import { WorkerMeter } from '../../../../platform/telemetry/workerMeter.ts';

const module = await loadBlueprint(new URL('../../../..', import.meta.url).pathname, 'flight-delays');
const spec = module.build(resolveParameters(module, {}));
const running = { id: 'mine.alerts.0', phase: 'running', desired: 'running', reason: '' } as TaskStatus;
const cluster = { statuses: new Map([[running.id, running]]), worker: true, frameworks: new Map() };
const queue = 'queue:alerts';

let directory: string;
let health: HealthServer;
let nowMs = 1_795_538_300_000;
let answer: () => Promise<readonly SeenQueue[]>;
let watch: PipelineWatch;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-queues-'));
  const meter = new WorkerMeter(queue);
  health = await startHealthServer(
    { task: running.id, pipeline: 'mine', revision: 1, listen: { address: '127.0.0.1', health: 0 } },
    { state: () => ({ ready: true, waitingFor: '' }), metrics: () => ({}), stages: () => [meter.report()] },
  );
  const placements = [{ task: running.id, address: '127.0.0.1', ports: { health: health.port } }];
  const record = {
    ...{ pipeline: 'mine', blueprint: 'flight-delays', revision: 1, state: 'flowing', endpoints: {} },
    plan: { spec, placements, frameworks: [] },
  } as unknown as PipelineRecord;
  watch = new PipelineWatch(record, {
    ...{ directory, now: () => nowMs, log: () => undefined, emit: () => undefined },
    kafka: new KafkaLine({ record: () => undefined, secrets: { get: () => '' } as never, now: () => nowMs }),
    ...{ freshnessMs: () => 30_000, workflowUrl: () => null, alerts: () => 0 },
    newestDeadLetter: async () => undefined,
    readQueues: (pipeline, queues) => {
      expect([pipeline, queues]).toEqual(['mine', ['alerts']]);
      return answer();
    },
  });
});
afterEach(async () => {
  await watch.close();
  await health.close();
  rmSync(directory, { recursive: true, force: true });
});

/** After enough looks that the newest answer was taken in, and a state that was held back is told. */
async function seen(found: Partial<SeenQueue> | Error) {
  const empty = { waiting: 0, active: 0, delayed: 0, failed: 0, failedLately: 0, oldestMs: null };
  answer = async () => {
    if (found instanceof Error) throw found;
    return [{ name: 'alerts', queue: 'mine.alerts', ...empty, ...found }];
  };
  for (let look = 0; look < 8; look++) {
    nowMs += 4000;
    await watch.look(cluster);
    await setImmediate();
  }
  const graph = watch.graph(undefined)!;
  return {
    node: graph.nodes.find(({ id }) => id === queue)!,
    edge: graph.edges.find(({ from }) => from === queue),
    hop: watch.lag().hops.find(({ hop }) => hop === queue),
    guilty: watch.lag().guilty,
  };
}

test('jobs that wait are the lag of the queue, on the way to the service whose task says that it works it off', async () => {
  const { node, edge, hop } = await seen({ waiting: 3, active: 1, delayed: 1, oldestMs: nowMs + 30_000 });
  expect(hop).toMatchObject({ topic: 'mine.alerts', lagRecords: 5, lagSeconds: 2 });
  expect(node).toMatchObject({ state: 'ok', reason: '5 jobs wait, the oldest for 2 s.' });
  expect(edge).toMatchObject({ to: 'service:alerts', stage: queue, lagRecords: 5, lagSeconds: 2, ratePerSecond: 0 });
});

test('of jobs whose age could not be read the age is not known, and not none', async () => {
  const { node, hop, guilty } = await seen({ waiting: 2 });
  expect(hop).toMatchObject({ lagRecords: 2, lagSeconds: null });
  expect(node).toMatchObject({ state: 'ok', reason: '2 jobs wait.' });
  expect(guilty).toBeNull();
});

test('a queue that nobody works off is late and guilty', async () => {
  const { node, guilty } = await seen({ waiting: 2, oldestMs: nowMs - 60_000 });
  expect(guilty).toBe(queue);
  expect(node).toMatchObject({ state: 'degraded', reason: expect.stringMatching(/^It is late: 2 jobs wait, /) });
});

test('jobs that were given up of late are told with a reason; older ones are only counted', async () => {
  const lately = await seen({ failed: 7, failedLately: 2 });
  expect(lately.node).toMatchObject({
    state: 'degraded',
    reason:
      'Jobs are given up: 2 of late; 0 jobs wait, the oldest for 0 s. 7 jobs that failed at each attempt are kept.',
  });
  const { node } = await seen({ failed: 7 });
  expect(node).toMatchObject({ state: 'idle', reason: 'No job waits. 7 jobs that failed at each attempt are kept.' });
});

test('where Redis does not answer nothing is known of the queue', async () => {
  const { node, hop } = await seen(new Error('connect ECONNREFUSED'));
  expect(hop).toBeUndefined();
  expect(node.state).toBe('unknown');
});
