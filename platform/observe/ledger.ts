/** The conservation ledger of a running pipeline: its stages' pages, asked for now, and compared. */
import type { KafkaAdmin } from '../frameworks/kafka/admin.ts';
import type { PartitionLag } from '../frameworks/kafka/groups.ts';
import { physical } from '../model/names.ts';
import type { PipelineRecord } from '../model/records.ts';
import { balance } from '../telemetry/conservation/balance.ts';
import type { StageSnapshot } from '../telemetry/conservation/cell.ts';
import type { LedgerReport, LedgerStage } from '../telemetry/conservation/report.ts';
import { type Hop, hopsOf } from './hops.ts';
import { askTasks, positionsOf, type TaskReply, tasksOf } from './stages.ts';

export interface PipelineLedger extends LedgerReport {
  readonly pipeline: string;
  /** What makes the ledger say less than it could: tasks that did not answer, journals that are not kept. */
  readonly faults: readonly string[];
}

/**
 * `nowMs`: windows that were closed by then are judged. That is before anything is asked, so that what a drained stage has
 * not counted of such a window will not come.
 */
export async function readLedger(record: PipelineRecord, kafka: KafkaAdmin, nowMs: number): Promise<PipelineLedger> {
  const { pipeline, plan, countedFromMs = {} } = record;
  const hops = hopsOf(pipeline, plan.spec);
  const lags = await Promise.all(hops.map(readLag));
  // After the lag: what was read by then is on the pages.
  const replies = await askTasks(record);
  const stages = hops.map((hop, at) => ({
    ...stageOf(pipeline, hop, replies, lags[at]!),
    countedFromMs: countedFromMs[hop.name] ?? 0,
  }));
  return { pipeline, ...balance(stages, nowMs), faults: notesOf(replies) };

  /** Of a job, which has no consumer group, only the ends mean something. */
  async function readLag({ name, reads, group = physical.consumerGroup(pipeline, name) }: Hop) {
    return reads === undefined ? [] : await kafka.lag(group, physical.topic(pipeline, reads));
  }
}

/** Undefined unless each of the stage's tasks has answered for it: part of the pages would look like a loss. */
export function pagesOf(
  pipeline: string,
  { name, part }: Pick<Hop, 'name' | 'part'>,
  replies: readonly TaskReply[],
): readonly StageSnapshot[] | undefined {
  const found = tasksOf(pipeline, part, replies).map(({ stages }) =>
    stages.find(({ ledger }) => ledger.stage === name),
  );
  return found.length > 0 && !found.includes(undefined) ? found.map((each) => each!.ledger) : undefined;
}

function stageOf(pipeline: string, hop: Hop, replies: readonly TaskReply[], lag: readonly PartitionLag[]): LedgerStage {
  const { name, reads, writes, job, group } = hop;
  const pages = pagesOf(pipeline, hop, replies);
  const positions = positionsOf(pipeline, hop, replies);
  const position = (partition: number) => positions?.[`${physical.topic(pipeline, reads ?? '')}/${partition}`] ?? 0;
  const isDone = ({ partition, lagRecords, endOffset }: PartitionLag) =>
    group === undefined ? position(partition) >= endOffset : lagRecords === 0;
  return {
    name,
    ...(job === undefined ? {} : { job }),
    ...(reads === undefined ? {} : { reads }),
    ...(writes === undefined ? {} : { writes }),
    pages,
    drained: lag.every(isDone),
  };
}

/** What makes the ledger say less than it could. */
export function notesOf(replies: readonly TaskReply[]): string[] {
  return replies.flatMap(({ task, stages, fault }) => [
    ...(fault === undefined ? [] : [`${task}: ${fault}`]),
    ...stages.flatMap(({ ledger }) =>
      ledger.fault === undefined ? [] : [`${task}, ${ledger.stage}: ${ledger.fault}`],
    ),
    ...stages.flatMap(({ ledger }) =>
      ledger.forgottenWindows === 0 ? [] : [`${task}, ${ledger.stage}: ${ledger.forgottenWindows} windows given up`],
    ),
  ]);
}
