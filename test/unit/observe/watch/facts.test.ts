/** What was seen as facts: what a stage does by its nature is none against it. */
import { expect, test } from '@jest/globals';
import type { PipelineRecord } from '../../../../platform/model/records.ts';
import { factsOf } from '../../../../platform/observe/watch/facts.ts';
import { flowStateOf } from '../../../../platform/observe/watch/flowState.ts';
import { changed, deployed, inputOf, planned } from '../../plan/world.ts';

const lag = { topic: 'pp.flights', lagRecords: 300, lagSeconds: 45, inRate: 7, outRate: 0, drainSeconds: null };

function stateOf(job: object, stillMs: number) {
  const input = inputOf(
    changed((blueprint) => {
      Object.assign(blueprint.jobs.late, job);
    }),
  );
  const record = { ...deployed(input, planned(input)).current!, state: 'flowing' } as PipelineRecord;
  const tasks = record.plan.placements.map(({ task }) => task);
  const running = { phase: 'running', desired: 'running', reason: '' };
  const sight = {
    ...{ record, worker: true, frameworks: [], measures: [], lags: [{ hop: 'late', ...lag }] },
    statuses: new Map(tasks.map((id) => [id, { id, ...running } as never])),
    answeredMs: new Map(tasks.map((task) => [task, 1000])),
    waitingFor: new Map(),
    stillMs: (hop: string) => (hop === 'late' ? stillMs : 0),
  };
  const rest = {
    freshnessMs: 30_000,
    deadLetters: { records: 0, overMs: 600_000, topics: [], newest: null },
    unbalanced: null,
    offsetsFault: null,
  };
  return flowStateOf(factsOf(sight, rest, 1000), 1000);
}

test('a job between two batches does not stand still; it is late where events wait longer than is allowed', () => {
  expect(stateOf({ mode: 'micro-batch', triggerMs: 60_000 }, 45_000)).toMatchObject({ state: 'degraded' });
  expect(stateOf({ mode: 'micro-batch', triggerMs: 60_000 }, 75_000)).toMatchObject({ state: 'stalled' });
  expect(stateOf({ mode: 'realtime' }, 45_000)).toMatchObject({ state: 'stalled' });
});
