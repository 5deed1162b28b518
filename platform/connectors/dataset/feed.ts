/**
 * Replays a dataset into a pipeline's ingress at a steady rate, through the same public door as everybody else. Each row is
 * an event that happens now. Nothing is lost on the way: a batch that the ingress does not take is sent again under the same
 * ids until it does; a row that the ingress refuses as invalid is counted and left out.
 */
import { join } from 'node:path';
import type { DatasetSpec } from '../../model/blueprint.ts';
import { createTokenBucket } from '../../model/tokenBucket.ts';
import { attribute } from '../../telemetry/attributes.ts';
import { formatTraceparent, newSpanId, newTraceId } from '../../telemetry/context.ts';
import type { SpanRecorder } from '../../telemetry/recorder.ts';
import { epochMs } from '../../telemetry/span.ts';
import { pause } from '../backoff.ts';
import type { NodeTaskConfig } from '../config.ts';
import { type BatchRefusal, postBatch } from '../http/postBatch.ts';
import { type DatasetRow, streamDataset } from './dataset.ts';
import { type FeedPosition, readPosition, writePosition } from './position.ts';

export interface FeedOptions {
  /** Where the feed keeps its position; kept over restarts of the task. */
  readonly dataDir: string;
  readonly recorder: SpanRecorder;
  readonly log: (message: string) => void;
  /** Part of the events that are traced, 0 to 1. */
  readonly traceRatio?: number;
}

export interface FeedCounters {
  /** Events that the ingress has acknowledged, since the process started. */
  acknowledged: number;
  /** Rows that the ingress refused as invalid. */
  refused: number;
  /** Batches that had to be sent again. */
  retries: number;
  loop: number;
  row: number;
  lastEventAt: string | null;
}

export interface DatasetFeed {
  /** Begins to send and returns. */
  start(): void;
  /** Ends after the batch under way (10 s at most), and writes the position. */
  stop(): Promise<void>;
  readonly counters: Readonly<FeedCounters>;
  /** What it waits for; undefined while the ingress takes its events, and after the last row. */
  waitingFor(): string | undefined;
}

/** A CloudEvent in JSON format. */
export interface FeedEvent {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly time: string;
  readonly traceparent: string;
  readonly data: DatasetRow;
}

const maxBatchEvents = 500;
const batchesPerSecond = 10;
const positionEveryMs = 1000;
const stopWithinMs = 10_000;

/** Throws Error when the flow is not a feed of this blueprint or its ingress has no address. */
export function createDatasetFeed(config: NodeTaskConfig, flowName: string, options: FeedOptions): DatasetFeed {
  return new PacedFeed(config, flowName, options);
}

class PacedFeed implements DatasetFeed {
  readonly counters: FeedCounters = { acknowledged: 0, refused: 0, retries: 0, loop: 0, row: 0, lastEventAt: null };
  readonly #feed: ReturnType<typeof feedOf>;
  readonly #options: FeedOptions;
  readonly #positionFile: string;
  /** Of all unsampled events: valid, flag 00, so that the ingress does not sample them either. */
  readonly #unsampled = formatTraceparent({ traceId: newTraceId(), spanId: newSpanId(), sampled: false });
  readonly #abort = new AbortController();
  #position: FeedPosition = { loop: 0, row: 0 };
  #writtenMs = 0;
  #waitingFor: string | undefined = 'not started yet';
  #running: Promise<void> | undefined;

  constructor(config: NodeTaskConfig, flowName: string, options: FeedOptions) {
    this.#feed = feedOf(config, flowName);
    this.#options = options;
    this.#positionFile = join(options.dataDir, `feed-${flowName}.json`);
  }

  start(): void {
    this.#running ??= this.#run().catch((error: Error) => {
      this.#waitingFor = `ended: ${error.message}`;
      this.#options.log(this.#waitingFor);
    });
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await Promise.race([this.#running, new Promise((resolve) => setTimeout(resolve, stopWithinMs).unref())]);
  }

  waitingFor(): string | undefined {
    return this.#waitingFor;
  }

  async #run(): Promise<void> {
    this.#position = await readPosition(this.#positionFile, Date.now());
    this.#waitingFor = 'the ingress';
    try {
      do {
        await this.#sendLoop();
        if (this.#abort.signal.aborted) return;
        this.#position = { loop: this.#position.loop + 1, row: 0 };
      } while (this.#feed.loop);
      this.#waitingFor = undefined;
    } finally {
      await writePosition(this.#positionFile, this.#position);
    }
  }

  /** From the position to the end of the dataset. */
  async #sendLoop(): Promise<void> {
    const { ratePerSecond, dataset } = this.#feed;
    const size = Math.max(1, Math.min(maxBatchEvents, Math.round(ratePerSecond / batchesPerSecond)));
    const bucket = createTokenBucket(ratePerSecond, size);
    const skipped = this.#position.row;
    let index = 0;
    let rows: DatasetRow[] = [];
    for await (const row of streamDataset(dataset)) {
      if (index++ < skipped) continue;
      rows.push(row);
      if (rows.length < size) continue;
      if (!(await this.#sendAt(bucket.take(rows.length, performance.now()), bucket, rows))) return;
      rows = [];
    }
    if (rows.length > 0) await this.#sendAt(bucket.take(rows.length, performance.now()), bucket, rows);
  }

  /** False when the feed was stopped before the rows were acknowledged. */
  async #sendAt(waitMs: number, bucket: ReturnType<typeof createTokenBucket>, rows: DatasetRow[]): Promise<boolean> {
    for (let wait = waitMs; wait > 0; wait = bucket.take(rows.length, performance.now())) await this.#pause(wait);
    if (this.#abort.signal.aborted) return false;
    const startMs = epochMs();
    let events = rows.map((row, offset) => this.#event(row, offset));
    for (let failures = 0; events.length > 0; ) {
      const outcome = await postBatch(this.#feed.url, events);
      if (outcome.kind === 'accepted') break;
      events = await this.#afterFailure(outcome, events, failures++);
      if (this.#abort.signal.aborted) return false;
    }
    this.#acknowledged(rows.length, events, startMs);
    if (performance.now() - this.#writtenMs > positionEveryMs) {
      this.#writtenMs = performance.now();
      await writePosition(this.#positionFile, this.#position);
    }
    return true;
  }

  async #afterFailure(outcome: BatchRefusal, events: FeedEvent[], failures: number): Promise<FeedEvent[]> {
    if (outcome.kind === 'invalid') {
      this.counters.refused += 1;
      this.#options.log(`row of event ${events[outcome.index]?.id} is refused: ${outcome.reason}`);
      return events.toSpliced(outcome.index, 1);
    }
    this.counters.retries += 1;
    this.#waitingFor = outcome.reason;
    await this.#pause(outcome.retryAfterMs ?? Math.min(5000, 100 * 2 ** Math.min(failures, 6)));
    return events;
  }

  #pause(ms: number): Promise<void> {
    return pause(ms, this.#abort.signal);
  }

  #event(data: DatasetRow, offset: number): FeedEvent {
    const { source, type, name } = this.#feed;
    const sampled = Math.random() < (this.#options.traceRatio ?? 0.01);
    const traceparent = sampled
      ? formatTraceparent({ traceId: newTraceId(), spanId: newSpanId(), sampled })
      : this.#unsampled;
    const id = `${name}-${this.#position.loop}-${this.#position.row + offset}`;
    return { specversion: '1.0', id, source, type, time: new Date().toISOString(), traceparent, data };
  }

  #acknowledged(rows: number, events: readonly FeedEvent[], startMs: number): void {
    this.#waitingFor = undefined;
    this.#position = { loop: this.#position.loop, row: this.#position.row + rows };
    Object.assign(this.counters, this.#position);
    this.counters.acknowledged += events.length;
    this.counters.lastEventAt = new Date().toISOString();
    const endMs = epochMs();
    for (const { traceparent, id } of events) {
      if (traceparent === this.#unsampled) continue;
      const [, traceId, spanId] = traceparent.split('-') as [string, string, string, string];
      const attributes = {
        [attribute.pipeline]: this.#feed.pipeline,
        [attribute.eventId]: id,
        [attribute.flow]: this.#feed.flow,
      };
      const name = `feed ${this.#feed.flow}`;
      this.#options.recorder.record({ name, kind: 'client', traceId, spanId, startMs, endMs, attributes });
    }
  }
}

interface FeedPlan {
  readonly pipeline: string;
  readonly flow: string;
  /** Name of the dataset. */
  readonly name: string;
  readonly dataset: DatasetSpec;
  readonly ratePerSecond: number;
  readonly loop: boolean;
  readonly url: string;
  readonly source: string;
  readonly type: string;
}

function feedOf(config: NodeTaskConfig, flowName: string): FeedPlan {
  const flow = config.spec.flows[flowName];
  if (flow?.from.kind !== 'dataset' || flow.to.kind !== 'ingress') throw new Error(`flow "${flowName}" is not a feed`);
  const dataset = config.spec.datasets[flow.from.dataset];
  const base = config.services[flow.to.service];
  if (dataset === undefined)
    throw new Error(`flow "${flowName}" reads dataset "${flow.from.dataset}", which is not there`);
  if (base === undefined) throw new Error(`service "${flow.to.service}" of flow "${flowName}" has no address`);
  return {
    pipeline: config.pipeline,
    flow: flowName,
    name: flow.from.dataset,
    dataset,
    ratePerSecond: flow.to.ratePerSecond,
    loop: flow.from.loop,
    url: new URL('/events', base).href,
    source: `millrace/${config.pipeline}/${flowName}`,
    type: flow.from.eventType,
  };
}
