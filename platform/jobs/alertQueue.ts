/**
 * The queue `millrace.alerts` (BullMQ) and its worker: each round of each state of an alert is a job under an id of its own, so
 * that it is queued once however often it is added, tried until the webhook takes it, and given up in the end.
 */
import { type JobsOptions, Queue, UnrecoverableError, Worker } from 'bullmq';
import { Backoff, pause } from '../connectors/backoff.ts';
import { createWorkerStanding, type WorkerStanding } from '../connectors/bullmq/workerStanding.ts';
import type { RedisAccess } from '../connectors/config.ts';
import { connectRedis, givesUpSilence, redisOptions } from '../connectors/redis/connection.ts';
import type { AlertEvent } from './deliver.ts';

export const alertQueueName = 'millrace.alerts';

export interface AlertQueueOptions {
  /** Asked before each try to connect: Valkey may not have been started yet. */
  readonly access: () => RedisAccess | undefined;
  /** One attempt. Rejects when it is to be tried again. */
  readonly deliver: (event: AlertEvent) => Promise<void>;
  /** After the last attempt, unless `deliver` has thrown NotDeliverable. */
  readonly gaveUp: (event: AlertEvent, reason: string) => void;
  readonly log: (line: string) => void;
  /** The pause before the second attempt; it doubles with each. Default: 12 attempts in about 34 minutes. */
  readonly retry?: { readonly attempts: number; readonly firstMs: number };
}

/** `waiting`: will be tried. The others: what an earlier run has come to, and has not told. */
export type Queued =
  | { readonly state: 'waiting' | 'delivered' }
  | { readonly state: 'failed'; readonly reason: string; readonly atMs: number };

export interface AlertQueue {
  /** Begins and returns; a Valkey that is not there is waited for. */
  start(): void;
  /** Lets the attempt in hand end. */
  stop(): Promise<void>;
  /** Undefined: not connected. Rejects when the connection fails meanwhile; adding again is then right. */
  add(event: AlertEvent, round: number): Promise<Queued | undefined>;
  /** The next attempt of what is in the queue is made now, not when its pause is over. Rejects as `add`. */
  hurry(event: AlertEvent, round: number): Promise<void>;
  /** Undefined while it works. */
  waitingFor(): string | undefined;
}

/** Thrown by `deliver`: no further attempt. */
export class NotDeliverable extends UnrecoverableError {}

const kept = { age: 7 * 86_400, count: 1000 };
/** A worker that was killed is noticed after this long, and its job is tried again by the next one. */
const lockMs = 10_000;

export function createAlertQueue(options: AlertQueueOptions): AlertQueue {
  return new ReconnectingQueue(options);
}

class ReconnectingQueue implements AlertQueue {
  readonly #options: AlertQueueOptions;
  readonly #stopping = new AbortController();
  readonly #standing = createWorkerStanding('Valkey');
  #opened: Opened | undefined;
  #starting: Promise<void> = Promise.resolve();

  constructor(options: AlertQueueOptions) {
    this.#options = options;
  }

  start(): void {
    this.#starting = this.#openUntilStopped();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#starting;
    await this.#opened?.worker.close();
    await this.#opened?.queue.close();
  }

  waitingFor(): string | undefined {
    return this.#standing.waitingFor();
  }

  async add(event: AlertEvent, round: number): Promise<Queued | undefined> {
    if (this.#opened === undefined) return undefined;
    const { queue } = this.#opened;
    const jobId = jobIdOf(event.id, round);
    await queue.add(event.type, event, jobOptions(jobId, this.#options.retry));
    // A job that is known already is left as it is: it may have come to its end before.
    const state = await queue.getJobState(jobId);
    if (state !== 'failed') return { state: state === 'completed' ? 'delivered' : 'waiting' };
    const job = await queue.getJob(jobId);
    return { state, reason: job?.failedReason ?? 'it is not known why', atMs: job?.finishedOn ?? 0 };
  }

  async hurry(event: AlertEvent, round: number): Promise<void> {
    const job = await this.#opened?.queue.getJob(jobIdOf(event.id, round));
    if (job === undefined || !(await job.isDelayed())) return;
    await job.promote().catch(async (error: unknown) => {
      // Its pause was over in between: then it is tried anyway.
      if (await job.isDelayed()) throw error;
    });
  }

  async #openUntilStopped(): Promise<void> {
    const backoff = new Backoff(200, 5000);
    while (!this.#stopping.signal.aborted && this.#opened === undefined) {
      try {
        this.#opened = await open(this.#options, this.#standing);
      } catch (error) {
        this.#standing.trouble(error);
        await pause(backoff.nextMs(), this.#stopping.signal);
      }
    }
  }
}

/** The first round has the event's id. */
export function jobIdOf(eventId: string, round: number): string {
  return round <= 1 ? eventId : `${eventId}.${round}`;
}

function jobOptions(id: string, retry: AlertQueueOptions['retry']): JobsOptions {
  const { attempts, firstMs } = retry ?? { attempts: 12, firstMs: 1000 };
  const backoff = { type: 'exponential', delay: firstMs };
  return { jobId: id, attempts, backoff, removeOnComplete: kept, removeOnFail: kept };
}

interface Opened {
  readonly queue: Queue<AlertEvent>;
  readonly worker: Worker<AlertEvent>;
}

async function open(options: AlertQueueOptions, standing: WorkerStanding): Promise<Opened> {
  const access = options.access();
  if (access === undefined) throw new Error('it was not started in this home yet');
  // Refuses a server that is not ours.
  (await connectRedis(access)).disconnect();
  const connection = { ...redisOptions(access), lazyConnect: false };
  const queue = new Queue<AlertEvent>(alertQueueName, { connection: { ...connection, ...givesUpSilence } });
  queue.on('error', () => {});
  const worker = new Worker<AlertEvent>(alertQueueName, async ({ data }) => options.deliver(data), {
    connection: { ...connection, maxRetriesPerRequest: null, commandTimeout: undefined },
    // One after the other: whether the end of an alert was told is looked at before its beginning is sent.
    concurrency: 1,
    lockDuration: lockMs,
    stalledInterval: lockMs / 2,
    // However often this process is killed in the middle of an attempt: that is no fault of the alert's.
    maxStalledCount: 1_000_000,
  });
  worker.on('error', standing.trouble);
  worker.on('failed', (job, error) => {
    if (job === undefined) return;
    const isOver = error instanceof UnrecoverableError || job.attemptsMade >= (job.opts.attempts ?? 1);
    options.log(`alert ${job.id}, attempt ${job.attemptsMade}: ${error.message}${isOver ? '; given up' : ''}`);
    if (isOver && !(error instanceof NotDeliverable)) options.gaveUp(job.data, error.message);
  });
  try {
    await Promise.all([queue.waitUntilReady(), standing.follow(worker)]);
    return { queue, worker };
  } catch (error) {
    await Promise.allSettled([worker.close(true), queue.close()]);
    throw error;
  }
}
