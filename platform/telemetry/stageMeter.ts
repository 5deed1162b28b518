/**
 * What a stage of the data path tells about the events that pass it: latencies on their pathways, and its page of the
 * conservation ledger. One meter for an ingress, one for each flow.
 */
import type { StageSnapshot, TallyKind } from './conservation/cell.ts';
import type { Journal } from './conservation/journal.ts';
import { type Lane, StageLedger } from './conservation/stageLedger.ts';
import { eventHash, type Hash64 } from './conservation/tally.ts';
import { type PathwayContext, parsePathwayHeader } from './pathway/header.ts';
import { type Checkpoint, type CheckpointSnapshot, createCheckpoint } from './pathway/pathways.ts';

export interface StageMeterOptions {
  /** Name of the ingress service, flow or job: unique in its pipeline. */
  readonly stage: string;
  /** The first part of the checkpoint's name. */
  readonly kind: 'ingress' | 'sink' | 'worker';
  /** Of the ledger: `openJournal` or, where there is none to outlive the process, `memoryJournal`. */
  readonly journal: Journal;
  readonly now?: () => number;
}

export interface StageReport {
  readonly checkpoint: CheckpointSnapshot;
  readonly ledger: StageSnapshot;
}

export abstract class StageMeter {
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
  /** What was read of the records of the request under way, in their order. */
  #offered: { readonly records: readonly StampedRecord[]; readonly events: readonly (Known | undefined)[] } | undefined;

  /** The header of events that enter now. */
  stamp(originMs: number): string {
    return this.checkpoint.stamp(originMs);
  }

  /** Before they are sent: written down first, so that no event is in the topic of which the ledger has never heard. */
  offered(records: readonly StampedRecord[]): void {
    this.#offered = { records, events: records.map(knownOf) };
    for (const event of this.#offered.events) {
      if (event !== undefined) this.ledger.add('offered', event.context.originMs, event.context.pathway, event.hash);
    }
    this.ledger.write();
  }

  /**
   * The broker has acknowledged them; cheaper with the very list that was offered last. Written down a moment later, many at
   * once: were the process to die before, the ledger would know them as offered, without an answer.
   */
  acknowledged(records: readonly StampedRecord[], nowMs: number): void {
    const events = this.#offered?.records === records ? this.#offered.events : records.map(knownOf);
    this.#offered = undefined;
    for (let at = 0; at < records.length; at++) {
      const event = events[at];
      if (event === undefined) continue;
      this.checkpoint.entered(event.context, nowMs, records[at]!.traceparent);
      this.ledger.add('out', event.context.originMs, event.context.pathway, event.hash);
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

/** Undefined: the header is not one that `stamp` gave. */
function knownOf({ id, pathway }: StampedRecord): Known | undefined {
  const context = parsePathwayHeader(pathway);
  return context === undefined ? undefined : { context, hash: eventHash(id) };
}

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
  /** The offset as a number, where the source has it. */
  readonly position?: number;
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
  /** By partition; and within it by the partition of what a job has read. */
  readonly #lanes = new Map<string, FlowLanes>();

  /** To be called when the store has acknowledged the batch and before its offset is committed. */
  passed(batch: FlowBatch, nowMs: number): void {
    const { incoming, filtered, deadLettered, anew } = batch;
    const [first] = incoming;
    if (first === undefined) return;
    const lanes = this.#lanesOf(`${first.raw.topic}/${first.raw.partition}`);
    if (anew) this.ledger.resetLane(lanes.own.name);
    const isWhole = filtered.size === 0 && deadLettered.size === 0;
    const acknowledged = inOrderOf(incoming, batch.acknowledged);
    let next = 0;
    for (const record of incoming) {
      const { raw } = record;
      const event = this.#received(record, lanes);
      // One that is there twice was stored twice.
      for (; next < acknowledged.length && acknowledged[next]!.raw === raw; next++) {
        if (event !== undefined) this.#stored(event, record, nowMs);
      }
      if (isWhole || event === undefined) continue;
      if (filtered.has(raw)) this.#add('filtered', event);
      else if (deadLettered.has(raw)) this.#add('deadLettered', event);
    }
    this.ledger.write();
  }

  #stored(event: Known, { traceparent }: MeteredRecord, nowMs: number): void {
    this.#add('out', event);
    this.checkpoint.passed(event.context, nowMs, traceparent);
  }

  /** Undefined: the record came again, or on no pathway. */
  #received(record: MeteredRecord, lanes: FlowLanes): Known | undefined {
    const context = this.checkpoint.read(record.pathway);
    const isNew = this.#advance(record, lanes);
    if (context === undefined || record.id === undefined) {
      if (isNew) this.ledger.addWithoutOrigin();
      return undefined;
    }
    const event = { context, hash: eventHash(record.id) };
    this.#add(isNew ? 'in' : 'replayed', event);
    return isNew ? event : undefined;
  }

  /** Both by its own offset and, where a job has made it, by that of the record it was made of. */
  #advance({ raw, jobAt }: MeteredRecord, { own, made }: FlowLanes): boolean {
    const isNew = this.ledger.advance(own, raw.position ?? Number(raw.offset));
    if (jobAt === undefined || !isNew) return isNew;
    const colon = jobAt.indexOf(':');
    const partition = jobAt.slice(0, colon);
    const position = Number(jobAt.slice(colon + 1));
    if (colon < 1 || !Number.isSafeInteger(position)) return isNew;
    let lane = made.get(partition);
    if (lane === undefined) {
      lane = this.ledger.lane(`${own.name}<${partition}`);
      made.set(partition, lane);
    }
    return this.ledger.advance(lane, position);
  }

  #lanesOf(name: string): FlowLanes {
    let lanes = this.#lanes.get(name);
    if (lanes === undefined) {
      lanes = { own: this.ledger.lane(name), made: new Map() };
      this.#lanes.set(name, lanes);
    }
    return lanes;
  }

  #add(kind: TallyKind, { context, hash }: Known): void {
    this.ledger.add(kind, context.originMs, context.pathway, hash);
  }
}

/** As a rule it is the order of `incoming` already, some left out. What is not among them is left out. */
function inOrderOf(
  incoming: readonly MeteredRecord[],
  acknowledged: readonly MeteredRecord[],
): readonly MeteredRecord[] {
  let next = 0;
  for (const { raw } of incoming) while (next < acknowledged.length && acknowledged[next]!.raw === raw) next += 1;
  if (next === acknowledged.length) return acknowledged;
  const places = new Map(incoming.map(({ raw }, at) => [raw, at]));
  const known = acknowledged.filter(({ raw }) => places.has(raw));
  return known.sort((one, other) => places.get(one.raw)! - places.get(other.raw)!);
}

interface FlowLanes {
  readonly own: Lane;
  readonly made: Map<string, Lane>;
}

/** What was read of a record once: its hash is added to several tallies. */
interface Known {
  readonly context: PathwayContext;
  readonly hash: Hash64;
}
