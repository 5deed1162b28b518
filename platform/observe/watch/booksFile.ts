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
});

export type KnownFault = z.infer<typeof knownFault>;
export type Books = z.infer<typeof books>;

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

/** A fault, and where it is. */
export type Placed = Pick<KnownFault, 'originMs' | 'stage' | 'kind' | 'events' | 'hash'>;

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
