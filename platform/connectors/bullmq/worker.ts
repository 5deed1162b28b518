/** Works off a queue that a flow fills (queue.ts). */
import { Worker } from 'bullmq';
import { physical } from '../../model/names.ts';
import type { StageReport } from '../../telemetry/stageMeter.ts';
import { WorkerMeter } from '../../telemetry/workerMeter.ts';
import { Backoff, pause, reasonOf } from '../backoff.ts';
import type { NodeTaskConfig } from '../config.ts';
import type { Log } from '../contract.ts';
import { connectRedis, redisOptions } from '../redis/connection.ts';
import type { QueuedEvent } from './queue.ts';
import { createWorkerStanding } from './workerStanding.ts';

export interface QueueWorkerOptions {
  readonly log: Log;
  /** Jobs under way at once. */
  readonly concurrency?: number;
}

export interface QueueWorkerCounters {
  completed: number;
  /** Attempts that failed, whether or not another one follows. */
  failed: number;
}

export interface QueueWorker {
  /** Begins and returns; a Redis that is not there is waited for. */
  start(): void;
  /** Lets the jobs in hand end. */
  stop(): Promise<void>;
  readonly counters: Readonly<QueueWorkerCounters>;
  /** The checkpoint behind the queue: for `stages` of the service, so that the queue is watched as a hop. */
  report(): StageReport;
  /** Undefined while it works. */
  waitingFor(): string | undefined;
}

/**
 * Calls `handler` for each job of the queue, at least once; when it throws, the job is tried again as its flow's `attempts`
 * say. `queue`: its name in the blueprint.
 */
export function createQueueWorker(
  config: Pick<NodeTaskConfig, 'pipeline' | 'redis'>,
  queue: string,
  handler: (event: QueuedEvent) => Promise<void>,
  options: QueueWorkerOptions,
): QueueWorker {
  const { pipeline, redis: access } = config;
  if (access === undefined) throw new Error(`queue ${queue}: this task was given no Redis`);
  const counters = { completed: 0, failed: 0 };
  const meter = new WorkerMeter(`queue:${queue}`);
  const stopping = new AbortController();
  const standing = createWorkerStanding('Redis');
  let worker: Worker<QueuedEvent> | undefined;
  let starting: Promise<void> = Promise.resolve();

  const open = async (): Promise<void> => {
    (await connectRedis(access)).disconnect();
    const connection = {
      ...redisOptions(access),
      lazyConnect: false,
      maxRetriesPerRequest: null,
      commandTimeout: undefined,
    };
    worker = new Worker<QueuedEvent>(physical.queue(pipeline, queue), (job) => handler(job.data), {
      connection,
      concurrency: options.concurrency ?? 4,
    });
    worker.on('completed', ({ data }) => {
      counters.completed += 1;
      meter.done(data, Date.now());
    });
    worker.on('failed', (job, error) => {
      counters.failed += 1;
      options.log(`queue ${queue}: job ${job?.id}, attempt ${job?.attemptsMade} failed: ${reasonOf(error)}`);
    });
    worker.on('error', standing.trouble);
    await standing.follow(worker);
  };
  const openUntilStopped = async (): Promise<void> => {
    const backoff = new Backoff(100, 1000);
    while (!stopping.signal.aborted && worker === undefined) {
      await open().catch(async (error) => {
        standing.trouble(error);
        await worker?.close(true).catch(() => {});
        worker = undefined;
        await pause(backoff.nextMs(), stopping.signal);
      });
    }
  };
  return {
    counters,
    report: () => meter.report(),
    waitingFor: standing.waitingFor,
    start: () => {
      starting = openUntilStopped();
    },
    stop: async () => {
      stopping.abort();
      await starting;
      await worker?.close();
    },
  };
}
