import { expect, test } from '@jest/globals';
import { neverRan } from '../../../platform/cluster/process/agent/records.ts';
import { statusOf, type TaskState } from '../../../platform/cluster/process/agent/status.ts';
import { type TaskRecord, withoutContents } from '../../../platform/cluster/tasks/records.ts';
import { programs, taskSpec } from '../../conformance/cluster/tasks.ts';

const now = Date.parse('2026-11-23T10:00:00Z');
const record: TaskRecord = {
  format: 'millrace/task/1',
  spec: withoutContents(taskSpec('a', programs.idle)),
  specHash: '00',
  desired: 'running',
  suspended: false,
  complete: true,
};
const ended = { code: 1, signal: null, at: '2026-11-23T09:59:58Z' };
const state = (change: Partial<TaskState>): TaskState => ({
  record,
  run: neverRan,
  failure: undefined,
  obstacle: undefined,
  nextStartAt: undefined,
  ...change,
});
const seen = (change: Partial<TaskState>) => {
  const { phase, reason } = statusOf(state(change), null, now);
  return `${phase}: ${reason}`;
};

test('every way to stand has its reason', () => {
  const running = { ...neverRan, state: 'started', process: { pid: 1, startTime: 'x' } } as const;
  const crashed = { ...neverRan, restarts: 3, lastExit: ended };
  expect(seen({ run: running })).toBe('running: runs');
  expect(seen({ run: { ...running, restarts: 1, lastExit: ended } })).toBe(
    'running: runs; ended with code 1 before, 1 restart',
  );
  expect(seen({ run: crashed, nextStartAt: now + 3500 })).toBe('backoff: ended with code 1, 3 restarts, next in 4 s');
  expect(seen({ run: { ...crashed, lastExit: { ...ended, code: null } } })).toBe(
    'backoff: ended while the agent was away, 3 restarts, starts now',
  );
  expect(seen({ obstacle: 'port 1 on 127.0.0.1 is taken by x (pid 2)', nextStartAt: now + 500 })).toBe(
    'backoff: port 1 on 127.0.0.1 is taken by x (pid 2), 0 restarts, next in 1 s',
  );
  expect(seen({ failure: '/x: there is no such file' })).toBe('failed: can not be started: /x: there is no such file');
  expect(seen({ record: { ...record, desired: 'stopped' } })).toBe('stopped: stopped on request');
  expect(seen({ record: { ...record, suspended: true } })).toBe('stopped: stopped with the cluster');
  expect(seen({ record: { ...record, complete: false } })).toBe('stopped: its launch was cut short: launch it again');
});
