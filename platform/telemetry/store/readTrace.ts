/** One trace, put together as `millrace trace` shows it. */
import type { DatabaseSync } from 'node:sqlite';
import { assemble, maxSpans, type Trace } from '../traceStore.ts';
import { decodeBody } from './spanRows.ts';
import type { TextReader } from './texts.ts';

export function readTrace(db: DatabaseSync, texts: TextReader, traceId: string): Trace | undefined {
  if (!/^[0-9a-f]{32}$/.test(traceId)) return undefined;
  const rows = db
    .prepare(
      'SELECT span, body FROM spans WHERE trace = (SELECT id FROM traces WHERE trace_id = ?) ORDER BY span LIMIT ?',
    )
    .all(Buffer.from(traceId, 'hex'), maxSpans);
  if (rows.length === 0) return undefined;
  const spans = rows.map((row) =>
    decodeBody(traceId, Buffer.from(row.span as Uint8Array).toString('hex'), row.body as string, texts),
  );
  return assemble(traceId, spans);
}
