/** One short look at a pipeline, of two readings, for who does not watch: the same facts, the same state. */
import type { PipelineRecord } from '../../model/records.ts';
import type { LedgerFault, WindowBalance } from '../../telemetry/conservation/report.ts';
import { hopsOf } from '../hops.ts';
import { lagOfQueue, queueHopsOf, queuesIn, type ReadQueues, type SeenQueue } from '../queues.ts';
import { askTasks, type TaskReply } from '../stages.ts';
import { besides, isSameFault, type KnownFault, stillOpen } from './booksFile.ts';
import { deadLetterSpanMs, deadLettersOf, filledTopics, type ReadNewestDeadLetter } from './deadLetters.ts';
import { factsOf, type Sight, unbalancedOf } from './facts.ts';
import { defaultFreshnessMs, type FlowFacts, type FrameworkFact } from './flowState.ts';
import { HopWatch } from './hopWatch.ts';
import { judge } from './judge.ts';
import { type KafkaLine, within } from './kafkaLine.ts';
import { type Answer, type OffsetsLook, offsetsRequest, waitingIn } from './look.ts';
import { countsOf, measuresOf } from './measure.ts';
import type { Statuses } from './servers.ts';

export interface LookNow {
  readonly statuses: Statuses;
  readonly worker: boolean;
  /** Those that the pipeline uses. */
  readonly frameworks: readonly FrameworkFact[];
  readonly kafka: KafkaLine;
  readonly now: () => number;
  readonly pause: (ms: number) => Promise<unknown>;
  /** Faults of the ledger that somebody has acknowledged. */
  readonly acknowledged: readonly KnownFault[];
  /** Those that count by the observer's books: their windows may be gone from the pages, or not be known now. */
  readonly open: readonly KnownFault[];
  readonly newestDeadLetter: ReadNewestDeadLetter;
  /** Without it nothing is known of queues. */
  readonly readQueues?: ReadQueues;
  readonly freshnessMs?: number;
}

const apartMs = 1000;
const taskWithinMs = 2000;
const newestWithinMs = 4000;

interface Reading {
  readonly look: OffsetsLook | undefined;
  readonly fault: string | null;
  readonly answers: readonly Answer[];
  readonly silent: readonly string[];
}

/** Takes about a second, and up to ten where servers or tasks do not answer. Never rejects for what does not answer. */
export async function lookNow(record: PipelineRecord, deps: LookNow): Promise<FlowFacts> {
  const watch = new HopWatch(record.pipeline, hopsOf(record.pipeline, record.plan.spec));
  const first = isUp(record, deps.statuses) ? await read(record, deps) : nothing;
  if (first.look !== undefined) watch.see(first.look, first.answers);
  const doubted = new Set(faultsIn(windowsIn(record, first, watch)).map(wordsOf));
  const looksAgain = first.answers.length > 0;
  if (looksAgain) await deps.pause(apartMs);
  const second = looksAgain ? await read(record, deps) : first;
  if (second.look !== undefined && looksAgain) watch.see(second.look, second.answers);
  await date(watch, deps);
  const nowMs = deps.now();
  const queues = looksAgain ? await queuesNow(record, deps) : [];
  const rest = {
    freshnessMs: deps.freshnessMs ?? defaultFreshnessMs,
    deadLetters: await deadLettersNow(record, second.look, deps),
    unbalanced: unbalancedOf(openOf(windowsIn(record, second, watch), doubted, deps)),
    offsetsFault: second.fault,
  };
  return factsOf(sightOf(record, deps, { first, second, watch, queues, nowMs }), rest, nowMs);
}

/** What both readings find, and what the books hold open besides; oldest first. */
function openOf(
  windows: readonly WindowBalance[],
  doubted: ReadonlySet<string>,
  { acknowledged, open }: LookNow,
): readonly (Found | KnownFault)[] {
  const found = faultsIn(windows).filter(
    (fault) => doubted.has(wordsOf(fault)) && !acknowledged.some((known) => isSameFault(known, fault)),
  );
  const rest = besides(stillOpen(open, windows), found);
  return [...found, ...rest].sort((one, other) => one.originMs - other.originMs);
}

/** Of what was written before the first reading only Kafka knows the age. */
async function date(watch: HopWatch, { kafka, now }: LookNow): Promise<void> {
  const dated = watch.undated(now()).map(async (undone) => {
    const { topic, partition, offset } = undone;
    watch.date(undone, await kafka.ask((admin) => admin.timestampAt(topic, partition, offset)));
  });
  await Promise.allSettled(dated);
}

interface Readings {
  readonly first: Reading;
  readonly second: Reading;
  readonly watch: HopWatch;
  readonly queues: readonly SeenQueue[];
  readonly nowMs: number;
}

function sightOf(record: PipelineRecord, deps: LookNow, { first, second, watch, queues, nowMs }: Readings): Sight {
  const { pipeline, plan } = record;
  const queueHops = queueHopsOf(pipeline, queuesIn(plan.spec), second.answers);
  const hops = [...hopsOf(pipeline, plan.spec), ...queueHops];
  const measures = measuresOf(pipeline, hops, countsOf(first.answers), countsOf(second.answers));
  const lags = [...watch.lags(nowMs), ...queues.map((queue) => lagOfQueue(queue, nowMs))];
  return {
    ...{ record, statuses: deps.statuses, worker: deps.worker, frameworks: deps.frameworks, measures, lags },
    ...{ queueHops, queues },
    answeredMs: new Map([
      ...second.answers.map(({ task }) => [task, nowMs] as const),
      ...second.silent.map((task) => [task, null] as const),
    ]),
    waitingFor: waitingIn(second.answers),
    // Two readings do not show for how long it has stood still: at the most as long as its oldest record waits.
    stillMs: (hop) => {
      if (watch.hasMoved(hop) !== false) return 0;
      const lagMs = (lags.find((lag) => lag.hop === hop)?.lagSeconds ?? 0) * 1000;
      const passedMs = measures.find(({ stage }) => stage === hop)?.lastPassedMs ?? 0;
      return Math.max(0, Math.min(lagMs, nowMs - passedMs));
    },
  };
}

/** Where Redis does not answer, that is told by itself. */
async function queuesNow({ pipeline, plan }: PipelineRecord, { readQueues }: LookNow): Promise<readonly SeenQueue[]> {
  const queues = queuesIn(plan.spec);
  if (readQueues === undefined || queues.length === 0) return [];
  return await within(newestWithinMs, readQueues(pipeline, queues)).catch(() => []);
}

const nothing: Reading = { look: undefined, fault: null, answers: [], silent: [] };

/** Whether there may be something to read at all. */
function isUp({ state, plan }: PipelineRecord, statuses: Statuses): boolean {
  if (state !== 'flowing') return false;
  return statuses === undefined || plan.placements.some(({ task }) => statuses.get(task)?.phase === 'running');
}

/** Offsets first, then pages: see ledger.ts. */
async function read(record: PipelineRecord, { kafka, now, frameworks }: LookNow): Promise<Reading> {
  const request = offsetsRequest(record, hopsOf(record.pipeline, record.plan.spec));
  const askedMs = now();
  const isDown = frameworks.some(({ framework, down }) => framework === 'kafka' && down);
  const asked = isDown ? Promise.reject(new Error('it is down')) : kafka.ask((admin) => admin.offsets(request));
  const found = await asked
    .then((offsets) => ({ look: { askedMs, atMs: now(), offsets }, fault: null }))
    .catch((thrown: Error) => ({ look: undefined, fault: thrown.message }));
  const pagesMs = now();
  const replies = await askTasks(record, { timeoutMs: taskWithinMs });
  const isSilent = ({ fault }: TaskReply) => fault !== undefined;
  const answered = replies.filter((reply) => !isSilent(reply));
  const answers = answered.map((reply) => ({ ...reply, askedMs: pagesMs, answeredMs: now(), sinceMs: 0 }));
  return { ...found, answers, silent: replies.filter(isSilent).map(({ task }) => task) };
}

/** Where Kafka does not answer, that is told besides. */
async function deadLettersNow(
  { pipeline, plan }: PipelineRecord,
  look: OffsetsLook | undefined,
  { kafka, now, newestDeadLetter }: LookNow,
): Promise<FlowFacts['deadLetters']> {
  const filled = look === undefined ? [] : filledTopics(pipeline, Object.keys(plan.spec.topics), look.offsets);
  if (filled.length === 0) return deadLettersOf({}, undefined, now());
  const sinceMs = now() - deadLetterSpanMs;
  const counts = await kafka.ask((admin) => admin.recordsSince(filled, sinceMs)).catch(() => ({}));
  const topics = Object.entries(counts).flatMap(([topic, records]) => (records > 0 ? [topic] : []));
  const read = () => within(newestWithinMs, newestDeadLetter(pipeline, topics)).catch(() => undefined);
  return deadLettersOf(counts, topics.length === 0 ? undefined : await read(), now());
}

interface Found extends LedgerFault {
  readonly originMs: number;
  readonly origin: string;
}

function windowsIn(record: PipelineRecord, { look, answers }: Reading, watch: HopWatch): readonly WindowBalance[] {
  if (look === undefined) return [];
  return judge(record, hopsOf(record.pipeline, record.plan.spec), look, answers, watch).report.windows;
}

function faultsIn(windows: readonly WindowBalance[]): readonly Found[] {
  return windows.flatMap(({ originMs, origin, faults }) => faults.map((fault) => ({ ...fault, originMs, origin })));
}

/** Pages of several processes are never of one moment: what only one reading finds is no fault. */
function wordsOf({ origin, stage, kind, events }: Found): string {
  return `${origin} ${stage} ${kind} ${events}`;
}
