/** The queues of one pipeline, asked for beside its looks: a Redis that hangs holds nobody up. */
import type { PipelineRecord } from '../../model/records.ts';
import type { HopLag } from '../lag.ts';
import { lagOfQueue, queuesIn, type ReadQueues, type SeenQueue } from '../queues.ts';
import { within } from './kafkaLine.ts';

const askEveryMs = 3000;
const answerWithinMs = 8000;

export class QueueWatch {
  readonly #read: ReadQueues;
  #seen: readonly SeenQueue[] = [];
  #askedMs = 0;
  #asking: Promise<void> | undefined;

  constructor(read: ReadQueues) {
    this.#read = read;
  }

  /** Not waited for. Where Redis does not answer, nothing is known of the queues; that it is down is told by itself. */
  ask({ pipeline, plan }: Pick<PipelineRecord, 'pipeline' | 'plan'>, nowMs: number): void {
    const queues = queuesIn(plan.spec);
    if (queues.length === 0) this.#seen = [];
    if (queues.length === 0 || this.#asking !== undefined || Math.abs(nowMs - this.#askedMs) < askEveryMs) return;
    this.#askedMs = nowMs;
    this.#asking = within(answerWithinMs, this.#read(pipeline, queues))
      .catch((): readonly SeenQueue[] => [])
      .then((seen) => {
        this.#seen = seen;
      })
      .finally(() => {
        this.#asking = undefined;
      });
  }

  seen(): readonly SeenQueue[] {
    return this.#seen;
  }

  lags(nowMs: number): readonly HopLag[] {
    return this.#seen.map((queue) => lagOfQueue(queue, nowMs));
  }

  async close(): Promise<void> {
    await this.#asking;
  }
}
