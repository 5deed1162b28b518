/** What is exported of all pipelines (telemetry/export): asked of their tasks now, and as the observer last saw them. */
import type { PipelineRecord } from '../model/records.ts';
import type { ObjectiveSight, PipelineSight } from '../telemetry/export/sight.ts';
import { askSpanDrops } from './spanDrops.ts';
import { askTasks } from './stages.ts';
import type { Watcher } from './watcher.ts';

export interface MetricSightOptions {
  readonly records: () => readonly PipelineRecord[] | Promise<readonly PipelineRecord[]>;
  readonly watcher: Pick<Watcher, 'summary' | 'ledger' | 'lag'>;
  /** Of a pipeline; none by default. */
  readonly objectives?: (pipeline: string) => readonly ObjectiveSight[];
}

/** For `read` of createMetricExport. Tasks that do not answer are left out. */
export function createSightReader({ records, watcher, objectives }: MetricSightOptions) {
  return async (): Promise<readonly PipelineSight[]> =>
    Promise.all(
      (await records()).map(async (record): Promise<PipelineSight> => {
        const { pipeline } = record;
        const [tasks, spansDropped] = await Promise.all([askTasks(record), dropsOf(record)]);
        return {
          ...{ pipeline, tasks, spansDropped },
          state: watcher.summary(pipeline)?.state,
          ledger: watcher.ledger(pipeline),
          lag: watcher.lag(pipeline),
          objectives: objectives?.(pipeline),
        };
      }),
    );
}

/** Spans that each task could not write down or deliver. */
async function dropsOf(record: Pick<PipelineRecord, 'plan'>): Promise<Readonly<Record<string, number>>> {
  const replies = await askSpanDrops(record);
  return Object.fromEntries(
    replies.flatMap(({ task, spans }) =>
      spans === undefined ? [] : [[task, (spans.dropped ?? 0) + (spans.undelivered ?? 0)]],
    ),
  );
}
