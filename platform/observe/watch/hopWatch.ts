/**
 * How far the hops of one pipeline are, followed over time: lag, rates, whether a hop goes on, and up to which time of origin
 * everything has passed it. Keeps where the topics ended at the looks before; asks nobody itself.
 */
import { physical } from '../../model/names.ts';
import type { Hop } from '../hops.ts';
import type { HopLag } from '../lag.ts';
import { ratesOf } from '../lag.ts';
import type { TaskReply } from '../stages.ts';
import { type OffsetsLook, type PartitionPlace, placesOf } from './look.ts';
import { Trail } from './trail.ts';

export interface OldestUndone {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

interface Seen {
  readonly atMs: number;
  readonly places: readonly PartitionPlace[];
}

interface Progress {
  before: Seen | undefined;
  now: Seen | undefined;
  /** When it was last seen to go on, or to have nothing to do. */
  movedMs: number;
  /** Everything that entered the pipeline before this time has passed it. */
  clearedMs: number;
  undone: OldestUndone | undefined;
}

/** Younger than this, a lag is told by what the looks before saw; Kafka is asked for the time of older records only. */
const askedAfterMs = 5000;

export class HopWatch {
  readonly #pipeline: string;
  readonly #hops: readonly Hop[];
  readonly #progress = new Map<string, Progress>();
  /** By topic. */
  readonly #trails = new Map<string, Trail>();
  /** Of records that Kafka was asked for, by `topic/partition`. */
  readonly #dated = new Map<string, { readonly offset: number; readonly atMs: number | null }>();

  constructor(pipeline: string, hops: readonly Hop[]) {
    this.#pipeline = pipeline;
    this.#hops = hops;
  }

  /** `replies`: taken after the offsets; of jobs, which alone know their positions, those before will do. */
  see({ offsets, askedMs, atMs }: OffsetsLook, replies: readonly TaskReply[]): void {
    for (const topic of new Set(this.#hops.flatMap(({ reads }) => reads ?? []))) {
      const ends = offsets.topics[physical.topic(this.#pipeline, topic)];
      if (ends === undefined) continue;
      const trail = this.#trails.get(topic) ?? new Trail();
      this.#trails.set(topic, trail);
      const sample = new Map(ends.map(({ partition, endOffset }) => [partition, endOffset]));
      trail.add({ atMs: askedMs, ends: sample, clearedMs: this.#writtenUpToMs(topic, askedMs) });
    }
    for (const hop of this.#hops) if (hop.reads !== undefined) this.#follow(hop, offsets, replies, atMs);
  }

  #follow(hop: Hop, offsets: OffsetsLook['offsets'], replies: readonly TaskReply[], atMs: number): void {
    const last = this.#progress.get(hop.name) ?? {
      ...{ before: undefined, now: undefined, movedMs: atMs, clearedMs: 0, undone: undefined },
    };
    this.#progress.set(hop.name, last);
    const places = placesOf(this.#pipeline, hop, offsets, replies);
    if (places === undefined) {
      // What it says next can't be compared with what it said last.
      Object.assign(last, {
        before: undefined,
        now: undefined,
        clearedMs: hop.group === undefined ? 0 : last.clearedMs,
      });
      return;
    }
    if (last.now === undefined || hasMoved(last.now.places, places)) last.movedMs = atMs;
    // A job whose batch was cut off has its counts of it no more, until it is repeated: it has not passed what it passes again.
    if (last.now !== undefined && hasGoneBack(last.now.places, places)) last.clearedMs = 0;
    last.before = last.now;
    last.now = { atMs, places };
    const trail = this.#trails.get(hop.reads!);
    last.clearedMs = Math.max(last.clearedMs, trail?.clearedMs(places) ?? 0);
    last.undone = trail && this.#oldestUndone(hop, places, trail);
  }

  /** Of the events that entered before the answer, all are in the topic. */
  #writtenUpToMs(topic: string, atMs: number): number {
    const writers = this.#hops.filter(({ writes }) => writes === topic);
    return Math.min(
      atMs,
      ...writers.map(({ name, kind }) => (kind === 'ingress' ? atMs : (this.#progress.get(name)?.clearedMs ?? 0))),
    );
  }

  #oldestUndone(hop: Hop, places: readonly PartitionPlace[], trail: Trail): OldestUndone | undefined {
    const topic = physical.topic(this.#pipeline, hop.reads!);
    const behind = places
      .filter(({ position, endOffset }) => position < endOffset)
      .map(({ partition, position }) => ({ topic, partition, offset: position }))
      .map((undone) => ({ undone, ms: this.#writtenMs(undone, trail) ?? 0 }));
    return behind.sort((one, other) => one.ms - other.ms)[0]?.undone;
  }

  /** When the record was written: by Kafka's word, or at the latest by then; null: before the first look. */
  #writtenMs({ topic, partition, offset }: OldestUndone, trail: Trail): number | null {
    const dated = this.#dated.get(`${topic}/${partition}`);
    return dated?.offset === offset ? dated.atMs : trail.writtenByMs(partition, offset);
  }

  /** Records whose age only Kafka can tell: one of each hop that is late, at most. */
  undated(nowMs: number): readonly OldestUndone[] {
    const found = this.#hops.flatMap(({ name, reads }) => {
      const undone = this.#progress.get(name)?.undone;
      if (undone === undefined || reads === undefined) return [];
      if (this.#dated.get(`${undone.topic}/${undone.partition}`)?.offset === undone.offset) return [];
      const byMs = this.#trails.get(reads)?.writtenByMs(undone.partition, undone.offset) ?? null;
      return byMs === null || nowMs - byMs > askedAfterMs ? [undone] : [];
    });
    return [...new Map(found.map((each) => [`${each.topic}/${each.partition}/${each.offset}`, each])).values()];
  }

  /** `atMs`: as Kafka says; null: it has no such record. */
  date({ topic, partition, offset }: OldestUndone, atMs: number | null): void {
    this.#dated.set(`${topic}/${partition}`, { offset, atMs });
  }

  lags(nowMs: number): readonly HopLag[] {
    return this.#hops.flatMap((hop) => (hop.reads === undefined ? [] : [this.#lag(hop, nowMs)]));
  }

  #lag({ name, reads }: Hop, nowMs: number): HopLag {
    const heading = { hop: name, topic: physical.topic(this.#pipeline, reads!) };
    const { before, now, undone } = this.#progress.get(name) ?? {};
    if (now === undefined) return { ...heading, ...unknown };
    const trail = this.#trails.get(reads!);
    const byMs = undone && trail ? this.#writtenMs(undone, trail) : undefined;
    const seconds = byMs === undefined ? 0 : byMs === null ? null : Math.max(0, (nowMs - byMs) / 1000);
    const lagSeconds = seconds === null ? null : Math.round(seconds * 10) / 10;
    if (before === undefined) return { ...heading, ...unknown, lagRecords: recordsOf(now.places), lagSeconds };
    return { ...heading, ...ratesOf(readingOf(before), readingOf(now)), lagSeconds };
  }

  /** Milliseconds since the hop was last seen to read something or to have nothing to read; undefined: it does not tell. */
  stillMs(hop: string, nowMs: number): number | undefined {
    const progress = this.#progress.get(hop);
    if (progress?.now === undefined) return undefined;
    return recordsOf(progress.now.places) === 0 ? 0 : Math.max(0, nowMs - progress.movedMs);
  }

  /** Between the last two looks; undefined: it does not tell. */
  hasMoved(hop: string): boolean | undefined {
    const { before, now } = this.#progress.get(hop) ?? {};
    return before === undefined || now === undefined ? undefined : hasMoved(before.places, now.places);
  }

  /** Everything that entered the pipeline before this time has passed the hop. */
  clearedMs(hop: string): number {
    return this.#progress.get(hop)?.clearedMs ?? 0;
  }

  isDrained(hop: string): boolean {
    const now = this.#progress.get(hop)?.now;
    return now !== undefined && recordsOf(now.places) === 0;
  }
}

const unknown = { lagRecords: null, lagSeconds: null, inRate: null, outRate: null, drainSeconds: null };

function recordsOf(places: readonly PartitionPlace[]): number {
  return places.reduce((total, { position, endOffset }) => total + endOffset - position, 0);
}

function readingOf({ atMs, places }: Seen) {
  return {
    atMs,
    partitions: places.map(({ partition, position, endOffset }) => ({
      ...{ partition, endOffset, committedOffset: position, lagRecords: endOffset - position },
    })),
  };
}

function hasGoneBack(before: readonly PartitionPlace[], now: readonly PartitionPlace[]): boolean {
  const former = new Map(before.map(({ partition, position }) => [partition, position]));
  return now.some(({ partition, position }) => position < (former.get(partition) ?? 0));
}

function hasMoved(before: readonly PartitionPlace[], now: readonly PartitionPlace[]): boolean {
  const former = new Map(before.map(({ partition, position }) => [partition, position]));
  return recordsOf(now) === 0 || now.some(({ partition, position }) => former.get(partition) !== position);
}
