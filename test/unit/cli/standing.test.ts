/** What `status` says of a pipeline or framework, by what is recorded and what its tasks do. */
import { expect, test } from '@jest/globals';
import { type SeenTask, standingOf, withFrameworks } from '../../../platform/cli/standing.ts';
import type { TaskPhase, TaskStatus } from '../../../platform/cluster/driver.ts';

const up = { agent: true, worker: true };
const down = { agent: false, worker: false };

function task(name: string, phase?: TaskPhase, waitingFor?: string, reason = ''): SeenTask {
  const status = phase && ({ id: name, phase, reason } as TaskStatus);
  const readiness = waitingFor === undefined ? undefined : { ready: waitingFor === '', waitingFor };
  return { task: name, status, readiness };
}

const cases: Readonly<Record<string, [string, readonly SeenTask[], typeof up, string, readonly string[]]>> = {
  'all runs and is ready': ['flowing', [task('a', 'running', ''), task('b', 'running', '')], up, 'flowing', []],
  'one is not ready yet': [
    ...(['flowing', [task('a', 'running', ''), task('b', 'running', 'an executor')], up] as const),
    ...(['starting', ['b: an executor']] as const),
  ],
  'one starts again by itself': [
    ...(['running', [task('a', 'running', ''), task('b', 'backoff', undefined, 'it ended with code 1')], up] as const),
    ...(['starting', ['b: it ended with code 1']] as const),
  ],
  'one was stopped': [
    ...(['running', [task('a', 'running', ''), task('b', 'stopped')], up, 'impaired', ['b: stopped']] as const),
  ],
  'one is gone': ['flowing', [task('a', 'running', ''), task('b')], up, 'impaired', ['b: it is not there']],
  'all are stopped': ['flowing', [task('a', 'stopped'), task('b', 'stopped')], up, 'stopped', ['millrace up']],
  'after down, nothing answers': [
    ...(['running', [task('a', undefined, 'an answer')], down, 'stopped', ['millrace up']] as const),
  ],
  'a dead agent, and tasks that outlived it': [
    ...(['running', [task('a', undefined, '')], down, 'impaired'] as const),
    ['the agent, which does not run, so that nothing is started again: millrace up'],
  ],
  'a deploy under way': ['deploying', [task('a')], up, 'deploying', []],
  'a deploy that was cut off': ['deploying', [task('a')], down, 'deploying', ['millrace up: it was cut off']],
  'a failed deploy that left something': ['failed', [task('a', 'running', '')], up, 'failed', []],
  'a pipeline that kept its data': ['stopped', [task('a')], up, 'stopped', []],
};

test.each(Object.entries(cases))('%s', (_, [recorded, tasks, control, state, waitsFor]) => {
  expect(standingOf(recorded, tasks, control)).toEqual({ state, waitsFor });
});

test('a pipeline flows only where the frameworks that it uses run', () => {
  const flowing = { state: 'flowing', waitsFor: [] };
  const kafka = (state: string) => [{ framework: 'kafka', state, waitsFor: [] }];
  expect(withFrameworks(flowing, kafka('running'))).toEqual(flowing);
  expect(withFrameworks(flowing, kafka('starting'))).toEqual({
    ...{ state: 'starting', waitsFor: ['kafka, which is starting'] },
  });
  expect(withFrameworks(flowing, kafka('impaired')).state).toBe('impaired');
  const stopped = { state: 'stopped', waitsFor: ['millrace up'] };
  expect(withFrameworks(stopped, kafka('stopped'))).toEqual(stopped);
});
