import { appendFileSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { appendJournal } from '../../../platform/activities/journal.ts';
import {
  beginOperation,
  endOperation,
  operationRecordFile,
  recordLedger,
} from '../../../platform/activities/operationRecord.ts';
import { operation as operationShape } from '../../../platform/api/contract/control.ts';
import { homeAt, operationFile } from '../../../platform/home.ts';
import type { Operation } from '../../../platform/model/operations.ts';
import { consequencesOf } from '../../../platform/operate/consequences.ts';
import { listOperations, operationView } from '../../../platform/operate/operations.ts';
import { deployed, inputOf, planned } from '../plan/world.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-operations-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const plan = planned(inputOf());
const traceId = 'a'.repeat(32);
const operationOf = (id: string): Operation => ({
  id,
  traceparent: `00-${traceId}-${'b'.repeat(16)}-01`,
  requestedAtMs: 1000,
});
const begun = { kind: 'deploy', pipeline: 'pp', revision: 1, phases: plan.phases } as const;
const spanOf = (id: string) => ({
  ...{
    name: 'deploy pp',
    traceparent: operationOf(id).traceparent,
    spanId: 'c'.repeat(16),
    startMs: 1000,
    endMs: 9000,
  },
  operation: id,
});

test('an operation that runs shows every step that was planned, and what the journal tells of each', () => {
  const home = homeAt(directory);
  beginOperation(home, operationOf('deploy-pp-1'), begun);
  const tell = (step: string, state: 'started' | 'waiting' | 'retrying' | 'done', text?: string) =>
    appendJournal(home, 'deploy-pp-1', { scope: 'pp', step, label: step, state, ...(text ? { text } : {}) });
  tell('launch:pp.api.0', 'started');
  tell('launch:pp.api.0', 'retrying', 'its port is taken');
  tell('launch:pp.api.0', 'started', 'attempt 2');
  tell('launch:pp.api.0', 'done');
  tell('ready:pp.api.0', 'started');
  tell('ready:pp.api.0', 'waiting', 'its health port to answer');
  appendJournal(home, 'deploy-pp-1', {
    scope: 'kafka',
    step: 'launch:kafka.broker.0',
    label: 'start it',
    state: 'started',
  });
  appendFileSync(operationFile(home, 'deploy-pp-1'), '{"at":"2026-11-24T');
  const view = operationView(home, 'deploy-pp-1');
  expect(operationShape.parse(view)).toEqual(view);
  expect(view).toMatchObject({ kind: 'deploy', pipeline: 'pp', revision: 1, state: 'running', traceId, endMs: null });
  const step = (id: string) => view?.steps.find((each) => each.id === id);
  expect(step('launch:pp.api.0')).toMatchObject({
    state: 'done',
    attempts: 2,
    reason: null,
    task: 'pp.api.0',
    phase: 'launch',
  });
  expect(step('ready:pp.api.0')).toMatchObject({ state: 'running', reason: 'its health port to answer' });
  expect(step('observe')).toMatchObject({ state: 'waiting', startMs: null, attempts: 0 });
  expect(step('kafka/launch:kafka.broker.0')).toMatchObject({ phase: 'kafka', state: 'running' });
});

test('it ends done, failed with its error, or cancelled; once ended it does not run again', () => {
  const home = homeAt(directory);
  const ended = (id: string, code?: 'NOT_FLOWING' | 'DEPLOY_CANCELLED') => {
    beginOperation(home, operationOf(id), begun);
    const failure = { code: code!, message: 'm', meaning: 'n', next: 'x', retryable: false, details: {} };
    endOperation(home, { ...spanOf(id), ...(code ? { error: code, failure } : {}) });
    return operationView(home, id);
  };
  expect(ended('deploy-pp-1')).toMatchObject({ state: 'done', endMs: 9000, error: null });
  expect(ended('deploy-pp-2', 'NOT_FLOWING')).toMatchObject({
    state: 'failed',
    error: { code: 'NOT_FLOWING', message: 'm' },
  });
  expect(ended('deploy-pp-3', 'DEPLOY_CANCELLED')).toMatchObject({ state: 'cancelled' });
  // An attempt at planning that was given up may end after all.
  beginOperation(home, operationOf('deploy-pp-2'), begun);
  expect(operationView(home, 'deploy-pp-2')).toMatchObject({ state: 'failed' });
  endOperation(home, { ...spanOf('deploy-pp-4'), name: 'stop pp' });
  expect(operationView(home, 'deploy-pp-4')).toMatchObject({ kind: 'stop', pipeline: 'pp', revision: null, steps: [] });
  expect(operationView(home, 'deploy-pp-5')).toBeUndefined();
});

test('a destroy tells what it removed, kept and left, when its end was reached and afterwards', () => {
  const home = homeAt(directory);
  const ledger = {
    removed: [{ kind: 'topic', name: 'pp.flights', owner: 'pp' }],
    kept: [{ kind: 'process', name: 'kafka', owner: 'shared framework', why: 'used by qq' }],
    left: [],
  } as const;
  beginOperation(home, operationOf('destroy-pp-1'), { ...begun, kind: 'destroy', phases: [] });
  expect(operationView(home, 'destroy-pp-1')?.ledger).toBeNull();
  recordLedger(home, 'destroy-pp-1', ledger);
  expect(operationView(home, 'destroy-pp-1')).toMatchObject({ state: 'running', ledger });
  endOperation(home, { ...spanOf('destroy-pp-1'), name: 'destroy pp' });
  const view = operationView(home, 'destroy-pp-1');
  expect(view).toMatchObject({ state: 'done', ledger });
  expect(operationShape.parse(view)).toEqual(view);
});

test('a record that can not be read does not make a failure of what was done', () => {
  const home = homeAt(directory);
  beginOperation(home, operationOf('deploy-pp-1'), begun);
  expect(endOperation(home, spanOf('deploy-pp-1'))).toBeUndefined();
  writeFileSync(operationRecordFile(home, 'deploy-pp-1'), '{');
  expect(endOperation(home, spanOf('deploy-pp-1'))).toContain('deploy-pp-1.json');
  recordLedger(home, 'deploy-pp-1', { removed: [], kept: [], left: [] });
  expect(() => operationView(home, 'deploy-pp-1')).toThrow(expect.objectContaining({ code: 'CORRUPT_STATE' }));
});

test('of more than 200 the oldest go, with their journals; one that can not be read hides none', () => {
  const home = homeAt(directory);
  expect(listOperations(home, 10)).toEqual([]);
  for (let at = 0; at < 205; at++) {
    const id = `deploy-pp-${at}`;
    beginOperation(home, operationOf(id), { ...begun, phases: [] });
    appendJournal(home, id, { scope: 'pp', step: 's', label: 's', state: 'done' });
    utimesSync(operationRecordFile(home, id), at + 1, at + 1);
  }
  expect(listOperations(home, 1000)).toHaveLength(200);
  expect(operationView(home, 'deploy-pp-0')).toBeUndefined();
  writeFileSync(operationRecordFile(home, 'deploy-pp-100'), '{');
  expect(listOperations(home, 1000)).toHaveLength(199);
  expect(() => operationView(home, 'deploy-pp-100')).toThrow(expect.objectContaining({ code: 'CORRUPT_STATE' }));
});

test('what a change does is said before: data by name, endpoints, single instances', () => {
  const record = deployed(inputOf(), plan).current!;
  const destroy = consequencesOf(record, { change: 'destroy' });
  expect(destroy.confirm).toBe('pp');
  expect(destroy.lines).toContain('Topics flights, late, with their dead letters: deleted.');
  expect(destroy.lines).toContain('Tables late: deleted.');
  const kept = consequencesOf(record, { change: 'destroy', keepData: true });
  expect([kept.confirm, kept.lines[0]]).toEqual([null, 'Topics flights, late, with their dead letters: kept.']);
  expect(consequencesOf(record, { change: 'restart', service: 'ingress' }).lines.join(' ')).toMatch(
    /ingress has one instance/,
  );
  expect(consequencesOf(record, { change: 'restart', service: 'api' }).lines.join(' ')).not.toMatch(/one instance/);
  expect(consequencesOf(record, { change: 'scale', service: 'api', instances: 3 }).lines).toContain(
    'To start: 1 instance; the others run on.',
  );
  expect(consequencesOf(record, { change: 'stop' }).lines.join(' ')).toMatch(/6 tasks end/);
});
