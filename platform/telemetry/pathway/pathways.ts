/**
 * Pathways: chains of checkpoints that events have passed. Each has an id, the hash of its parent's id and the checkpoint's
 * name, so that every process finds the same ids without talking to the others, and a header of fixed length names a chain of
 * any length. A checkpoint counts every event, sampled or not, by the header of that very event.
 *
 * Memory is bounded: `maxPathways` for each checkpoint; further ones are counted together as the pathway `overflow`.
 */
import { createHash } from 'node:crypto';
import { isSampled, parseTraceparent } from '../context.ts';
import { formatPathwayHeader, type PathwayContext, parsePathwayHeader } from './header.ts';
import { type HistogramSnapshot, LatencyHistogram } from './histogram.ts';

/** The parent of a pathway's first checkpoint. */
export const rootPathway = '0'.repeat(16);
export const overflowPathway = 'f'.repeat(16);

/** Id of the pathway that goes on from `parent` through `checkpoint`: 64 bits in hexadecimal. */
export function pathwayId(parent: string, checkpoint: string): string {
  return createHash('sha256').update(`${parent}\n${checkpoint}`).digest('hex').slice(0, 16);
}

export interface PathwaySnapshot {
  readonly pathway: string;
  /** `rootPathway` at the first checkpoint; the pathway's own id for `overflow`. */
  readonly parent: string;
  readonly count: number;
  /** Events whose clock readings were in the wrong order: they are counted above, and in no histogram. */
  readonly negativeEdge: number;
  readonly negativeEndToEnd: number;
  /** From leaving the checkpoint before until this one. */
  readonly edge: HistogramSnapshot;
  /** From entering the pipeline until this checkpoint. */
  readonly endToEnd: HistogramSnapshot;
  /** Milliseconds since 1970; origin of the newest event in order of origin, and when the last one passed. */
  readonly newestOriginMs: number;
  readonly lastPassedMs: number;
}

export interface CheckpointSnapshot {
  /** `ingress:ingress`, `job:severe-delays`, `sink:store-flights`. */
  readonly checkpoint: string;
  /** Since when it counts, in milliseconds since 1970. */
  readonly startMs: number;
  readonly pathways: readonly PathwaySnapshot[];
  /** Events that carried no header, or one of another form: they are on no pathway. */
  readonly withoutHeader: number;
  /** Pathways that did not get a place of their own. */
  readonly overflowed: boolean;
}

export interface Checkpoint {
  readonly name: string;
  /** The header of an event that enters the pipeline here; counts nothing. */
  stamp(originMs: number): string;
  /** Counts an event that entered here with the context of the header that `stamp` gave, and is on its way at `nowMs`. */
  entered(context: PathwayContext, nowMs: number, traceparent: string | undefined): void;
  /** The context of an event by the header it came with. Undefined, and counted: it came with none. */
  read(header: string | undefined): PathwayContext | undefined;
  /** Counts an event that has passed. */
  passed(context: PathwayContext, nowMs: number, traceparent: string | undefined): void;
  /** The header that an event which came with `context` carries on from here. */
  onward(context: PathwayContext, nowMs: number): string;
  snapshot(): CheckpointSnapshot;
}

export interface CheckpointOptions {
  readonly name: string;
  readonly startMs: number;
  readonly maxPathways?: number;
}

const defaultMaxPathways = 128;

export function createCheckpoint(options: CheckpointOptions): Checkpoint {
  return new CountingCheckpoint(options);
}

class Pathway {
  count = 0;
  negativeEdge = 0;
  negativeEndToEnd = 0;
  newestOriginMs = 0;
  lastPassedMs = 0;
  readonly edge = new LatencyHistogram();
  readonly endToEnd = new LatencyHistogram();
  readonly id: string;
  readonly parent: string;

  constructor(id: string, parent: string) {
    this.id = id;
    this.parent = parent;
  }

  pass(context: PathwayContext, nowMs: number, traceparent: string | undefined): void {
    this.count += 1;
    this.lastPassedMs = nowMs;
    if (context.originMs > this.newestOriginMs) this.newestOriginMs = context.originMs;
    const edgeMs = nowMs - context.previousMs;
    const endToEndMs = nowMs - context.originMs;
    if (edgeMs < 0) this.negativeEdge += 1;
    else this.edge.record(edgeMs);
    if (endToEndMs < 0) this.negativeEndToEnd += 1;
    else this.endToEnd.record(endToEndMs);
    if (isSampled(traceparent)) this.#keepExemplars(traceparent, edgeMs, endToEndMs, nowMs);
  }

  #keepExemplars(traceparent: string, edgeMs: number, endToEndMs: number, atMs: number): void {
    const context = parseTraceparent(traceparent);
    if (context === undefined) return;
    const { traceId, spanId } = context;
    if (edgeMs >= 0) this.edge.keepExemplar({ valueMs: edgeMs, atMs, traceId, spanId });
    if (endToEndMs >= 0) this.endToEnd.keepExemplar({ valueMs: endToEndMs, atMs, traceId, spanId });
  }

  snapshot(): PathwaySnapshot {
    const { count, negativeEdge, negativeEndToEnd, newestOriginMs, lastPassedMs } = this;
    return {
      pathway: this.id,
      parent: this.parent,
      ...{ count, negativeEdge, negativeEndToEnd, newestOriginMs, lastPassedMs },
      edge: this.edge.snapshot(),
      endToEnd: this.endToEnd.snapshot(),
    };
  }
}

class CountingCheckpoint implements Checkpoint {
  readonly name: string;
  readonly #startMs: number;
  readonly #maxPathways: number;
  /** By the parent's id. */
  readonly #pathways = new Map<string, Pathway>();
  #overflow: Pathway | undefined;
  #withoutHeader = 0;

  constructor({ name, startMs, maxPathways = defaultMaxPathways }: CheckpointOptions) {
    this.name = name;
    this.#startMs = startMs;
    this.#maxPathways = maxPathways;
  }

  stamp(originMs: number): string {
    return formatPathwayHeader({ pathway: this.#from(rootPathway).id, originMs, previousMs: originMs });
  }

  entered(context: PathwayContext, nowMs: number, traceparent: string | undefined): void {
    this.#from(rootPathway).pass(context, nowMs, traceparent);
  }

  read(header: string | undefined): PathwayContext | undefined {
    const context = parsePathwayHeader(header);
    if (context === undefined) this.#withoutHeader += 1;
    return context;
  }

  passed(context: PathwayContext, nowMs: number, traceparent: string | undefined): void {
    this.#from(context.pathway).pass(context, nowMs, traceparent);
  }

  onward({ pathway, originMs }: PathwayContext, nowMs: number): string {
    return formatPathwayHeader({ pathway: this.#from(pathway).id, originMs, previousMs: nowMs });
  }

  snapshot(): CheckpointSnapshot {
    const all = [...this.#pathways.values(), ...(this.#overflow === undefined ? [] : [this.#overflow])];
    return {
      checkpoint: this.name,
      startMs: this.#startMs,
      pathways: all.map((pathway) => pathway.snapshot()),
      withoutHeader: this.#withoutHeader,
      overflowed: this.#overflow !== undefined,
    };
  }

  #from(parent: string): Pathway {
    const known = this.#pathways.get(parent);
    if (known !== undefined) return known;
    if (this.#pathways.size >= this.#maxPathways) {
      this.#overflow ??= new Pathway(overflowPathway, overflowPathway);
      return this.#overflow;
    }
    const made = new Pathway(pathwayId(parent, this.name), parent);
    this.#pathways.set(parent, made);
    return made;
  }
}
