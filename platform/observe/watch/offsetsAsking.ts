/** Asks Kafka for the offsets of one pipeline, every two seconds, and for its dead letters. Nobody waits for an answer. */
import type { PipelineRecord } from '../../model/records.ts';
import type { Hop } from '../hops.ts';
import { DeadLetterWatch, type ReadNewestDeadLetter } from './deadLetters.ts';
import type { HopWatch } from './hopWatch.ts';
import type { KafkaLine } from './kafkaLine.ts';
import { type OffsetsLook, offsetsRequest } from './look.ts';

export const offsetsEveryMs = 2000;

export interface OffsetsAskerDeps {
  readonly kafka: KafkaLine;
  readonly now: () => number;
  readonly newestDeadLetter: ReadNewestDeadLetter;
}

export interface Followed {
  readonly record: PipelineRecord;
  readonly hops: readonly Hop[];
  readonly watch: HopWatch;
}

export class OffsetsAsker {
  readonly #deps: OffsetsAskerDeps;
  readonly #deadLetters: DeadLetterWatch;
  #offsets: OffsetsLook | undefined;
  #fault: string | null = null;
  #askedMs = 0;
  #asking: Promise<void> | undefined;
  #counting: Promise<void> | undefined;

  constructor(pipeline: string, deps: OffsetsAskerDeps) {
    this.#deps = deps;
    this.#deadLetters = new DeadLetterWatch(pipeline, deps.newestDeadLetter);
  }

  /** What was answered since it was last taken. None that is of a time to come: the clock was set back since. */
  take(nowMs: number): OffsetsLook | undefined {
    const offsets = this.#offsets;
    this.#offsets = undefined;
    return offsets !== undefined && Math.max(offsets.askedMs, offsets.atMs) <= nowMs ? offsets : undefined;
  }

  /** The look that comes after the answer takes it. */
  ask(followed: Followed, nowMs: number): void {
    // Also after a clock that was set back.
    if (this.#asking !== undefined || Math.abs(nowMs - this.#askedMs) < offsetsEveryMs) return;
    this.#askedMs = nowMs;
    const { kafka, now } = this.#deps;
    const { record, hops, watch } = followed;
    const request = offsetsRequest(record, hops);
    this.#asking = kafka
      .ask(async (admin) => {
        const askedMs = now();
        const offsets = await admin.offsets(request);
        this.#offsets = { askedMs, atMs: now(), offsets };
        this.#fault = null;
        this.#countDeadLetters(record, offsets);
        for (const each of watch.undated(now())) {
          watch.date(each, await admin.timestampAt(each.topic, each.partition, each.offset));
        }
      })
      .catch((thrown: Error) => {
        this.#fault = thrown.message;
      })
      .finally(() => {
        this.#asking = undefined;
      });
  }

  /** A question of its own: offsets are known without the answer, and the counts of before stay where there is none. */
  #countDeadLetters({ plan }: PipelineRecord, offsets: OffsetsLook['offsets']): void {
    const { kafka, now } = this.#deps;
    const topics = Object.keys(plan.spec.topics);
    this.#counting ??= kafka
      .ask((admin) => this.#deadLetters.see(topics, offsets, now(), admin.recordsSince))
      .catch(() => undefined)
      .finally(() => {
        this.#counting = undefined;
      });
  }

  /** Why the last question had no answer; null: it had. */
  get fault(): string | null {
    return this.#fault;
  }

  deadLetters(nowMs: number) {
    return this.#deadLetters.recent(nowMs);
  }

  async close(): Promise<void> {
    await this.#asking;
    await this.#counting;
    await this.#deadLetters.close();
  }
}
