/** Watches one pipeline: a look a second, and every other look with Kafka's offsets and the ledger. */
import { join } from 'node:path';
import type { HistoryPoint, PipelineGraph, PipelineSummary } from '../../api/contract/pipelines.ts';
import type { PipelineRecord } from '../../model/records.ts';
import { type Hop, hopsOf } from '../hops.ts';
import { guiltyOf, type HopLag, type LagReport } from '../lag.ts';
import { notesOf, type PipelineLedger } from '../ledger.ts';
import { queueHopsOf, queuesIn, type ReadQueues } from '../queues.ts';
import type { WatchEvent } from '../watcher.ts';
import { TaskAsker } from './asking.ts';
import { type Acknowledging, LedgerBooks } from './books.ts';
import { booksFileName, type KnownFault, openFaultOf } from './booksFile.ts';
import type { ClusterSight } from './clusterEye.ts';
import type { ReadNewestDeadLetter } from './deadLetters.ts';
import { factsOf, unbalancedOf } from './facts.ts';
import { defaultFreshnessMs, type FlowFacts, flowStateOf } from './flowState.ts';
import { figuresOf, graphOf } from './graph.ts';
import { PipelineHistory } from './history.ts';
import { HistoryWriter } from './historyWriter.ts';
import { type Held, hold } from './hold.ts';
import { HopWatch } from './hopWatch.ts';
import { judge } from './judge.ts';
import type { KafkaLine } from './kafkaLine.ts';
import { type OffsetsLook, waitingIn } from './look.ts';
import { type Count, countsOf, measuresOf, type StageMeasure } from './measure.ts';
import { OffsetsAsker, offsetsEveryMs } from './offsetsAsking.ts';
import { QueueWatch } from './queueWatch.ts';
import { summaryOf } from './summary.ts';

export interface PipelineWatchDeps {
  /** Of this pipeline's history and books. */
  readonly directory: string;
  readonly kafka: KafkaLine;
  readonly now: () => number;
  readonly log: (message: string) => void;
  readonly emit: (event: WatchEvent) => void;
  readonly freshnessMs: (record: PipelineRecord) => number | undefined;
  readonly workflowUrl: (record: PipelineRecord) => string | null;
  readonly alerts: (pipeline: string) => number;
  readonly newestDeadLetter: ReadNewestDeadLetter;
  /** Without it nothing is known of queues. */
  readonly readQueues?: ReadQueues | undefined;
}

/** Rates and latencies that are shown are of so long. */
const shownMs = 5000;
/** A clock that is set back by less is soon where it was. */
const settleMs = 1000;

export class PipelineWatch {
  readonly #deps: PipelineWatchDeps;
  readonly #offsets: OffsetsAsker;
  #tasks: TaskAsker;
  readonly #books: LedgerBooks;
  readonly #writer: HistoryWriter;
  readonly history: PipelineHistory;
  readonly #queues: QueueWatch;
  #record: PipelineRecord;
  #unread: NonNullable<FlowFacts['unread']> | null = null;
  #hops: readonly Hop[];
  #watch: HopWatch;
  #counts: readonly { readonly atMs: number; readonly counts: readonly Count[] }[] = [];
  #lookedMs = 0;
  #held: Held | undefined;
  #summary: PipelineSummary | undefined;
  #graph: PipelineGraph | undefined;

  constructor(record: PipelineRecord, deps: PipelineWatchDeps) {
    this.#deps = deps;
    this.#record = record;
    this.#hops = hopsOf(record.pipeline, record.plan.spec);
    this.#watch = new HopWatch(record.pipeline, this.#hops);
    this.#tasks = new TaskAsker(deps.now);
    const { directory } = deps;
    const { pipeline, revision } = record;
    const onFault = (text: string) => deps.log(`${pipeline}: ${text}`);
    this.#books = new LedgerBooks({ pipeline, revision, onFault, file: join(directory, booksFileName) });
    this.#offsets = new OffsetsAsker(pipeline, deps);
    this.#queues = new QueueWatch(deps.readQueues ?? (async () => []));
    this.history = new PipelineHistory({ directory, onFault });
    this.#writer = new HistoryWriter(this.history);
  }

  /** The record can't be read now: watched as it was recorded before. */
  unread(fault: NonNullable<FlowFacts['unread']>): void {
    this.#unread = fault;
  }

  /** The record as it is now; a revision with other hops is followed from the start. */
  follow(record: PipelineRecord): void {
    const hops = hopsOf(record.pipeline, record.plan.spec);
    if (JSON.stringify(hops) !== JSON.stringify(this.#hops)) this.#watch = new HopWatch(record.pipeline, hops);
    this.#hops = hops;
    this.#record = record;
    this.#unread = null;
  }

  async look(cluster: ClusterSight): Promise<void> {
    const { now } = this.#deps;
    this.#followClock(now());
    const offsets = this.#offsets.take(now());
    const isThere = this.#record.state !== 'stopped';
    // Pages are of use only with offsets: without them none are asked for, which costs the tasks a hundredth.
    const sinceMs = offsets === undefined ? now() : this.#books.sinceMs(now());
    if (isThere) await this.#tasks.ask(this.#record, sinceMs, offsets !== undefined);
    const nowMs = now();
    if (offsets !== undefined) this.#compare(offsets, nowMs);
    if (isThere) this.#offsets.ask({ record: this.#record, hops: this.#hops, watch: this.#watch }, nowMs);
    if (isThere) this.#queues.ask(this.#record, nowMs);
    this.#tell(cluster, nowMs);
  }

  /** It was set back: what was seen is of a time to come, and would hide what is seen now until then. It is begun anew. */
  #followClock(nowMs: number): void {
    if (nowMs < this.#lookedMs - settleMs) {
      this.#watch = new HopWatch(this.#record.pipeline, this.#hops);
      this.#tasks = new TaskAsker(this.#deps.now);
      this.#counts = [];
      this.#held &&= { ...this.#held, differsSinceMs: null };
    }
    this.#lookedMs = nowMs;
  }

  #compare(look: OffsetsLook, nowMs: number): void {
    const answers = this.#tasks.answers();
    this.#watch.see(look, answers);
    const judged = judge(this.#record, this.#hops, look, answers, this.#watch);
    for (const fault of this.#books.judge(judged, nowMs)) this.#tellFault(fault);
  }

  #tellFault({ origin, stage, kind, events, text }: KnownFault): void {
    this.#deps.emit({ kind: 'fault', pipeline: this.#record.pipeline, origin, stage, fault: kind, events, text });
  }

  #tell(cluster: ClusterSight, nowMs: number): void {
    const { pipeline } = this.#record;
    const counts = countsOf(this.#tasks.answers());
    const before =
      this.#counts.find(({ atMs }) => nowMs - atMs <= shownMs)?.counts ?? this.#counts.at(-1)?.counts ?? [];
    this.#counts = [...this.#counts.filter(({ atMs }) => nowMs - atMs <= 2 * shownMs), { atMs: nowMs, counts }];
    const queueHops = this.#queueHops();
    const hops = [...this.#hops, ...queueHops];
    const measures = measuresOf(pipeline, hops, before, counts);
    const lags = this.#lags(nowMs);
    const facts = this.#factsOf(cluster, measures, lags, nowMs);
    const from = this.#held?.state ?? null;
    const held = hold(this.#held ?? this.#remembered(nowMs), flowStateOf(facts, nowMs), nowMs);
    this.#held = held;
    const { workflowUrl, alerts } = this.#deps;
    const beside = { ledger: this.#books.counts(), alerts: alerts(pipeline), workflowUrl: workflowUrl(this.#record) };
    this.#summary = summaryOf(this.#record, { held, hops: this.#hops, measures, lags, ...beside });
    this.#graph = graphOf(this.#record, {
      ...{ atMs: nowMs, state: held.state, reason: held.reason, freshnessMs: facts.freshnessMs },
      ...{ tasks: facts.tasks, hops: facts.hops, edges: figuresOf(measures, lags) },
      ...{ queueHops, queues: facts.queues ?? [] },
    });
    this.#writer.write({ pipeline, hops, counts, lags, held, graph: this.#graph, nowMs });
    if (from !== held.state) this.#deps.emit({ kind: 'state', pipeline, from, to: held.state, reason: held.reason });
    this.#deps.emit({ kind: 'seen', pipeline, summary: this.#summary, graph: this.#graph });
  }

  /** Of the observer before: what it saw a moment ago goes on. */
  #remembered(nowMs: number): Held | undefined {
    const last = this.history.last();
    if (last === undefined || Math.abs(nowMs - last.atMs) > 60_000) return undefined;
    const { state, reason, sinceMs } = last;
    return { state, reason, next: null, sinceMs, differsSinceMs: 0 };
  }

  #factsOf(
    cluster: ClusterSight,
    measures: readonly StageMeasure[],
    lags: readonly HopLag[],
    nowMs: number,
  ): FlowFacts {
    const record = this.#record;
    const { statuses, worker, frameworks } = cluster;
    const sight = {
      ...{ record, statuses, worker, measures, lags },
      frameworks: record.plan.frameworks.flatMap(({ framework }) => frameworks.get(framework) ?? []),
      answeredMs: this.#tasks.answeredMs(record),
      waitingFor: waitingIn(this.#tasks.answers()),
      stillMs: (hop: string) => this.#watch.stillMs(hop, nowMs),
      ...{ queueHops: this.#queueHops(), queues: this.#queues.seen() },
    };
    const rest = {
      freshnessMs: this.#deps.freshnessMs(record) ?? defaultFreshnessMs,
      deadLetters: this.#offsets.deadLetters(nowMs),
      unbalanced: unbalancedOf(this.#books.open()),
      ...{ offsetsFault: this.#offsets.fault, unread: this.#unread },
    };
    return factsOf(sight, rest, nowMs);
  }

  /** A look that failed: what was seen before is old, and that is told. */
  failed(reason: string): void {
    if (this.#summary === undefined) return;
    const { now, emit } = this.#deps;
    const { pipeline, state: from } = this.#summary;
    const verdict = {
      state: 'degraded',
      reason: `The observer can not look: ${reason}.`,
      next: 'millrace status',
    } as const;
    this.#held = hold(this.#held, verdict, now());
    const { state: to, next, sinceMs } = this.#held;
    this.#summary = { ...this.#summary, state: to, reason: verdict.reason, next, sinceMs };
    if (from !== to) emit({ kind: 'state', pipeline, from, to, reason: verdict.reason });
  }

  newest(): HistoryPoint | undefined {
    return this.#writer.newest();
  }

  summary(): PipelineSummary | undefined {
    return this.#summary;
  }

  graph(atMs: number | undefined): PipelineGraph | undefined {
    if (atMs === undefined) return this.#graph;
    const point = this.history.at(atMs, this.#deps.now());
    return point && this.#writer.graphAt(this.#record, { hops: this.#hops, queueHops: this.#queueHops() }, point);
  }

  ledger(): PipelineLedger {
    const silent = [...this.#tasks.faults()].map(([task, fault]) => `${task}: ${fault}`);
    return {
      pipeline: this.#record.pipeline,
      ...this.#books.report(),
      faults: [...silent, ...notesOf(this.#tasks.answers(), this.#deps.now())],
      openFaults: this.#books.open().map(openFaultOf),
    };
  }

  lag(): LagReport {
    const hops = this.#lags(this.#deps.now());
    return { pipeline: this.#record.pipeline, watchedSeconds: offsetsEveryMs / 1000, hops, guilty: guiltyOf(hops) };
  }

  #lags(nowMs: number): readonly HopLag[] {
    return [...this.#watch.lags(nowMs), ...this.#queues.lags(nowMs)];
  }

  #queueHops(): readonly Hop[] {
    const { pipeline, plan } = this.#record;
    return queueHopsOf(pipeline, queuesIn(plan.spec), this.#tasks.answers());
  }

  acknowledge(what: Acknowledging): readonly KnownFault[] {
    const done = this.#books.acknowledge(what, this.#deps.now());
    if (done.length === 0) return done;
    const { originMs, note = null } = what;
    const origin = originMs === undefined ? null : new Date(originMs).toISOString();
    const windows = new Set(done.map((fault) => fault.originMs)).size;
    const { pipeline } = this.#record;
    this.#deps.emit({ kind: 'acknowledged', pipeline, origin, note, faults: done.length, windows });
    return done;
  }

  faults(): readonly KnownFault[] {
    return this.#books.faults();
  }

  async close(): Promise<void> {
    await this.#offsets.close();
    await this.#queues.close();
    this.history.close();
  }
}
