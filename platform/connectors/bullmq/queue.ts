/**
 * BullMQ as a sink: each event is a job under the event's id, so that an event that comes again while its job is known adds
 * nothing. Done jobs are known for as long as their topic keeps records, up to `keptCompleted` of them: that is the window
 * within which a replay leaves no second alert.
 */
import { Queue } from 'bullmq';
import { parsePathwayHeader } from '../../telemetry/pathway/header.ts';
import { type Checkpoint, createCheckpoint } from '../../telemetry/pathway/pathways.ts';
import type { RedisAccess } from '../config.ts';
import type { EventRecord, Sink } from '../contract.ts';
import type { Fields } from '../event.ts';
import { connectRedis, givesUpSilence, redisOptions } from '../redis/connection.ts';

/** What a job holds. */
export interface QueuedEvent {
  readonly id: string;
  readonly time: string;
  readonly type: string;
  readonly source: string;
  readonly traceparent?: string;
  /** Header `millrace-pathway`, as the flow hands it on. */
  readonly pathway?: string;
  readonly fields: Fields;
}

export interface QueueSinkOptions {
  readonly access: RedisAccess;
  /** Name of the flow: the pathways of its jobs go on from its checkpoint. */
  readonly flow: string;
  /** Physical name. */
  readonly queue: string;
  /** How often a job is tried; between two attempts 1 s, 2 s, 4 s … */
  readonly attempts: number;
  /** How long the topic keeps records. */
  readonly retentionMs: number;
}

/** About 1 KiB each in Redis. */
export const keptCompleted = 20_000;
const keptFailed = 5000;
const keptFailedSeconds = 7 * 86_400;
const firstRetryMs = 1000;
const jobsPerCall = 500;

export function createQueueSink(options: QueueSinkOptions): Sink {
  let queue: Queue | undefined;
  // Names the ways onward as the flow's own checkpoint does, and counts nothing.
  const ways = createCheckpoint({ name: `sink:${options.flow}`, startMs: 0 });
  const jobOptions = {
    attempts: options.attempts,
    backoff: { type: 'exponential', delay: firstRetryMs },
    removeOnComplete: { age: Math.ceil(options.retentionMs / 1000), count: keptCompleted },
    removeOnFail: { age: keptFailedSeconds, count: keptFailed },
  };
  return {
    open: async () => {
      if (queue !== undefined) return;
      (await connectRedis(options.access)).disconnect();
      const connection = { ...redisOptions(options.access), ...givesUpSilence, lazyConnect: false };
      const opened = new Queue(options.queue, { connection });
      opened.on('error', () => {});
      try {
        await opened.waitUntilReady();
      } catch (error) {
        await opened.close().catch(() => {});
        throw error;
      }
      queue = opened;
    },
    close: async () => {
      const closing = queue;
      queue = undefined;
      await closing?.close();
    },
    write: async (records) => {
      if (queue === undefined) throw new Error('the queue is not open');
      for (let i = 0; i < records.length; i += jobsPerCall) {
        const jobs = records.slice(i, i + jobsPerCall).map((event) => ({
          name: event.type,
          data: queuedEvent(event, ways),
          opts: { ...jobOptions, jobId: jobIdOf(event.id) },
        }));
        await queue.addBulk(jobs);
      }
      return { poison: [] };
    },
  };
}

function queuedEvent(
  { id, time, type, source, traceparent, pathway, fields }: EventRecord,
  ways: Checkpoint,
): QueuedEvent {
  const context = parsePathwayHeader(pathway);
  return {
    ...{ id, time, type, source },
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(context === undefined ? {} : { pathway: ways.onward(context, Date.now()) }),
    fields: { ...fields },
  };
}

/** BullMQ takes neither colons nor plain numbers as ids of jobs. Different events have different ids. */
export function jobIdOf(eventId: string): string {
  return `event-${eventId.replaceAll('%', '%25').replaceAll(':', '%3A')}`;
}
