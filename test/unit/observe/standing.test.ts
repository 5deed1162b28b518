/** What `status` says of a framework, by what is recorded and what its tasks do. */
import { expect, test } from '@jest/globals';
import type { TaskPhase, TaskStatus } from '../../../platform/cluster/driver.ts';
import { type SeenTask, standingOf } from '../../../platform/observe/standing.ts';

const up = { agent: true, worker: true };
const down = { agent: false, worker: false };

function task(name: string, phase?: TaskPhase, waitingFor?: string, reason = ''): SeenTask {
  const status = phase && ({ id: name, phase, reason } as TaskStatus);
  const readiness = waitingFor === undefined ? undefined : { ready: waitingFor === '', waitingFor };
  return { task: name, status, readiness };
}

const cases: Readonly<Record<string, [string, readonly SeenTask[], typeof up, string, readonly string[]]>> = {
  'all runs and is ready': ['running', [task('a', 'running', ''), task('b', 'running', '')], up, 'running', []],
  'one is not ready yet': [
    ...(['running', [task('a', 'running', ''), task('b', 'running', 'an executor')], up] as const),
    ...(['starting', ['b: an executor']] as const),
  ],
  'one starts again by itself': [
    ...(['running', [task('a', 'running', ''), task('b', 'backoff', undefined, 'it ended with code 1')], up] as const),
    ...(['starting', ['b: it ended with code 1']] as const),
  ],
  'one was stopped': [
    ...(['running', [task('a', 'running', ''), task('b', 'stopped')], up, 'degraded', ['b: stopped']] as const),
  ],
  'one is gone': ['running', [task('a', 'running', ''), task('b')], up, 'degraded', ['b: it is not there']],
  'all are stopped': ['running', [task('a', 'stopped'), task('b', 'stopped')], up, 'stopped', ['millrace up']],
  'after down, nothing answers': [
    ...(['running', [task('a', undefined, 'an answer')], down, 'stopped', ['millrace up']] as const),
  ],
  'a dead agent, and tasks that outlived it': [
    ...(['running', [task('a', undefined, '')], down, 'degraded'] as const),
    ['the agent, which does not run, so that nothing is started again: millrace up'],
  ],
  'an installation under way': ['installing', [task('a')], up, 'installing', []],
  'one that was cut off': ['installing', [task('a')], down, 'installing', ['millrace up: it was cut off']],
  'one that failed and left something': ['failed', [task('a', 'running', '')], up, 'failed', []],
};

test.each(Object.entries(cases))('%s', (_, [recorded, tasks, control, state, waitsFor]) => {
  expect(standingOf(recorded, tasks, control)).toEqual({ state, waitsFor });
});
