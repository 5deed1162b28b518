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
import type { OpenFault } from './watch/booksFile.ts';

export interface PipelineLedger extends LedgerReport {
  readonly pipeline: string;
  /** What makes the ledger say less than it could: tasks that did not answer, journals that are not kept. */
  readonly faults: readonly string[];
  /** That the observer has found and nobody has acknowledged, oldest first; their windows may no longer be among `windows`. */
  readonly openFaults: readonly OpenFault[];
}

/** Of one look, which knows no books. */
export type LookedLedger = Omit<PipelineLedger, 'openFaults'>;

/**
 * `nowMs`: windows that were closed by then are judged. That is before anything is asked, so that what a drained stage has
 * not counted of such a window will not come.
 */
export async function readLedger(record: PipelineRecord, kafka: KafkaAdmin, nowMs: number): Promise<LookedLedger> {
  const { pipeline, plan, countedFromMs = {} } = record;
  const hops = hopsOf(pipeline, plan.spec);
  const lags = await Promise.all(hops.map(readLag));
  // After the lag: what was read by then is on the pages.
  const replies = await askTasks(record);
  const stages = await Promise.all(
    hops.map(async (hop, at) => ({
      ...stageOf(pipeline, hop, replies, lags[at]!),
      countedFromMs: countedFromMs[hop.name] ?? 0,
      clearedMs: await clearedBy(hop, positionsIn(pipeline, hop, replies, lags[at]!)),
    })),
  );
  return { pipeline, ...balance(stages, nowMs), faults: notesOf(replies, nowMs) };

  /** Of a job, which has no consumer group, only the ends mean something. */
  async function readLag({ name, reads, group = physical.consumerGroup(pipeline, name) }: Hop) {
    return reads === undefined ? [] : await kafka.lag(group, physical.topic(pipeline, reads));
  }

  /** All records that were written before this have been read: the timestamp of the oldest that has not. */
  async function clearedBy({ reads }: Hop, positions: readonly Position[]): Promise<number> {
    const behind = positions.filter(({ position, endOffset }) => position < endOffset);
    const topic = physical.topic(pipeline, reads ?? '');
    const times = await Promise.all(
      behind.map(({ partition, position }) => kafka.timestampAt(topic, partition, position)),
    );
    return Math.min(nowMs, ...times.map((time) => time ?? 0));
  }
}

interface Position {
  readonly partition: number;
  /** The next record that the stage will read. */
  readonly position: number;
  readonly endOffset: number;
}

/** Of a job by its own word, since Kafka does not know its offsets; of a flow by what it has committed. */
function positionsIn(
  pipeline: string,
  hop: Hop,
  replies: readonly TaskReply[],
  lag: readonly PartitionLag[],
): readonly Position[] {
  const told = positionsOf(pipeline, hop, replies);
  const topic = physical.topic(pipeline, hop.reads ?? '');
  return lag.map(({ partition, endOffset, lagRecords }) => {
    const position = hop.group === undefined ? (told?.[`${topic}/${partition}`] ?? 0) : endOffset - lagRecords;
    return { partition, position, endOffset };
  });
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
  return {
    ...stageShape(hop),
    pages: pagesOf(pipeline, hop, replies),
    drained: positionsIn(pipeline, hop, replies, lag).every(({ position, endOffset }) => position >= endOffset),
  };
}

/** What the ledger knows of a hop before it is asked. */
export function stageShape({ name, reads, writes, job }: Hop): Pick<LedgerStage, 'name' | 'job' | 'reads' | 'writes'> {
  return {
    name,
    ...(job === undefined ? {} : { job }),
    ...(reads === undefined ? {} : { reads }),
    ...(writes === undefined ? {} : { writes }),
  };
}

const notedMs = 86_400_000;

/** What makes the ledger say less than it could; what a journal has forgotten, for a day: the windows themselves say it, too. */
export function notesOf(replies: readonly TaskReply[], nowMs: number): string[] {
  return replies.flatMap(({ task, stages, fault }) => [
    ...(fault === undefined ? [] : [`${task}: ${fault}`]),
    ...stages.flatMap(({ ledger }) =>
      ledger.fault === undefined ? [] : [`${task}, ${ledger.stage}: ${ledger.fault}`],
    ),
    ...stages.flatMap(({ ledger: { stage, fault, unknownBefore } }) =>
      unknownBefore === undefined ||
      (fault !== undefined && fault === unknownBefore.fault) ||
      nowMs - unknownBefore.ms > notedMs
        ? []
        : [
            `${task}, ${stage}: windows before ${new Date(unknownBefore.ms).toISOString()} are unknown: ${unknownBefore.why}`,
          ],
    ),
    ...stages.flatMap(({ ledger }) =>
      ledger.forgottenWindows === 0 ? [] : [`${task}, ${ledger.stage}: ${ledger.forgottenWindows} windows given up`],
    ),
  ]);
}
