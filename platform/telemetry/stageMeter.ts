/**
 * What a stage of the data path tells about the events that pass it: latencies on their pathways, and its page of the
 * conservation ledger. One meter for an ingress, one for each flow.
 */
import type { StageSnapshot, TallyKind } from './conservation/cell.ts';
import type { Journal } from './conservation/journal.ts';
import { StageLedger } from './conservation/stageLedger.ts';
import { eventHash, type Hash64 } from './conservation/tally.ts';
import { type PathwayContext, parsePathwayHeader } from './pathway/header.ts';
import { type Checkpoint, type CheckpointSnapshot, createCheckpoint } from './pathway/pathways.ts';

export interface StageMeterOptions {
  /** Name of the ingress service, flow or job: unique in its pipeline. */
  readonly stage: string;
  /** `ingress`, `sink`: the first part of the checkpoint's name. */
  readonly kind: 'ingress' | 'sink';
  /** Of the ledger: `openJournal` or, where there is none to outlive the process, `memoryJournal`. */
  readonly journal: Journal;
  readonly now?: () => number;
}

export interface StageReport {
  readonly checkpoint: CheckpointSnapshot;
  readonly ledger: StageSnapshot;
}

abstract class StageMeter {
  protected readonly checkpoint: Checkpoint;
  protected readonly ledger: StageLedger;
  readonly #journal: Journal;

  constructor({ stage, kind, journal, now = Date.now }: StageMeterOptions) {
    this.checkpoint = createCheckpoint({ name: `${kind}:${stage}`, startMs: now() });
    this.#journal = journal;
    this.ledger = new StageLedger({ stage, journal, now });
  }

  /** `sinceMs`: of the ledger, only windows that began at this time or later; default: all. */
  report(sinceMs = 0): StageReport {
    return { checkpoint: this.checkpoint.snapshot(), ledger: this.ledger.snapshot(sinceMs) };
  }

  close(): void {
    this.ledger.write();
    this.#journal.close();
  }
}

/** A record on its way to the broker; its header was made by `stamp`. */
export interface StampedRecord {
  readonly id: string;
  readonly pathway: string;
  readonly traceparent: string | undefined;
}

export class IngressMeter extends StageMeter {
  #timer: NodeJS.Timeout | undefined;

  /** The header of events that enter now. */
  stamp(originMs: number): string {
    return this.checkpoint.stamp(originMs);
  }

  /** Before they are sent: written down first, so that no event is in the topic of which the ledger has never heard. */
  offered(records: readonly StampedRecord[]): void {
    for (const { id, pathway } of records) {
      const context = parsePathwayHeader(pathway);
      if (context !== undefined) this.ledger.add('offered', context.originMs, context.pathway, eventHash(id));
    }
    this.ledger.write();
  }

  /**
   * The broker has acknowledged them. Written down a moment later, many at once: were the process to die before, the ledger
   * would know them as offered, without an answer.
   */
  acknowledged(records: readonly StampedRecord[], nowMs: number): void {
    for (const { id, pathway, traceparent } of records) {
      const context = this.checkpoint.entered(pathway, nowMs, traceparent);
      if (context !== undefined) this.ledger.add('out', context.originMs, context.pathway, eventHash(id));
    }
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.ledger.write();
    }, writeAfterMs).unref();
  }

  override close(): void {
    clearTimeout(this.#timer);
    super.close();
  }
}

const writeAfterMs = 50;

/** What is read of a record; `EventRecord` and `RawRecord` of connectors/contract.ts fit. */
export interface MeteredRecord {
  readonly id: string | undefined;
  readonly pathway: string | undefined;
  readonly traceparent: string | undefined;
  /** See EventRecord of connectors/contract.ts. */
  readonly jobAt: string | undefined;
  readonly raw: MeteredRaw;
}

export interface MeteredRaw {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
}

export interface FlowBatch {
  /** Every record of the batch, in the order of its partition. */
  readonly incoming: readonly MeteredRecord[];
  /** Those that the flow leaves out; those that went to the dead-letter topic. Both are among the incoming. */
  readonly filtered: ReadonlySet<MeteredRaw>;
  readonly deadLettered: ReadonlySet<MeteredRaw>;
  /** What the store has acknowledged, as it was handed to the store. */
  readonly acknowledged: readonly MeteredRecord[];
  /** The topic was made anew before this batch, its offsets begin again. */
  readonly anew: boolean;
}

export class FlowMeter extends StageMeter {
  /** To be called when the store has acknowledged the batch and before its offset is committed. */
  passed({ incoming, filtered, deadLettered, acknowledged, anew }: FlowBatch, nowMs: number): void {
    const [first] = incoming;
    if (first === undefined) return;
    const lane = `${first.raw.topic}/${first.raw.partition}`;
    if (anew) this.ledger.resetLane(lane);
    const known = new Map<MeteredRaw, Known>();
    for (const record of incoming) {
      const event = this.#received(record, lane);
      if (event === undefined) continue;
      known.set(record.raw, event);
      if (filtered.has(record.raw)) this.#add('filtered', event);
      else if (deadLettered.has(record.raw)) this.#add('deadLettered', event);
    }
    for (const record of acknowledged) {
      const event = known.get(record.raw);
      if (event === undefined) continue;
      this.#add('out', event);
      this.checkpoint.passed(event.context, nowMs, record.traceparent);
    }
    this.ledger.write();
  }

  /** Undefined: the record came again, or on no pathway. */
  #received(record: MeteredRecord, lane: string): Known | undefined {
    const context = this.checkpoint.read(record.pathway);
    const isNew = this.#advance(record, lane);
    if (context === undefined || record.id === undefined) {
      if (isNew) this.ledger.addWithoutOrigin();
      return undefined;
    }
    const event = { context, hash: eventHash(record.id) };
    this.#add(isNew ? 'in' : 'replayed', event);
    return isNew ? event : undefined;
  }

  /** Both by its own offset and, where a job has made it, by that of the record it was made of. */
  #advance({ raw, jobAt }: MeteredRecord, lane: string): boolean {
    const isNew = this.ledger.advance(lane, Number(raw.offset));
    if (jobAt === undefined || !isNew) return isNew;
    const colon = jobAt.indexOf(':');
    return this.ledger.advance(`${lane}<${jobAt.slice(0, colon)}`, Number(jobAt.slice(colon + 1)));
  }

  #add(kind: TallyKind, { context, hash }: Known): void {
    this.ledger.add(kind, context.originMs, context.pathway, hash);
  }
}

/** What was read of a record once: its hash is added to several tallies. */
interface Known {
  readonly context: PathwayContext;
  readonly hash: Hash64;
}
