/**
 * Compares the stages of a pipeline window by window: was everything that went in at the top acknowledged at each end, once?
 *
 * Pure. A window is judged once it is closed, and an edge only once the later stage has read all there is (`drained`): until
 * then what is missing is on its way. Read the later stages' pages after the window has closed, and none of this is a guess.
 */
import { type LedgerCell, maxCells, type StageSnapshot, type TallyKind, windowMs } from './cell.ts';
import type { LedgerFault, LedgerReport, LedgerStage, StageTallies, WindowBalance, WindowState } from './report.ts';
import { addTallies, emptyTally, sameTally, type TallyValue } from './tally.ts';

/** An event's origin is stamped before the broker acknowledges it: so long after its end a window may still grow. */
export const graceMs = 10_000;

export function balance(stages: readonly LedgerStage[], nowMs: number): LedgerReport {
  const cells = new Map(stages.map((stage) => [stage.name, cellsOf(stage)]));
  const origins = new Set([...cells.values()].flatMap((byOrigin) => [...(byOrigin?.keys() ?? [])]));
  const fromMs = Math.max(0, ...stages.flatMap(({ pages }) => (pages ?? []).map(knownFromMs)));
  const known = [...origins].filter((originMs) => originMs >= fromMs).sort((one, other) => one - other);
  const windows = known.map((originMs) => window(stages, cells, originMs, nowMs));
  const faults = windows.flatMap((each) => each.faults);
  const sum = (kinds: readonly LedgerFault['kind'][]) =>
    faults.filter(({ kind }) => kinds.includes(kind)).reduce((total, { events }) => total + events, 0);
  const replayed = windows
    .flatMap((each) => each.stages)
    .reduce((total, each) => total + (each.replayed?.count ?? 0), 0);
  return {
    windowMs,
    windows,
    lost: sum(['lost', 'exchanged']),
    duplicated: sum(['doubled', 'exchanged']),
    replayed,
  };
}

/**
 * A page that is as full as one after giving up may have given up what is older than its oldest window: that would look like a
 * loss, or, where the writer has given it up, like events out of nothing. Judged by the page itself, which outlives its process.
 */
function knownFromMs({ cells }: StageSnapshot): number {
  if (cells.length < maxCells - (maxCells >> 3)) return 0;
  return cells.reduce((oldest, { originMs }) => Math.min(oldest, originMs), Number.POSITIVE_INFINITY);
}

/** Why a stage does not know all that it has counted of the window; undefined: it does. */
function unknownTo({ pages = [] }: LedgerStage, originMs: number): string | undefined {
  const page = pages.find(({ unknownBefore }) => unknownBefore !== undefined && originMs < unknownBefore.ms);
  return (
    page &&
    `which has forgotten what it counted before ${new Date(page.unknownBefore!.ms).toISOString()}: ${page.unknownBefore!.why}`
  );
}

function originOf({ originMs }: LedgerCell): number {
  return originMs;
}

/** By window; undefined of a stage that does not tell. Of thousands of windows each looks up its own. */
type Cells = ReadonlyMap<number, readonly LedgerCell[]> | undefined;

function cellsOf({ pages }: LedgerStage): Cells {
  return (
    pages &&
    Map.groupBy(
      pages.flatMap((page) => page.cells),
      originOf,
    )
  );
}

function window(
  stages: readonly LedgerStage[],
  cells: ReadonlyMap<string, Cells>,
  originMs: number,
  nowMs: number,
): WindowBalance {
  const tallies = new Map(
    stages.map((stage) => {
      const { name, countedFromMs = 0 } = stage;
      const isKnown = originMs >= countedFromMs && unknownTo(stage, originMs) === undefined;
      return [name, isKnown ? talliesOf(name, cells.get(name), originMs) : undefined];
    }),
  );
  const base = {
    originMs,
    origin: new Date(originMs).toISOString(),
    stages: [...tallies.values()].filter((each) => each !== undefined),
  };
  if (nowMs < originMs + windowMs + graceMs) {
    return { ...base, ...stateIs('in-flight'), faults: [], waitsFor: ['the end of the window'] };
  }
  const judged = stages.map((stage) => judge(stage, stages, tallies, originMs));
  const faults = judged.flatMap((each) => each.faults);
  const waitsFor = judged.flatMap(({ waitsFor }) => (waitsFor === undefined ? [] : [waitsFor]));
  const unknown = judged.some((each) => each.unknown);
  const settled = waitsFor.length === 0 ? 'balanced' : 'in-flight';
  const state = faults.length > 0 ? 'unbalanced' : unknown ? 'unknown' : settled;
  return { ...base, ...stateIs(state), faults, waitsFor };
}

function stateIs(state: WindowState): Pick<WindowBalance, 'state' | 'balance'> {
  return { state, balance: state };
}

function talliesOf(name: string, byOrigin: Cells, originMs: number): StageTallies | undefined {
  if (byOrigin === undefined) return undefined;
  const cells = byOrigin.get(originMs) ?? [];
  const kinds = new Set(cells.flatMap(({ tallies }) => Object.keys(tallies) as TallyKind[]));
  const values: Partial<Record<TallyKind, TallyValue>> = {};
  for (const kind of kinds) values[kind] = addTallies(cells.flatMap((cell) => cell.tallies[kind] ?? []));
  return { name, ...(values.out ?? emptyTally), ...values };
}

interface Judgement {
  readonly faults: readonly LedgerFault[];
  readonly waitsFor?: string;
  readonly unknown?: boolean;
}

const clean: Judgement = { faults: [] };

function judge(
  stage: LedgerStage,
  stages: readonly LedgerStage[],
  tallies: ReadonlyMap<string, StageTallies | undefined>,
  originMs: number,
): Judgement {
  const own = tallies.get(stage.name);
  if (own === undefined) {
    const gone = originMs < (stage.countedFromMs ?? 0);
    const why = gone ? 'of which an instance is gone with what it had counted' : 'which does not tell';
    const lost = unknownTo(stage, originMs);
    return { faults: [], waitsFor: `${stage.name}, ${lost ?? why}`, unknown: true };
  }
  if (stage.reads === undefined) return clean;
  const within = inside(stage, own, originMs);
  if (within !== undefined) return { faults: [{ ...within, text: `inside ${stage.name}: ${within.text}` }] };
  if (isUndecided(stage, own, originMs))
    return { faults: [], waitsFor: `${stage.name}, which has not read all of it yet` };
  const writers = stages.filter(({ writes }) => writes !== undefined && writes === stage.reads);
  const written = writers.map(({ name }) => tallies.get(name));
  if (writers.length === 0) return { faults: [], waitsFor: `a writer of ${stage.reads}: none is known`, unknown: true };
  // Said once, by the writer itself.
  if (written.includes(undefined)) return { faults: [], unknown: true };
  const growing = writers.find((writer) => isBehind(writer, stages, tallies, originMs));
  return between({ stage, writers, written: written as readonly StageTallies[], own, growing }, originMs);
}

/**
 * What a stage has read must have come to an end. Of a job that does not count what it leaves out only this is known: that it
 * must not make events. While a job works, its counts of one event may be told in part.
 */
function inside(stage: LedgerStage, own: StageTallies, originMs: number): LedgerFault | undefined {
  const { name, job } = stage;
  const read = of(own, 'in');
  const ended = endedOf(stage, own);
  if (job === undefined) return compare(name, read, ended, 0);
  if (ended.count <= read.count && !(isThrough(stage, originMs) && isComplete(stage, originMs))) return undefined;
  return compare(name, read, ended, 0);
}

/** A job that counts all, whose counts do not meet, and that may still be at work on the window. */
function isUndecided(stage: LedgerStage, own: StageTallies, originMs: number): boolean {
  if (stage.job === undefined || !isComplete(stage, originMs) || isThrough(stage, originMs)) return false;
  return !sameTally(of(own, 'in'), endedOf(stage, own));
}

function endedOf({ job }: LedgerStage, own: StageTallies): TallyValue {
  const passed = job === 'aggregate' ? of(own, 'aggregated') : of(own, 'out');
  return addTallies([passed, of(own, 'filtered'), of(own, 'deadLettered')]);
}

/** Whether an end is counted of all that the job reads of the window. */
function isComplete({ pages }: LedgerStage, originMs: number): boolean {
  return pages?.every(({ completeFromMs }) => completeFromMs !== undefined && originMs >= completeFromMs) ?? false;
}

interface Edge {
  readonly stage: LedgerStage;
  readonly own: StageTallies;
  readonly writers: readonly LedgerStage[];
  /** Of the writers. */
  readonly written: readonly StageTallies[];
  /** A writer that goes on writing events of the window: what it wrote after the reader was looked at is no loss. */
  readonly growing: LedgerStage | undefined;
}

/** A job that has events of the window still to read. */
function isBehind(
  { name, job, reads, ...writer }: LedgerStage,
  stages: readonly LedgerStage[],
  tallies: ReadonlyMap<string, StageTallies | undefined>,
  originMs: number,
): boolean {
  if (job === undefined || isThrough(writer, originMs)) return false;
  const sent = stages.filter(({ writes }) => writes !== undefined && writes === reads);
  const events = sent.reduce((total, each) => total + of(tallies.get(each.name) ?? {}, 'out').count, 0);
  return events > of(tallies.get(name) ?? {}, 'in').count;
}

/** What was offered to the broker without an answer may or may not be in the topic: so many events may be too many. */
function between({ stage, own, writers, written, growing }: Edge, originMs: number): Judgement {
  const read = of(own, 'in');
  const sent = addTallies(written.map((each) => of(each, 'out')));
  const unanswered = written.reduce(
    (total, each) => total + Math.max(0, of(each, 'offered').count - of(each, 'out').count),
    0,
  );
  const fault = compare(stage.name, sent, read, unanswered);
  if (fault === undefined) return clean;
  // What a job makes twice of one record is known to its readers as a repetition, and said by the job itself.
  if (fault.kind === 'lost' && fault.events <= of(own, 'replayed').count && madeTwice(writers, written)) return clean;
  const from = writers.map(({ name }) => name).join(', ');
  // Results are written again when a batch is repeated, under the same ids: only their absence is a fault.
  if (fault.kind !== 'lost' && writers.some(({ job }) => job === 'aggregate')) return clean;
  if (fault.kind !== 'lost' && writers.some((writer) => writer.job !== undefined && !isThrough(writer, originMs)))
    return { faults: [], waitsFor: `${from}, which counts a batch again` };
  if (fault.kind !== 'doubled' && !isThrough(stage, originMs))
    return { faults: [], waitsFor: `${stage.name}: ${sent.count - read.count} on their way` };
  if (fault.kind === 'lost' && growing !== undefined)
    return { faults: [], waitsFor: `${growing.name}, which has not read everything` };
  return { faults: [{ ...fault, text: `between ${from} and ${stage.name}: ${fault.text}` }] };
}

/** Whether the stage has read all that it will ever get of the window. */
function isThrough({ drained, clearedMs = 0 }: Pick<LedgerStage, 'drained' | 'clearedMs'>, originMs: number): boolean {
  return drained || clearedMs >= originMs + windowMs + graceMs;
}

function madeTwice(writers: readonly LedgerStage[], written: readonly StageTallies[]): boolean {
  const ended = (each: StageTallies) =>
    of(each, 'out').count + of(each, 'filtered').count + of(each, 'deadLettered').count;
  return written.some((each, at) => writers[at]!.job === 'filter' && ended(each) > of(each, 'in').count);
}

function of(tallies: Partial<Record<TallyKind, TallyValue>>, kind: TallyKind): TallyValue {
  return tallies[kind] ?? emptyTally;
}

/** Undefined: the same events, but for at most `spare` more. */
function compare(stage: string, before: TallyValue, after: TallyValue, spare: number): LedgerFault | undefined {
  if (sameTally(before, after)) return undefined;
  const more = after.count - before.count;
  if (more > 0 && more <= spare) return undefined;
  if (more === 0) return { stage, kind: 'exchanged', events: 1, text: `as many events, but not the same ones` };
  const events = Math.abs(more);
  const kind = more < 0 ? 'lost' : 'doubled';
  const hash = events === 1 ? { hash: difference(before.sum, after.sum, more) } : {};
  const verb = more < 0 ? 'missing' : 'too many';
  return { stage, kind, events, ...hash, text: `${events} of ${before.count} events ${verb}` };
}

/** The hash of the only event that is too many or too few: the difference of the sums, modulo 2^64. */
function difference(before: string, after: string, more: number): string {
  const [one, other] = [BigInt(`0x${before}`), BigInt(`0x${after}`)];
  return BigInt.asUintN(64, more < 0 ? one - other : other - one)
    .toString(16)
    .padStart(16, '0');
}
