/** What goes onto the bus by itself: steps of operations and phases of tasks, each once, also over a restart. */
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { appendJournal } from '../../../platform/activities/journal.ts';
import { readOperation } from '../../../platform/activities/operationRecord.ts';
import { createEventBus, type EventBus } from '../../../platform/api/eventBus.ts';
import { watchOperations } from '../../../platform/api/watchOperations.ts';
import { watchTasks } from '../../../platform/api/watchTasks.ts';
import type { ClusterDriver, TaskStatus } from '../../../platform/cluster/driver.ts';
import { type Home, homeAt, operationFile } from '../../../platform/home.ts';
import type { OperationRecord } from '../../../platform/model/operationRecord.ts';
import { writeState } from '../../../platform/state-files.ts';

const id = 'deploy-a-0123456789';
let home: Home;
const ends: (() => void)[] = [];
beforeEach(() => {
  home = homeAt(mkdtempSync(join(tmpdir(), 'millrace-api-')));
});
afterEach(() => {
  for (const end of ends.splice(0)) end();
  rmSync(home.root, { recursive: true, force: true });
});

const newBus = () => createEventBus(join(home.apiDir, 'events'));
const step = (name: string) =>
  appendJournal(home, id, { scope: 'a', step: name, label: `label of ${name}`, state: 'done', ms: 5 });
const record = (state: OperationRecord['state']) =>
  writeState<OperationRecord>(join(home.operationsDir, `${id}.json`), {
    ...{ format: 'millrace/operation/1', id, kind: 'deploy', pipeline: 'a', revision: 1, traceId: null },
    ...{ requestedAtMs: 0, state, phases: [] },
  });
const watch = (bus: EventBus) => {
  const end = watchOperations(home, bus, (each) => readOperation(home, each));
  ends.push(end);
  return end;
};
const told = (bus: EventBus) =>
  bus.since('0').events.map(({ type, data }) => (type === 'millrace.operation.end' ? `end ${data.state}` : data.step));

async function until(look: () => boolean): Promise<void> {
  while (!look()) await sleep(20);
}

test('each line of a journal is told once, over a restart of the API, and then the end', async () => {
  record('running');
  step('one');
  const first = newBus();
  const end = watch(first);
  await until(() => told(first).length === 1);
  end();
  await sleep(500);
  // While nobody looks.
  step('two');
  const second = newBus();
  watch(second);
  await until(() => told(second).length === 2);
  // A line that is being written is not there yet.
  appendFileSync(operationFile(home, id), '{"at":"2026-11-24T00:00:00.000Z","scope":"a","st');
  await sleep(500);
  appendFileSync(operationFile(home, id), 'ep":"three","label":"c","state":"done"}\n');
  record('done');
  await until(() => told(second).length === 4);
  expect(told(second)).toEqual(['one', 'two', 'three', 'end done']);
  expect(second.since('0').events[0]).toMatchObject({
    ...{ source: `/operations/${id}`, type: 'millrace.operation.step', subject: 'a' },
    data: { operation: id, line: 1, scope: 'a', state: 'done', ms: 5 },
  });
  const third = newBus();
  watch(third);
  await sleep(1000);
  expect(told(third)).toHaveLength(4);
});

test('an operation that was refused before it had a journal is told by its end', async () => {
  record('failed');
  const bus = newBus();
  watch(bus);
  await until(() => told(bus).length === 1);
  expect(told(bus)).toEqual(['end failed']);
});

test('journals of before there were records are no news', async () => {
  step('long ago');
  const dayAgo = Date.now() / 1000 - 86_400;
  utimesSync(operationFile(home, id), dayAgo, dayAgo);
  const bus = newBus();
  watch(bus);
  await sleep(600);
  expect(told(bus)).toEqual([]);
});

test('an operation that is not planned yet is told of', async () => {
  step('one');
  const bus = newBus();
  watch(bus);
  await until(() => told(bus).length === 1);
  expect(told(bus)).toEqual(['one']);
});

test('files that are no operations, and lines that are none, are passed over', async () => {
  mkdirSync(home.operationsDir, { recursive: true });
  appendFileSync(join(home.operationsDir, 'notes.txt'), 'x\n');
  record('running');
  appendFileSync(operationFile(home, id), 'nonsense\n');
  step('one');
  const bus = newBus();
  watch(bus);
  await until(() => told(bus).length === 1);
  expect(told(bus)).toEqual(['one']);
});

test('phases of tasks are told when they change, over a restart, too', async () => {
  const task = (phase: TaskStatus['phase'], restarts: number): TaskStatus => ({
    ...{ id: 'a.b.0', node: 'node-1', owner: { kind: 'pipeline', name: 'a' }, phase, restarts, desired: 'running' },
    ...{ pid: 1, startedAt: null, lastExit: null, nextStartAt: null, reason: 'why', usage: null, ports: [], tier: 3 },
    specHash: '',
  });
  let tasks = [task('running', 0)];
  const driver = { list: async () => tasks } as unknown as ClusterDriver;
  const phases = (bus: EventBus) => bus.since('0').events.map(({ data }) => `${data.phase}/${data.restarts}`);
  const first = newBus();
  const end = watchTasks(driver, first);
  await until(() => phases(first).length === 1);
  end();
  tasks = [task('running', 1)];
  const second = newBus();
  ends.push(watchTasks(driver, second));
  await until(() => phases(second).length === 2);
  tasks = [];
  await until(() => phases(second).length === 3);
  expect(phases(second)).toEqual(['running/0', 'running/1', 'removed/0']);
  const third = newBus();
  ends.push(watchTasks(driver, third));
  await sleep(200);
  // That it is gone is known already.
  expect(phases(third)).toHaveLength(3);
});
