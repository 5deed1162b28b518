/**
 * Source → decode → sink → commit, for as long as the process lives. Each batch is brought to its end before the source may
 * commit it: every record is stored or dead-lettered. What fails is tried again with backoff, for ever, and meanwhile nothing
 * is read: that is the back-pressure.
 */
import { isSampled } from '../telemetry/context.ts';
import type { FlowMeter, MeteredRecord, StageReport } from '../telemetry/stageMeter.ts';
import { Backoff, pause, reasonOf } from './backoff.ts';
import type {
  Batch,
  EventRecord,
  FlowCounters,
  FlowPhase,
  FlowState,
  Log,
  Poison,
  PoisonReason,
  RawRecord,
  Sink,
  Source,
  WriteTiming,
} from './contract.ts';
import { poisonReasons } from './contract.ts';
import { type Decode, envelopeOf, isPoison } from './event.ts';
import type { DeadLetters } from './kafka/deadLetter.ts';

export interface FlowOptions {
  readonly name: string;
  readonly source: Source;
  readonly decode: Decode;
  readonly sink: Sink;
  readonly deadLetters: DeadLetters;
  readonly log: Log;
  /** Which events the sink is to get; all by default. The others are passed over, and committed. */
  readonly accepts?: (event: EventRecord) => boolean;
  /** Called after a write that had sampled events, with those acknowledged of them; must not throw and must not wait. */
  readonly onWritten?: (sampled: readonly EventRecord[], timing: WriteTiming) => void;
  /** Counts what passes, for pathways and the conservation ledger. */
  readonly meter?: FlowMeter;
  /** Breaks the flow on purpose (telemetry/sabotage.ts): what is handed to the sink instead of `events`. */
  readonly sabotage?: <T extends object>(events: readonly T[]) => readonly T[];
}

export interface Flow {
  readonly name: string;
  /** Begins and returns; servers that are not there are waited for. */
  start(): void;
  /** Lets the batch in hand end (10 s at most), commits it, closes everything. */
  stop(): Promise<void>;
  counters(): FlowCounters;
  state(): FlowState;
  /** What its meter has counted; undefined without one. */
  stage(sinceMs: number): StageReport | undefined;
}

/** Servers are near: an attempt costs little, and a pause is time in which nothing flows. */
const backoffMs = { first: 100, most: 1000 };
/** A batch whose store fails is given up this long after `stop`; it was not committed and comes again. */
const stopWithinMs = 8000;

export function createFlow(options: FlowOptions): Flow {
  return new SourceToSinkFlow(options);
}

class SourceToSinkFlow implements Flow {
  readonly name: string;
  readonly #options: FlowOptions;
  readonly #giveUp = new AbortController();
  readonly #counts = { received: 0, written: 0, passedOver: 0, retries: 0, lastEventAt: null as string | null };
  readonly #deadLettered = Object.fromEntries(poisonReasons.map((reason) => [reason, 0])) as Record<
    PoisonReason,
    number
  >;
  /** What is tried again at the moment, by what it waits for. */
  readonly #troubles = new Map<symbol, string>();
  #phase: FlowPhase = 'waiting';
  #starting: Promise<void> = Promise.resolve();

  constructor(options: FlowOptions) {
    this.name = options.name;
    this.#options = options;
  }

  start(): void {
    this.#starting = this.#run();
  }

  async stop(): Promise<void> {
    const timer = setTimeout(() => this.#giveUp.abort(), stopWithinMs);
    if (this.#phase === 'waiting') this.#giveUp.abort();
    const { source, sink, deadLetters } = this.#options;
    await source.stop();
    this.#giveUp.abort();
    clearTimeout(timer);
    await this.#starting;
    await Promise.allSettled([sink.close(), deadLetters.close()]);
    this.#options.meter?.close();
    this.#phase = 'stopped';
  }

  counters(): FlowCounters {
    const { waitingFor: _toldByState, ...reading } = this.#options.source.state();
    return { ...this.#counts, deadLettered: { ...this.#deadLettered }, ...reading };
  }

  state(): FlowState {
    if (this.#phase === 'stopped') return { phase: 'stopped', waitingFor: '' };
    const trouble = this.#troubles.values().next().value;
    if (this.#phase === 'waiting') return { phase: 'waiting', waitingFor: trouble ?? 'its servers' };
    if (trouble !== undefined) return { phase: 'retrying', waitingFor: trouble };
    const { waitingFor } = this.#options.source.state();
    return { phase: waitingFor === '' ? 'flowing' : 'waiting', waitingFor };
  }

  stage(sinceMs: number): StageReport | undefined {
    return this.#options.meter?.report(sinceMs);
  }

  /** The stores first: a source that has nowhere to bring its records would only hold its group's members up. */
  async #run(): Promise<void> {
    const { source, sink, deadLetters } = this.#options;
    const opened = await Promise.all([
      this.#until(() => sink.open(), 'opening the store'),
      this.#until(() => deadLetters.open(), 'opening the dead-letter topic'),
    ]);
    if (opened.includes(false) || this.#giveUp.signal.aborted) return;
    this.#phase = 'flowing';
    void source.start((batch) => this.#pass(batch));
  }

  async #pass(batch: Batch): Promise<void> {
    const receivedMs = Date.now();
    const sorted = this.#sort(batch);
    this.#counts.received += batch.records.length;
    const { sabotage } = this.#options;
    const events = sabotage === undefined ? sorted.events : sabotage(sorted.events);
    const sampled = events === sorted.events ? sorted.sampled : events.filter(isTraced);
    const refused = events.length > 0 ? await this.#write(events, sampled, receivedMs) : [];
    const poisons = sorted.poisons.concat(refused);
    if (poisons.length > 0) await this.#bury(poisons);
    this.#tell(batch, sorted, acknowledged(events, refused), poisons);
    await batch.done();
  }

  #sort(batch: Batch): Sorted {
    const { decode, accepts } = this.#options;
    const sorted: Sorted = { events: [], sampled: [], filtered: [], poisons: [] };
    for (const raw of batch.records) {
      const decoded = decode(raw);
      if (isPoison(decoded)) sorted.poisons.push(decoded);
      else if (accepts === undefined || accepts(decoded)) {
        sorted.events.push(decoded);
        if (isTraced(decoded)) sorted.sampled.push(decoded);
      } else sorted.filtered.push(decoded);
    }
    this.#counts.passedOver += sorted.filtered.length;
    return sorted;
  }

  /** Before the commit: what the ledger has written down may come again, but never the other way about. */
  #tell(
    batch: Batch,
    { events, filtered, poisons }: Sorted,
    stored: readonly EventRecord[],
    buried: readonly Poison[],
  ) {
    const { meter } = this.#options;
    if (meter === undefined) return;
    const incoming: readonly MeteredRecord[] =
      filtered.length + poisons.length === 0
        ? events
        : [...events, ...filtered, ...poisons.map(meteredPoison)].sort(byOffset);
    const raws = (records: readonly { readonly raw: RawRecord }[]) => new Set(records.map(({ raw }) => raw));
    const left = { filtered: raws(filtered), deadLettered: raws(buried) };
    meter.passed({ incoming, ...left, acknowledged: stored, anew: batch.anew === true }, Date.now());
  }

  async #write(events: readonly EventRecord[], sampled: readonly EventRecord[], receivedMs: number): Promise<Poison[]> {
    const { sink, onWritten } = this.#options;
    let startMs = 0;
    const outcome = await this.#must(async () => {
      startMs = Date.now();
      return sink.write(events);
    }, 'writing');
    const endMs = Date.now();
    const records = events.length - outcome.poison.length;
    this.#counts.written += records;
    this.#counts.lastEventAt = new Date(endMs).toISOString();
    if (sampled.length > 0) onWritten?.(acknowledged(sampled, outcome.poison), { records, receivedMs, startMs, endMs });
    return [...outcome.poison];
  }

  async #bury(poisons: readonly Poison[]): Promise<void> {
    await this.#must(() => this.#options.deadLetters.write(poisons), 'writing to the dead-letter topic');
    for (const { reason } of poisons) this.#deadLettered[reason] += 1;
  }

  /** Tries until it succeeds; throws only when the flow ends first. */
  async #must<T>(work: () => Promise<T>, doing: string): Promise<T> {
    const box: { value?: T } = {};
    const done = await this.#until(async () => {
      box.value = await work();
    }, doing);
    if (!done) throw new Error(`flow ${this.name} ended while ${doing}`);
    return box.value as T;
  }

  /** True when the work was done, false when the flow ended first. */
  async #until(work: () => Promise<void>, doing: string): Promise<boolean> {
    const backoff = new Backoff(backoffMs.first, backoffMs.most);
    const trouble = Symbol(doing);
    let said = '';
    try {
      while (!this.#giveUp.signal.aborted) {
        try {
          await work();
          if (said !== '') this.#options.log(`${this.name}: ${doing} works again`);
          return true;
        } catch (error) {
          const reason = reasonOf(error);
          if (reason !== said)
            this.#options.log(`${this.name}: ${doing} failed, tried again until it works: ${reason}`);
          said = reason;
          this.#troubles.set(trouble, `${doing}: ${reason}`);
          if (this.#phase === 'flowing') this.#counts.retries += 1;
          await pause(backoff.nextMs(), this.#giveUp.signal);
        }
      }
      return false;
    } finally {
      this.#troubles.delete(trouble);
    }
  }
}

interface Sorted {
  /** For the sink. */
  readonly events: EventRecord[];
  /** Those of them that are traced: told here, as the record is at hand, and not by a look at each after the write. */
  readonly sampled: EventRecord[];
  /** Left out by `accepts`. */
  readonly filtered: EventRecord[];
  readonly poisons: Poison[];
}

/** An event that can't be decoded may still carry its id and its pathway. */
function meteredPoison({ raw }: Poison): MeteredRecord {
  const { event_id: id, pathway, traceparent, jobAt } = raw.envelope ?? envelopeOf(raw.headers);
  return { id, pathway, traceparent, jobAt, raw };
}

function isTraced({ traceparent }: EventRecord): boolean {
  return isSampled(traceparent);
}

function byOffset(one: MeteredRecord, other: MeteredRecord): number {
  return (one.raw.position ?? Number(one.raw.offset)) - (other.raw.position ?? Number(other.raw.offset));
}

function acknowledged(events: readonly EventRecord[], refused: readonly Poison[]): readonly EventRecord[] {
  if (refused.length === 0) return events;
  const raws = new Set(refused.map(({ raw }) => raw));
  return events.filter(({ raw }) => !raws.has(raw));
}
