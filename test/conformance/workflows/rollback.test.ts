/** A deploy whose undo fails: the workflows on a real Temporal server, with activities of a few lines that fail on demand. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { WithStartWorkflowOperation, type WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { type ErrorJson, MillraceError } from '../../../platform/errors.ts';
import type { Phase, Step } from '../../../platform/model/plan.ts';
import { deployUpdate, ensureUpdate, taskQueue } from '../../../platform/workflows/messages.ts';
import { openTemporalRoom, type TemporalRoom } from './temporalRoom.ts';

const firstPort = 16_950;
const directory = mkdtempSync(join(tmpdir(), 'millrace-rollback-'));
let room: TemporalRoom;

/** What the activities were called with, and which of them fail. */
const calls: unknown[][] = [];
let failing: Readonly<Record<string, MillraceError>> = {};

const failure = (error: MillraceError) =>
  ApplicationFailure.create({
    ...{ type: error.code, message: error.message, nonRetryable: true, details: [error.toJSON()] },
  });
const activity =
  (name: string) =>
  async (call: { step?: { id?: string } | string }, ...rest: unknown[]) => {
    const step = typeof call.step === 'string' ? call.step : call.step?.id;
    calls.push([name, step, ...rest]);
    const error = failing[step ? `${name} ${step}` : name];
    if (error) throw failure(error);
    if (name === 'pipeline.plan') return { revision: 1, phases };
    if (name === 'framework.begin') return { action: 'installed', revision: 1, phases };
    return name === 'task.remove' ? [] : undefined;
  };
const names = ['pipeline.plan', 'pipeline.fail', 'framework.begin', 'framework.fail', 'task.launch', 'task.remove'];

const launch = (task: string, after: readonly string[]): Step => ({
  ...{ id: `launch:${task}`, label: task, kind: 'task.launch', input: { task }, after, timeoutSeconds: 20 },
  undo: { kind: 'task.remove', input: { task, data: true } },
});
const phases: readonly Phase[] = [
  { name: 'launch', strategy: 'dependency', steps: [launch('a', []), launch('b', ['launch:a'])] },
];

beforeAll(async () => {
  room = await openTemporalRoom(
    firstPort,
    directory,
    Object.fromEntries([...names, 'operation.span'].map((name) => [name, activity(name)])),
  );
}, 90_000);

afterAll(async () => {
  await room?.close();
  rmSync(directory, { recursive: true, force: true });
}, 30_000);

const first = new MillraceError('WRONG_IDENTITY', { endpoint: 'a:1', expected: 'ours', found: 'theirs' });
const undoing = new MillraceError('SERVER_REFUSED', { framework: 'kafka', action: 'x', reason: 'no' });
const recording = new MillraceError('STATE_UNAVAILABLE', { file: 'f', verb: 'written', reason: 'full' });

/** What a deploy, or an installation, ends with. */
async function endOf(kind: 'pipeline' | 'framework', name: string): Promise<ErrorJson> {
  calls.length = 0;
  const request = {
    ...{ id: `op-${name}`, traceparent: '00-1-2-01', requestedAtMs: 0, pipeline: name, blueprint: 'x', parameters: {} },
    ...{ framework: 'kafka' as const, revision: 1 },
  };
  const started = room.client.workflow.executeUpdateWithStart(
    kind === 'pipeline' ? deployUpdate.name : ensureUpdate.name,
    {
      args: [request],
      updateId: request.id,
      startWorkflowOperation: new WithStartWorkflowOperation(`${kind}Workflow`, {
        ...{ workflowId: `${kind}/${name}`, taskQueue, args: [], workflowIdConflictPolicy: 'USE_EXISTING' },
      }),
    },
  );
  const thrown = await started.then(
    () => undefined,
    (error: unknown) => error,
  );
  const cause = (thrown as WorkflowUpdateFailedError).cause as ApplicationFailure;
  return cause.details?.[0] as ErrorJson;
}

const undone = () => calls.filter(([name]) => name === 'task.remove').map(([, step]) => step);
const notUndone = (lines: readonly string[]) => ({ code: first.code, details: { ...first.details, notUndone: lines } });

test('a failing undo hides neither the first error nor the other undos, and the failure is recorded', async () => {
  failing = { 'task.launch launch:b': first, 'task.remove launch:b': undoing };
  const expected = notUndone([`task.remove b: ${undoing.message}`]);
  expect(await endOf('pipeline', 'one')).toMatchObject(expected);
  expect(undone()).toEqual(expect.arrayContaining(['launch:a', 'launch:b']));
  const [, , revision, error] = calls.find(([name]) => name === 'pipeline.fail')!;
  expect([revision, error]).toMatchObject([1, expected]);
}, 60_000);

test('a record that can not be written does not hide the first error either', async () => {
  failing = { 'task.launch launch:b': first, 'pipeline.fail': recording };
  expect(await endOf('pipeline', 'two')).toMatchObject(notUndone([`the record: ${recording.message}`]));
  expect(undone()).toHaveLength(2);
}, 60_000);

test('an installation that fails ends with its first error, too', async () => {
  failing = { 'task.launch launch:a': first, 'framework.fail': recording };
  expect(await endOf('framework', 'three')).toMatchObject(notUndone([`the record: ${recording.message}`]));
}, 60_000);

test('what was undone whole is told as before', async () => {
  failing = { 'task.launch launch:b': first };
  expect(await endOf('pipeline', 'four')).toEqual(first.toJSON());
}, 60_000);
