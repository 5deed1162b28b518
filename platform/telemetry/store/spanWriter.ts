/** Puts spans into the tables: each span once, its trace's row brought up to date, its terms in the index. */
import type { DatabaseSync } from 'node:sqlite';
import { attribute } from '../attributes.ts';
import type { StoredSpan } from '../spanLines.ts';
import { blockBits } from './schema.ts';
import { encodeBody } from './spanRows.ts';
import { attributeTerm, termHash } from './terms.ts';
import type { TextWriter } from './texts.ts';

export interface SpansWritten {
  /** New to the store. */
  stored: number;
  /** Spans that are not kept, by reason; one that is there already is no loss and not counted. */
  readonly dropped: Record<string, number>;
}

/** A caller that puts one traceparent on a flood fills its own trace, not the store. */
export const maxSpansPerTrace = 10_000;
const maxBodyBytes = 64 * 1024;
/** Clocks may differ a little; a span of next year would never be old enough to be removed. */
export const maxAheadMs = 24 * 3600 * 1000;
const blockDivisor = 2 ** blockBits;

interface TraceRow {
  id: number;
  start_us: number;
  duration_us: number;
  spans: number;
  errors: number;
  root_us: number;
  is_root: number;
  name: string;
  service: string;
  pipeline: string | null;
  event_id: string | null;
  /** Different event ids: 0, 1, or 2 for several. */
  events: number;
}

export class SpanWriter {
  readonly #texts: TextWriter;
  readonly #retentionMs: number;
  readonly #find;
  readonly #addTrace;
  readonly #updateTrace;
  readonly #removeTrace;
  readonly #addSpan;
  readonly #addPosting;
  readonly #count;

  constructor(db: DatabaseSync, texts: TextWriter, retentionMs: number) {
    this.#texts = texts;
    this.#retentionMs = retentionMs;
    this.#find = db.prepare('SELECT * FROM traces WHERE trace_id = ?');
    this.#addTrace = db.prepare(
      `INSERT INTO traces (trace_id, start_us, duration_us, spans, errors, root_us, is_root, name, service, pipeline, event_id, events)
       VALUES (?, ?, 0, 0, 0, 0, 0, '', '', NULL, NULL, 0)`,
    );
    this.#updateTrace = db.prepare(
      `UPDATE traces SET start_us = ?, duration_us = ?, spans = ?, errors = ?, root_us = ?, is_root = ?, name = ?, service = ?,
       pipeline = ?, event_id = ?, events = ? WHERE id = ?`,
    );
    this.#removeTrace = db.prepare('DELETE FROM traces WHERE id = ?');
    this.#addSpan = db.prepare('INSERT OR IGNORE INTO spans (trace, span, body) VALUES (?, ?, ?)');
    this.#addPosting = db.prepare('INSERT OR IGNORE INTO postings (block, term, trace) VALUES (?, ?, ?)');
    this.#count = db.prepare("UPDATE counts SET count = count + ? WHERE what = 'spans'");
  }

  /** Within a transaction. */
  write(spans: readonly StoredSpan[], nowMs: number): SpansWritten {
    const written: SpansWritten = { stored: 0, dropped: {} };
    const kept = spans.filter((span) => {
      const reason = refusal(span, nowMs, this.#retentionMs);
      if (reason !== undefined) written.dropped[reason] = (written.dropped[reason] ?? 0) + 1;
      return reason === undefined;
    });
    for (const [traceId, group] of Map.groupBy(kept, (span) => span.traceId)) this.#writeTrace(traceId, group, written);
    if (written.stored > 0) this.#count.run(written.stored);
    return written;
  }

  #writeTrace(traceId: string, spans: readonly StoredSpan[], written: SpansWritten): void {
    const key = Buffer.from(traceId, 'hex');
    const row = (this.#find.get(key) as TraceRow | undefined) ?? this.#newTrace(key, spans[0]!);
    const terms = new Set<number>();
    const before = row.spans;
    for (const span of spans) {
      const reason = this.#writeSpan(row, span, terms);
      if (reason !== undefined) written.dropped[reason] = (written.dropped[reason] ?? 0) + 1;
    }
    if (row.spans === before) {
      // None of its spans was kept: there is no such trace.
      if (before === 0) this.#removeTrace.run(row.id);
      return;
    }
    written.stored += row.spans - before;
    this.#updateTrace.run(
      ...[row.start_us, row.duration_us, row.spans, row.errors, row.root_us, row.is_root, row.name, row.service],
      ...[row.pipeline, row.event_id, row.events, row.id],
    );
    const block = Math.floor(row.id / blockDivisor);
    for (const term of terms) this.#addPosting.run(block, term, row.id);
  }

  #newTrace(key: Buffer, first: StoredSpan): TraceRow {
    const startUs = Math.round(first.startMs * 1000);
    const id = Number(this.#addTrace.run(key, startUs).lastInsertRowid);
    return {
      ...{ id, start_us: startUs, duration_us: 0, spans: 0, errors: 0, root_us: startUs, is_root: 0 },
      ...{ name: first.name, service: first.service, pipeline: null, event_id: null, events: 0 },
    };
  }

  /** The reason why it was not kept. */
  #writeSpan(row: TraceRow, span: StoredSpan, terms: Set<number>): string | undefined {
    if (row.spans >= maxSpansPerTrace) return 'trace too large';
    const body = encodeBody(span, this.#texts);
    if (body.length > maxBodyBytes) return 'span too large';
    const { changes } = this.#addSpan.run(row.id, Buffer.from(span.spanId, 'hex'), body);
    if (changes === 0) return undefined;
    addToTrace(row, span);
    terms.add(termHash('service', span.service)).add(termHash('name', span.name));
    for (const key of Object.keys(span.attributes)) {
      const value = span.attributes[key]!;
      if (typeof value === 'object') continue;
      terms.add(attributeTerm(key, value));
      if (key === attribute.pipeline) terms.add(termHash('pipeline', String(value)));
    }
    return undefined;
  }
}

const hex32 = /^[0-9a-f]{32}$/;
const hex16 = /^[0-9a-f]{16}$/;

function refusal(span: StoredSpan, nowMs: number, retentionMs: number): string | undefined {
  const { traceId, spanId, name, service, instance } = span;
  // Span files and callers are not checked before: what is no text would break the tables.
  if (![traceId, spanId, name, service, instance].every((each) => typeof each === 'string')) return 'malformed';
  if (!hex32.test(traceId) || !hex16.test(spanId)) return 'malformed';
  if (!(Number.isFinite(span.startMs) && Number.isFinite(span.endMs))) return 'malformed';
  if (span.startMs < nowMs - retentionMs) return 'too old';
  // An end, too: one of thousands of years does not fit the tables.
  if (Math.max(span.startMs, span.endMs) > nowMs + maxAheadMs) return 'in the future';
  return undefined;
}

/** A trace is named after its root, or after the earliest span that is there. */
function addToTrace(row: TraceRow, span: StoredSpan): void {
  const startUs = Math.round(span.startMs * 1000);
  const endUs = Math.max(row.start_us + row.duration_us, Math.round(span.endMs * 1000), startUs);
  row.start_us = Math.min(row.start_us, startUs);
  row.duration_us = endUs - row.start_us;
  const isRoot = span.parentSpanId === null ? 1 : 0;
  if (row.spans === 0 || isRoot > row.is_root || (isRoot === row.is_root && startUs < row.root_us)) {
    row.is_root = isRoot;
    row.root_us = startUs;
    row.name = span.name;
    row.service = span.service;
  }
  row.spans += 1;
  if (span.error !== null) row.errors += 1;
  const pipeline = span.attributes[attribute.pipeline];
  if (row.pipeline === null && pipeline !== undefined) row.pipeline = String(pipeline);
  const eventId = span.attributes[attribute.eventId];
  if (eventId === undefined || row.events > 1) return;
  if (row.events === 1 && row.event_id === String(eventId)) return;
  row.events += 1;
  row.event_id = row.events === 1 ? String(eventId) : null;
}
