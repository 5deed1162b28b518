/** The trace of a deploy on a real Temporal: its workflow, the framework's, and each attempt of each activity, joined. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { WithStartWorkflowOperation } from '@temporalio/client';
import { tracedAttempt } from '../../../platform/activities/attempts.ts';
import { recordOperation } from '../../../platform/activities/registry.ts';
import { workflowUrl } from '../../../platform/control/workflowUrl.ts';
import { homeAt } from '../../../platform/home.ts';
import type { DeployRequest } from '../../../platform/model/operations.ts';
import type { Phase, Step } from '../../../platform/model/plan.ts';
import { withSpan } from '../../../platform/telemetry/operation.ts';
import { createSpanRecorder } from '../../../platform/telemetry/recorder.ts';
import { findTrace, type Trace } from '../../../platform/telemetry/traceStore.ts';
import type { StepCall } from '../../../platform/workflows/activities.ts';
import { deployUpdate, ensureUpdate, namespace, taskQueue, workflowIds } from '../../../platform/workflows/messages.ts';
import { openTemporalRoom, type TemporalRoom } from './temporalRoom.ts';

const directory = mkdtempSync(join(tmpdir(), 'trace-'));
const spansDir = join(directory, 'spans');
mkdirSync(spansDir);
const firstPort = 12_650;
const recorder = createSpanRecorder({ service: 'millrace.worker', instance: 'millrace.worker.0', spansDir, env: {} });
let room: TemporalRoom;

const startOf = (kind: 'pipeline' | 'framework', workflowId: string) =>
  new WithStartWorkflowOperation(`${kind}Workflow`, {
    ...{ workflowId, taskQueue, args: [], workflowIdConflictPolicy: 'USE_EXISTING' },
  });

const step = (id: string, kind: Step['kind'], input: object, after: readonly string[] = []): Step =>
  ({ ...{ id, label: `label of ${id}`, kind, input, after, timeoutSeconds: 20 } }) as Step;
const plans: Readonly<Record<string, readonly Phase[]>> = {
  pipeline: [
    {
      name: 'all',
      strategy: 'dependency',
      steps: [step('ensure', 'framework.ensure', { framework: 'kafka' }), step('api', 'task.launch', {}, ['ensure'])],
    },
  ],
  framework: [{ name: 'all', strategy: 'dependency', steps: [step('broker', 'task.launch', {})] }],
};

let failures = 1;
const activities: Readonly<Record<string, (input: never) => Promise<unknown>>> = {
  'pipeline.plan': async () => ({ revision: 1, phases: plans.pipeline }),
  'framework.begin': async () => ({ action: 'installed', revision: 1, phases: plans.framework }),
  'framework.finish': async () => undefined,
  'pipeline.finish': async () => ({ state: 'flowing' }),
  'task.launch': async ({ step }: StepCall) => {
    if (step.id === 'api' && failures-- > 0) throw new Error('not yet');
  },
  'framework.ensure': async ({ scope: { operation, name, revision } }: StepCall) => {
    await room.client.workflow.executeUpdateWithStart(ensureUpdate, {
      args: [{ ...operation, framework: 'kafka', pipeline: name, revision }],
      updateId: `${operation.id}-ensure`,
      startWorkflowOperation: startOf('framework', workflowIds.framework('kafka')),
    });
  },
};

beforeAll(async () => {
  const traced = Object.entries(activities).map(([name, activity]) => [name, tracedAttempt(recorder, name, activity)]);
  room = await openTemporalRoom(firstPort, directory, {
    ...Object.fromEntries(traced),
    'operation.span': async (span: Parameters<typeof recordOperation>[1]) =>
      recordOperation({ recorder, home: homeAt(directory) }, span),
  });
}, 90_000);

afterAll(async () => {
  await room?.close();
  rmSync(directory, { recursive: true, force: true });
}, 30_000);

async function deployed(): Promise<Trace> {
  let traceId = '';
  await withSpan(recorder, 'millrace deploy delays', undefined, async (traceparent) => {
    traceId = traceparent.split('-')[1]!;
    const request: DeployRequest = {
      ...{ id: 'deploy-1', traceparent, requestedAtMs: Date.now() },
      ...{ pipeline: 'delays', blueprint: 'delays', parameters: {} },
    };
    await room.client.workflow.executeUpdateWithStart(deployUpdate, {
      args: [request],
      updateId: request.id,
      startWorkflowOperation: startOf('pipeline', workflowIds.pipeline('delays')),
    });
  });
  await recorder.flush();
  return (await findTrace(spansDir, { traceId }))!;
}

test('every workflow and every attempt is a span of one trace, under what asked for it', async () => {
  const { spans } = await deployed();
  const tree = spans.map(({ depth, name, error }) => `${'  '.repeat(depth)}${name}${error === null ? '' : ' !'}`);
  expect(tree).toEqual([
    'millrace deploy delays',
    '  deploy delays',
    '    pipeline.plan',
    '    label of ensure',
    '      ensure kafka',
    '        framework.begin',
    '        label of broker',
    '        framework.finish',
    '    label of api !',
    '    label of api',
    '    pipeline.finish',
  ]);
  const attributesOf = (name: string) => spans.filter((span) => span.name === name).map((span) => span.attributes);
  const runOf = async (workflowId: string) => (await room.client.workflow.getHandle(workflowId).describe()).runId;
  const workflow = (workflowId: string, runId: string) => ({ temporalWorkflowID: workflowId, temporalRunID: runId });
  const pipeline = workflow('pipeline/delays', await runOf('pipeline/delays'));
  const framework = workflow('framework/kafka', await runOf('framework/kafka'));
  expect(attributesOf('deploy delays')).toEqual([
    { ...pipeline, 'temporal.workflow.type': 'pipelineWorkflow', 'temporal.namespace': namespace },
  ]);
  expect(attributesOf('ensure kafka')).toEqual([expect.objectContaining(framework)]);
  expect(attributesOf('label of broker')).toEqual([
    expect.objectContaining({ ...framework, 'temporal.activity.type': 'task.launch' }),
  ]);
  const [one, other] = attributesOf('label of api');
  expect([one, other]).toEqual(
    [1, 2].map((attempt) => expect.objectContaining({ 'temporal.activity.attempt': attempt })),
  );
  expect(one!.temporalActivityID).toBe(other!.temporalActivityID);
  for (const each of [one!, other!]) {
    expect(each).toMatchObject(pipeline);
    expect(Number(each['temporal.activity.schedule_to_start_ms'])).toBeGreaterThanOrEqual(0);
  }
  const firstSchedule = (each: typeof one) => Number(each!['temporal.activity.since_first_schedule_ms']);
  expect(firstSchedule(other)).toBeGreaterThan(firstSchedule(one));
}, 60_000);

test('the web UI knows the workflow that the address names', async () => {
  const url = new URL(workflowUrl({ ui: firstPort + 1 }, 'pipeline/delays'));
  expect((await fetch(url)).status).toBe(200);
  // The page is one for all; what it asks of the server is this.
  const [, , , , workflowId] = url.pathname.split('/');
  const asked = await fetch(`${url.origin}/api/v1/namespaces/${namespace}/workflows/${workflowId}`);
  expect(await asked.json()).toMatchObject({
    workflowExecutionInfo: { execution: { workflowId: 'pipeline/delays' }, type: { name: 'pipelineWorkflow' } },
  });
});
