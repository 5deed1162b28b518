/** What the API tells of a pipeline in a few figures. Pure. */
import type { PipelineSummary } from '../../api/contract/pipelines.ts';
import type { PipelineRecord } from '../../model/records.ts';
import type { Hop } from '../hops.ts';
import type { HopLag } from '../lag.ts';
import type { Held } from './hold.ts';
import { endToEndOf, inputRateOf, type StageMeasure } from './measure.ts';

export interface Summarised extends Pick<PipelineSummary, 'ledger' | 'alerts' | 'workflowUrl'> {
  readonly held: Held;
  readonly hops: readonly Hop[];
  readonly measures: readonly StageMeasure[];
  readonly lags: readonly HopLag[];
}

export function summaryOf(
  record: PipelineRecord,
  { held, hops, measures, lags, ...beside }: Summarised,
): PipelineSummary {
  const { pipeline, blueprint, revision, endpoints } = record;
  const { state, reason, next, sinceMs } = held;
  return {
    ...{ pipeline, blueprint, revision, state, reason, next, sinceMs },
    ratePerSecond: inputRateOf(hops, measures),
    endToEnd: endToEndOf(hops, measures),
    lagSeconds: greatestLag(lags),
    endpoints: { ...endpoints },
    ...beside,
  };
}

/** Null: no hop tells. */
export function greatestLag(lags: readonly HopLag[]): number | null {
  const ages = lags.flatMap(({ lagSeconds }) => lagSeconds ?? []);
  return ages.length === 0 ? null : Math.max(...ages);
}
