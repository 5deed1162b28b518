import { describe, expect, test } from '@jest/globals';
import type { OperationStep, OperationView } from '../../../platform/api/contract/control.ts';
import { progressOf, stepInFocus, timeline } from '../../../platform/console/app/pages/plan/timeline.ts';

function step(
  id: string,
  phase: string,
  state: OperationStep['state'],
  more: Partial<OperationStep> = {},
): OperationStep {
  return { id, phase, title: id, state, startMs: null, endMs: null, attempts: 1, reason: null, task: null, ...more };
}
const operation: OperationView = {
  id: 'op',
  kind: 'deploy',
  pipeline: 'p',
  revision: 1,
  state: 'running',
  startMs: 1000,
  endMs: null,
  error: null,
  traceId: null,
  workflowUrl: null,
  ledger: null,
  steps: [
    step('a', 'servers', 'done', { startMs: 1000, endMs: 3000 }),
    step('b', 'servers', 'running', { startMs: 2000, attempts: 3, reason: 'waits for Kafka' }),
    step('c', 'topics', 'waiting', { attempts: 0 }),
  ],
};

describe('timeline of an operation', () => {
  test('phases in order, bars against the time up to now', () => {
    const [servers, topics] = timeline(operation, 5000);
    expect(servers).toMatchObject({ name: 'servers', state: 'running', done: 1 });
    expect(servers!.steps[0]).toMatchObject({ bar: { leftPercent: 0, widthPercent: 50 }, durationMs: 2000 });
    expect(servers!.steps[1]).toMatchObject({ bar: { leftPercent: 25, widthPercent: 75 }, durationMs: 3000 });
    expect(topics).toMatchObject({ state: 'waiting', steps: [{ bar: null, durationMs: null }] });
  });
  test('a clock that lags behind the server leaves bars inside', () => {
    for (const phase of timeline(operation, 500))
      for (const { bar } of phase.steps)
        if (bar !== null) {
          expect(bar.leftPercent).toBeGreaterThanOrEqual(0);
          expect(bar.leftPercent + bar.widthPercent).toBeLessThanOrEqual(100 + 1e-9);
        }
  });
  test('a failure decides the state of its phase', () => {
    const failed = {
      ...operation,
      steps: [step('a', 'x', 'done'), step('b', 'x', 'failed'), step('c', 'x', 'running')],
    };
    expect(timeline(failed, 5000)[0]!.state).toBe('failed');
    expect(timeline({ ...operation, steps: [step('a', 'x', 'done')] }, 5000)[0]!.state).toBe('done');
    expect(timeline({ ...operation, steps: [step('a', 'x', 'done'), step('b', 'x', 'waiting')] }, 5000)[0]!.state).toBe(
      'running',
    );
  });
  test('progress counts what is done and what was tried again', () => {
    expect(progressOf(operation, 5000)).toEqual({ done: 1, total: 3, retries: 2, durationMs: 4000 });
    expect(stepInFocus(operation.steps)?.id).toBe('b');
    expect(stepInFocus([step('a', 'x', 'running'), step('b', 'x', 'failed')])?.id).toBe('b');
    expect(stepInFocus([])).toBeUndefined();
  });
});
