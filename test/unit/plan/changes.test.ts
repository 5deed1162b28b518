import { describe, expect, test } from '@jest/globals';
import type { Phase } from '../../../platform/model/plan.ts';
import { planChange } from '../../../platform/plan/changes.ts';
import { inputOf, planned } from './world.ts';

const plan = planned(inputOf());
const stepsOf = (phases: readonly Phase[]) => phases.flatMap(({ steps }) => steps);
/** Ids of all steps that must be done before. */
function stepsBefore(phases: readonly Phase[], id: string): Set<string> {
  const found = new Set<string>();
  const visit = (each: string) => {
    for (const earlier of stepsOf(phases).find((step) => step.id === each)?.after ?? []) {
      if (!found.has(earlier)) visit(earlier);
      found.add(earlier);
    }
  };
  visit(id);
  return found;
}

describe('stop', () => {
  const phases = planChange(plan, { change: 'stop' });
  test('every task, once', () => {
    const stopped = stepsOf(phases).filter(({ kind }) => kind === 'task.stop');
    expect(stopped.map(({ id }) => id).toSorted()).toEqual(
      plan.placements.map(({ task }) => `stop:${task}`).toSorted(),
    );
  });
  test('feeds, then ingresses, then the topics are read, then the rest', () => {
    expect([...stepsBefore(phases, 'stop:pp.ingress.0')]).toEqual(['stop:pp.feed.0']);
    expect([...stepsBefore(phases, 'drain')].toSorted()).toEqual(['stop:pp.feed.0', 'stop:pp.ingress.0']);
    for (const task of ['pp.sinks.0', 'pp.spark-driver.0', 'pp.api.0', 'pp.api.1']) {
      expect(stepsBefore(phases, `stop:${task}`)).toContain('drain');
    }
  });
});

test('start: feeds last, and it ends when data was seen', () => {
  const phases = planChange(plan, { change: 'start' });
  const others = plan.placements.map(({ task }) => task).filter((task) => task !== 'pp.feed.0');
  for (const task of others) {
    expect(stepsBefore(phases, 'start:pp.feed.0')).toContain(`ready:${task}`);
    expect(stepsBefore(phases, 'observe')).toContain(`ready:${task}`);
  }
  expect(stepsBefore(phases, 'ready:pp.feed.0')).toContain('start:pp.feed.0');
});

describe('restart', () => {
  test('of a service: its instances, each ready before the next', () => {
    const phases = planChange(plan, { change: 'restart', service: 'api' });
    expect(stepsOf(phases).map(({ id }) => id)).toEqual([
      'restart:pp.api.0',
      'ready:pp.api.0',
      'restart:pp.api.1',
      'ready:pp.api.1',
    ]);
    expect(stepsBefore(phases, 'restart:pp.api.1')).toContain('ready:pp.api.0');
  });
  test('of a group of connectors or the Spark driver', () => {
    for (const part of ['sinks', 'spark-driver']) {
      const [restart] = stepsOf(planChange(plan, { change: 'restart', service: part }));
      expect(restart?.input).toEqual({ task: `pp.${part}.0` });
    }
  });
  test('of all: every task, feeds last', () => {
    const restarts = stepsOf(planChange(plan, { change: 'restart' })).filter(({ kind }) => kind === 'task.restart');
    expect(restarts).toHaveLength(plan.placements.length);
    expect(restarts.at(-1)?.input).toEqual({ task: 'pp.feed.0' });
  });
  test('of what is not there: refused with what is', () => {
    expect(() => planChange(plan, { change: 'restart', service: 'apl' })).toThrow(
      expect.objectContaining({
        code: 'UNKNOWN_SERVICE',
        details: { name: 'apl', pipeline: 'pp', known: ['ingress', 'api', 'sinks', 'spark-driver', 'feed'] },
      }),
    );
  });
});
