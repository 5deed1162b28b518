/** What is exported of all pipelines (telemetry/export): asked of their tasks now, and as the observer last saw them. */
import type { PipelineRecord } from '../model/records.ts';
import type { ObjectiveSight, PipelineSight } from '../telemetry/export/sight.ts';
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
        const [tasks, spansDropped] = await Promise.all([askTasks(record), askDrops(record)]);
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

const answerTimeoutMs = 4000;

/** Spans that each task could not write down or deliver, by its `GET /metrics.json`. */
async function askDrops({ plan }: Pick<PipelineRecord, 'plan'>): Promise<Readonly<Record<string, number>>> {
  const asked = plan.placements.map(async ({ task, address, ports }): Promise<[string, number][]> => {
    if (ports.health === undefined) return [];
    try {
      const signal = AbortSignal.timeout(answerTimeoutMs);
      const response = await fetch(`http://${address}:${ports.health}/metrics.json`, { signal });
      const body = (await response.json()) as { task?: string; spans?: { dropped?: number; undelivered?: number } };
      if (body.task !== task || body.spans === undefined) return [];
      return [[task, (body.spans.dropped ?? 0) + (body.spans.undelivered ?? 0)]];
    } catch {
      return [];
    }
  });
  return Object.fromEntries((await Promise.all(asked)).flat());
}
