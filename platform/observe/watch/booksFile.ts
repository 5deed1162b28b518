/** The file of the faults that the ledger of a pipeline has found. */
import { z } from 'zod';
import { readState } from '../../state-files.ts';
import type { LedgerFault, LedgerReport } from '../../telemetry/conservation/report.ts';

export const knownFault = z.object({
  originMs: z.number(),
  /** ISO-8601; start of the window. */
  origin: z.string(),
  stage: z.string(),
  kind: z.enum(['lost', 'doubled', 'exchanged']),
  events: z.number(),
  text: z.string(),
  hash: z.string().optional(),
  toldMs: z.number(),
  /** When its window was last on the pages, to the hour; not given: not since it was told. */
  seenMs: z.number().optional(),
  acknowledgedMs: z.number().nullable(),
  /** Of who acknowledged it. */
  note: z.string().nullable().default(null),
});
const books = z.object({
  format: z.literal('millrace/ledger-faults/1'),
  pipeline: z.string(),
  /** Of the pipeline when it was written: a smaller one is of a pipeline that was deployed anew. */
  revision: z.number(),
  faults: z.array(knownFault),
  /** Starts of windows that had a fault and came to balance later, in milliseconds since 1970: those faults do not count. */
  settled: z.array(z.number()).default([]),
});

export type KnownFault = z.infer<typeof knownFault>;
export type Books = z.infer<typeof books>;

/** How long a fault stays that nobody acknowledges, after its window has left the pages. */
export const keptMs = 86_400_000;

/** In the directory of a pipeline's history. */
export const booksFileName = 'ledger-faults.json';

export function checkBooks(value: unknown): Books {
  return books.parse(value);
}

/** Faults of a pipeline's ledger that somebody has acknowledged. Throws CORRUPT_STATE, FOREIGN_STATE, STATE_UNAVAILABLE. */
export function acknowledgedIn(file: string): readonly KnownFault[] {
  const faults = readState<Books>(file, 'millrace/ledger-faults/1', checkBooks)?.faults ?? [];
  return faults.filter(({ acknowledgedMs }) => acknowledgedMs !== null);
}

/** Faults that count still, oldest first. Their windows may be gone from the stages' pages. Throws as `acknowledgedIn`. */
export function openIn(
  file: string,
  { pipeline, revision }: Pick<Books, 'pipeline' | 'revision'>,
  nowMs: number,
): readonly KnownFault[] {
  const found = readState<Books>(file, 'millrace/ledger-faults/1', checkBooks);
  if (found === undefined || found.pipeline !== pipeline || found.revision > revision) return [];
  const { faults, settled } = found;
  return faults.filter(
    (fault) => fault.acknowledgedMs === null && !settled.includes(fault.originMs) && nowMs - lastSeenMs(fault) < keptMs,
  );
}

export function lastSeenMs({ toldMs, seenMs = toldMs }: Pick<KnownFault, 'toldMs' | 'seenMs'>): number {
  return Math.max(toldMs, seenMs);
}

/** As the ledger tells one of its open faults, whether or not its window is still there. */
export type OpenFault = Omit<KnownFault, 'acknowledgedMs' | 'note' | 'seenMs'>;

export function openFaultOf({ acknowledgedMs: _, note: __, seenMs: ___, ...fault }: KnownFault): OpenFault {
  return fault;
}

/** Without those whose window balances by a later look. Pure. */
export function stillOpen<T extends Placed>(open: readonly T[], windows: LedgerReport['windows']): readonly T[] {
  const balanced = new Set(windows.filter(({ state }) => state === 'balanced').map(({ originMs }) => originMs));
  return open.filter(({ originMs }) => !balanced.has(originMs));
}

/** Of these the ones that `told` does not name: a stage and window has one fault, whatever it says by now. Pure. */
export function besides<T extends Placed>(
  open: readonly T[],
  told: readonly Pick<Placed, 'originMs' | 'stage'>[],
): readonly T[] {
  const isTold = (fault: T) => told.some(({ originMs, stage }) => originMs === fault.originMs && stage === fault.stage);
  return open.filter((fault) => !isTold(fault));
}

/** A fault, and where it is. */
export type Placed = Pick<KnownFault, 'originMs' | 'stage' | 'kind' | 'events' | 'hash'>;

/** A fault is told once for each stage and window, and once more when it is another one than was acknowledged. */
export function keyOf({ originMs, stage }: Pick<Placed, 'originMs' | 'stage'>): string {
  return `${originMs}/${stage}`;
}

/** What it says. */
export function wordsOf(fault: Placed): string {
  return `${keyOf(fault)}/${fault.kind}/${fault.events}/${fault.hash ?? ''}`;
}

/** The same trouble: another count, or another event, in the same window is another one. */
export function isSameFault(one: Placed, other: Placed): boolean {
  const isThere = one.originMs === other.originMs && one.stage === other.stage;
  return isThere && one.kind === other.kind && one.events === other.events && one.hash === other.hash;
}

/** The report with those of its faults marked that somebody has acknowledged. Pure. */
export function withAcknowledged<T extends LedgerReport>(report: T, known: readonly KnownFault[]): T {
  const byWindow = Map.groupBy(
    known.filter(({ acknowledgedMs }) => acknowledgedMs !== null),
    ({ originMs }) => originMs,
  );
  if (byWindow.size === 0) return report;
  const windows = report.windows.map((window) => {
    const own = byWindow.get(window.originMs);
    return own === undefined || window.faults.length === 0
      ? window
      : { ...window, faults: window.faults.map((fault) => marked(fault, window.originMs, own)) };
  });
  return { ...report, windows };
}

function marked(fault: LedgerFault, originMs: number, known: readonly KnownFault[]): LedgerFault {
  const found = known.find((each) => isSameFault(each, { ...fault, originMs }));
  return found === undefined ? fault : { ...fault, acknowledged: { atMs: found.acknowledgedMs!, note: found.note } };
}
