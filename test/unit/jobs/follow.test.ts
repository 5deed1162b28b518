/** The wire between observer and alerting. */
import { expect, test } from '@jest/globals';
import type { HistoryPoint, PipelineSummary } from '../../../platform/api/contract/pipelines.ts';
import { followWatcher } from '../../../platform/jobs/follow.ts';
import { defaultObjectives, type Objectives } from '../../../platform/model/objective.ts';
import type { PipelineRecord } from '../../../platform/model/records.ts';
import type { Sample } from '../../../platform/objectives/sample.ts';
import type { WatchEvent } from '../../../platform/observe/watcher.ts';

const recordOf = (pipeline: string, revision: number, objectives?: Objectives) =>
  ({ pipeline, revision, plan: { spec: { objectives } } }) as unknown as PipelineRecord;
const stages: HistoryPoint['stages'] = {
  sink: { ratePerSecond: 1, edge: null, endToEnd: null, lagRecords: 7, lagSeconds: 9, deadLettered: 0 },
};

function world() {
  const seen: [string, Objectives, Sample][] = [];
  const kept: (readonly string[])[] = [];
  const log: string[] = [];
  let records = [recordOf('delays', 1)];
  let reads = 0;
  let listener: (event: WatchEvent) => void = () => undefined;
  let failing = false;
  const end = followWatcher({
    watcher: {
      on: (heard) => {
        listener = heard;
        return () => {
          listener = () => undefined;
        };
      },
      ledger: () => undefined,
      history: (pipeline, { fromMs, toMs }) => {
        const point = {
          atMs: toMs,
          state: 'flowing',
          ratePerSecond: 1,
          endToEnd: null,
          lagSeconds: 0,
          stages,
        } as const;
        return { pipeline, stepMs: toMs - fromMs, points: [point] };
      },
    },
    alerting: {
      observe: (...look) => {
        if (failing) throw new Error('disk full');
        seen.push(look);
      },
      keepOnly: (pipelines) => kept.push(pipelines),
    },
    records: {
      pipeline: (name) => {
        reads += 1;
        return records.find(({ pipeline }) => pipeline === name);
      },
      pipelines: () => records,
    },
    now: () => 1000,
    log: (line) => log.push(line),
  });
  const look = (revision: number) => {
    const summary = { state: 'flowing', revision, endToEnd: null, lagSeconds: 3 } as unknown as PipelineSummary;
    listener({ kind: 'seen', pipeline: 'delays', summary, graph: undefined as never });
  };
  return {
    ...{ seen, kept, log, end, look },
    deploy: (record: PipelineRecord) => {
      records = [record];
    },
    fail: (fails: boolean) => {
      failing = fails;
    },
    reads: () => reads,
  };
}

test('each look is judged by the objectives of the revision that runs, read once for each', () => {
  const { seen, kept, look, deploy, reads, end } = world();
  expect(kept).toEqual([['delays']]);
  look(1);
  look(1);
  expect(reads()).toBe(1);
  expect(seen).toHaveLength(2);
  expect(seen[0]![1]).toBe(defaultObjectives);
  expect(seen[0]![2]).toMatchObject({ atMs: 1000, ends: { lagSeconds: 3 }, stages: { sink: { lagSeconds: 9 } } });
  const objectives: Objectives = { complete: { kind: 'completeness', of: 'events', target: 0.9, windowHours: 12 } };
  deploy(recordOf('delays', 2, objectives));
  look(2);
  expect(seen[2]![1]).toEqual(objectives);
  end();
  look(2);
  expect(seen).toHaveLength(3);
});

test('what fails is told once, and the next look goes on', () => {
  const { seen, log, look, fail } = world();
  fail(true);
  look(1);
  look(1);
  expect(log).toEqual(['objectives: disk full']);
  fail(false);
  look(1);
  expect(seen).toHaveLength(1);
});
