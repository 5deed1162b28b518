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

/** Of a pipeline whose record can't be read: nothing but that is known. */
export function summaryOfUnread(
  pipeline: string,
  verdict: Pick<PipelineSummary, 'reason' | 'next' | 'sinceMs'>,
): PipelineSummary {
  return {
    ...{ pipeline, blueprint: '', revision: 0, state: 'degraded', ...verdict },
    ...{ ratePerSecond: null, endToEnd: null, lagSeconds: null },
    ledger: { balanced: 0, inFlight: 0, unbalanced: 0, acknowledged: 0, unknown: 0, lost: 0, duplicated: 0 },
    ...{ alerts: 0, endpoints: {}, workflowUrl: null },
  };
}

/** Null: no hop tells, or one can't say how old the oldest of its records is. */
export function greatestLag(lags: readonly HopLag[]): number | null {
  if (lags.some(({ lagSeconds, lagRecords }) => lagSeconds === null && (lagRecords ?? 0) > 0)) return null;
  const ages = lags.flatMap(({ lagSeconds }) => lagSeconds ?? []);
  return ages.length === 0 ? null : Math.max(...ages);
}
