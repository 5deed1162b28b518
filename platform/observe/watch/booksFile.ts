/** The file of the faults that the ledger of a pipeline has found. */
import { z } from 'zod';
import { readState } from '../../state-files.ts';

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

/** Faults of a pipeline's ledger that somebody has acknowledged, as `ORIGIN STAGE`. Throws CORRUPT_STATE. */
export function acknowledgedIn(file: string): ReadonlySet<string> {
  const faults = readState<Books>(file, 'millrace/ledger-faults/1', checkBooks)?.faults ?? [];
  const known = faults.filter(({ acknowledgedMs }) => acknowledgedMs !== null);
  return new Set(known.map(({ origin, stage }) => `${origin} ${stage}`));
}

/** In the directory of a pipeline's history. */
export const booksFileName = 'ledger-faults.json';

export function checkBooks(value: unknown): Books {
  return books.parse(value);
}
