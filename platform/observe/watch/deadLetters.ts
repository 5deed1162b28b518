/**
 * Records that went to a pipeline's dead-letter topics of late, asked of Kafka by their timestamps: whoever looks, and whenever it
 * began to look, sees the same. They are told until ten minutes after the last one.
 */
import type { KafkaOffsets } from '../../frameworks/kafka/offsets.ts';
import { physical } from '../../model/names.ts';
import type { FlowFacts } from './flowState.ts';

/** So long a dead letter is told. */
export const deadLetterSpanMs = 600_000;

export interface NewestDeadLetter {
  readonly topic: string;
  readonly atMs: number;
  /** Who could not process it. */
  readonly stage: string;
  /** With its detail; no control characters. */
  readonly reason: string;
}

/** Of a pipeline: the newest in these topics; undefined: there is none any more. Rejects when Kafka does not answer. */
export type ReadNewestDeadLetter = (
  pipeline: string,
  topics: readonly string[],
) => Promise<NewestDeadLetter | undefined>;

type DeadLetters = FlowFacts['deadLetters'];

/** Dead-letter topics of the pipeline in which there is something, as Kafka knows them. Pure. */
export function filledTopics(pipeline: string, topics: readonly string[], offsets: KafkaOffsets): readonly string[] {
  const dead = topics.map((name) => physical.deadLetterTopic(pipeline, name));
  return dead.filter((topic) => offsets.topics[topic]?.some(({ startOffset, endOffset }) => endOffset > startOffset));
}

/** `counts`: by topic, of the last ten minutes. Pure. */
export function deadLettersOf(
  counts: Readonly<Record<string, number>>,
  newest: NewestDeadLetter | undefined,
  nowMs: number,
): DeadLetters {
  const topics = Object.keys(counts).filter((topic) => counts[topic]! > 0);
  const told = newest !== undefined && topics.includes(newest.topic) ? newest : undefined;
  return {
    records: topics.reduce((total, topic) => total + counts[topic]!, 0),
    ...{ overMs: deadLetterSpanMs, topics },
    newest:
      told === undefined ? null : { agoMs: Math.max(0, nowMs - told.atMs), stage: told.stage, reason: told.reason },
  };
}

/** While there are some, they are counted again so often: old ones leave the count without a change in the topic. */
const againMs = 10_000;

/** Also after a clock that was set back. */
function isLongAgo(atMs: number, nowMs: number): boolean {
  return Math.abs(nowMs - atMs) >= againMs;
}

/** Follows them over time, at next to no cost while there are none. */
export class DeadLetterWatch {
  readonly #pipeline: string;
  readonly #read: ReadNewestDeadLetter;
  #counts: Readonly<Record<string, number>> = {};
  #newest: NewestDeadLetter | undefined;
  #ends = '';
  #countedMs = 0;
  #reading: Promise<void> | undefined;
  /** Of which topics' ends the newest was read, and when that was tried last. */
  #readEnds = '';
  #readMs = 0;

  constructor(pipeline: string, read: ReadNewestDeadLetter) {
    this.#pipeline = pipeline;
    this.#read = read;
  }

  /** Takes the ends of the topics; `count`: by topic, records of this time or later. Rejects as `count` does. */
  async see(
    topics: readonly string[],
    offsets: KafkaOffsets,
    nowMs: number,
    count: (topics: readonly string[], sinceMs: number) => Promise<Readonly<Record<string, number>>>,
  ): Promise<void> {
    const filled = filledTopics(this.#pipeline, topics, offsets);
    const ends = JSON.stringify(filled.map((topic) => [topic, offsets.topics[topic]]));
    const isNew = ends !== this.#ends;
    const mayLeave = Object.values(this.#counts).some((records) => records > 0) && isLongAgo(this.#countedMs, nowMs);
    if (isNew || mayLeave) {
      this.#counts = filled.length === 0 ? {} : await count(filled, nowMs - deadLetterSpanMs);
      this.#countedMs = nowMs;
      this.#ends = ends;
    }
    this.#readNewest(nowMs);
  }

  /** Not waited for: the count is told without. Tried again where it failed. */
  #readNewest(nowMs: number): void {
    const topics = Object.keys(this.#counts).filter((topic) => this.#counts[topic]! > 0);
    const ends = this.#ends;
    if (topics.length === 0 || this.#reading !== undefined || ends === this.#readEnds) return;
    if (!isLongAgo(this.#readMs, nowMs)) return;
    this.#readMs = nowMs;
    this.#reading = this.#read(this.#pipeline, topics)
      .then((newest) => {
        this.#newest = newest;
        this.#readEnds = ends;
      })
      .catch(() => undefined)
      .finally(() => {
        this.#reading = undefined;
      });
  }

  recent(nowMs: number): DeadLetters {
    return deadLettersOf(this.#counts, this.#newest, nowMs);
  }

  /** What is under way has ended. */
  async close(): Promise<void> {
    await this.#reading;
  }
}
