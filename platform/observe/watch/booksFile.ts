/** The file of the faults that the ledger of a pipeline has found. */
import { z } from 'zod';

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

export function checkBooks(value: unknown): Books {
  return books.parse(value);
}
