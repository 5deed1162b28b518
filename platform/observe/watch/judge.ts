/** The stages of a pipeline as the ledger wants them, out of pages and offsets that were taken one after the other. Pure. */
import type { PipelineRecord } from '../../model/records.ts';
import { balance } from '../../telemetry/conservation/balance.ts';
import type { LedgerReport, LedgerStage } from '../../telemetry/conservation/report.ts';
import type { Hop } from '../hops.ts';
import { pagesOf, stageShape } from '../ledger.ts';
import type { HopWatch } from './hopWatch.ts';
import type { Answer, OffsetsLook } from './look.ts';

export interface Judged {
  readonly report: LedgerReport;
  /** Windows before this one were not looked at. */
  readonly sinceMs: number;
  /** Whether every stage has told: a window that is not there has been forgotten by all. */
  readonly isWhole: boolean;
}

/**
 * Only answers to questions that were asked after the offsets had come count: what had been read by then is on those pages. A
 * stage of which there is none is not judged.
 */
export function judge(
  { pipeline, countedFromMs = {} }: Pick<PipelineRecord, 'pipeline' | 'countedFromMs'>,
  hops: readonly Hop[],
  look: OffsetsLook,
  answers: readonly Answer[],
  watch: Pick<HopWatch, 'isDrained' | 'clearedMs'>,
): Judged {
  const fresh = answers.filter(({ askedMs }) => askedMs >= look.atMs);
  const telling = fresh.filter(({ stages }) => stages.length > 0);
  // Where nobody tells, no window was looked at, which is not the same as that there are none.
  const sinceMs = telling.length === 0 ? look.atMs : Math.max(...telling.map((answer) => answer.sinceMs));
  const stages = hops.map((hop): LedgerStage => {
    const { name, reads } = hop;
    const pages = pagesOf(pipeline, hop, fresh)?.map((page) => ({
      ...page,
      cells: page.cells.filter(({ originMs }) => originMs >= sinceMs),
    }));
    return {
      ...stageShape(hop),
      pages,
      drained: reads === undefined || watch.isDrained(name),
      clearedMs: watch.clearedMs(name),
      countedFromMs: countedFromMs[name] ?? 0,
    };
  });
  const isWhole = stages.every(({ pages }) => pages !== undefined);
  return { report: balance(stages, look.askedMs), sinceMs, isWhole };
}
