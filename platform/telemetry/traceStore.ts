/** Finds one trace in the span files. */
import { MillraceError } from '../errors.ts';
import { attribute } from './attributes.ts';
import { listSpanFiles } from './spanFiles.ts';
import { parseSpanLine, readLines, type StoredSpan } from './spanLines.ts';

export type TraceQuery =
  /** Ids are their senders': two pipelines may have seen the same one. Without `pipeline`: of whichever. */
  | { readonly eventId: string; readonly pipeline?: string }
  | { readonly traceId: string }
  /** The newest trace of an event of this pipeline that has reached a store; if none has, the newest one. */
  | { readonly latest: string }
  /** The newest operation of the control plane on this pipeline: a deploy, a restart, a destroy … */
  | { readonly latestOperation: string };

export interface TraceSpan {
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly name: string;
  readonly kind: 'internal' | 'server' | 'client' | 'producer' | 'consumer' | 'unspecified';
  readonly service: string;
  readonly instance: string;
  /** Milliseconds since 1970, and since the start of the trace; to the microsecond. */
  readonly startMs: number;
  readonly offsetMs: number;
  readonly durationMs: number;
  /** 0 for a root. A span whose parent is not here (it was lost, or belongs to the caller) counts as a root. */
  readonly depth: number;
  readonly error: string | null;
  readonly attributes: StoredSpan['attributes'];
}

/** The documented shape of `millrace trace --json`. */
export interface Trace {
  readonly traceId: string;
  readonly pipeline: string | null;
  readonly eventId: string | null;
  /** ISO-8601. */
  readonly startedAt: string;
  readonly durationMs: number;
  readonly services: readonly string[];
  /** Parents before their children, children by their start. */
  readonly spans: readonly TraceSpan[];
}

/** A trace with more spans (a caller that put one traceparent on a flood) is cut here, the earliest read kept. */
export const maxSpans = 5000;
const kindNames = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;

/** Undefined when there is none. Bounded memory; reads newest files first and, for `latest`, no more than it needs. */
export async function findTrace(spansDir: string, query: TraceQuery): Promise<Trace | undefined> {
  const traceId = 'traceId' in query ? query.traceId : await findTraceId(spansDir, query);
  if (traceId === undefined) return undefined;
  const spans = new Map<string, StoredSpan>();
  for (const { path } of await listSpanFiles(spansDir)) {
    for await (const line of readLines(path)) {
      if (!line.includes(traceId)) continue;
      for (const span of parseSpanLine(line)) {
        if (span.traceId === traceId && spans.size < maxSpans) spans.set(span.spanId, span);
      }
    }
  }
  if (spans.size === 0) return undefined;
  return assemble(traceId, [...spans.values()], 'eventId' in query ? query.eventId : undefined);
}

/** The error to show when `findTrace` answers undefined. `eventSeen`: whether the query service knows the event, if asked. */
export function traceNotFound(query: TraceQuery, eventSeen?: boolean): MillraceError {
  if ('eventId' in query) {
    const what = `event "${query.eventId}"${query.pipeline === undefined ? '' : ` of pipeline "${query.pipeline}"`}`;
    const reasons = {
      true: 'The event went through the pipeline but was not sampled, or its spans were removed by age.',
      false: 'The query service has not seen the event either: it is still on its way, or was never accepted.',
      undefined: 'The event was not sampled, or it has not been seen yet (spans are written within a second).',
    };
    return new MillraceError('TRACE_NOT_FOUND', { what, reason: reasons[`${eventSeen}`] });
  }
  if ('traceId' in query) {
    const reason = 'It was not sampled, it is not written yet, or its spans were removed by age.';
    return new MillraceError('TRACE_NOT_FOUND', { what: `trace id "${query.traceId}"`, reason });
  }
  const [name, reason] =
    'latest' in query
      ? [query.latest, 'No sampled event has come in since the span files were last emptied.']
      : [query.latestOperation, 'No operation on it has ended since the span files were last emptied.'];
  return new MillraceError('TRACE_NOT_FOUND', { what: `pipeline "${name}"`, reason });
}

type SearchQuery = Exclude<TraceQuery, { readonly traceId: string }>;

async function findTraceId(spansDir: string, query: SearchQuery): Promise<string | undefined> {
  const { needle, rank } = searchOf(query);
  let best: { traceId: string; rank: number; startMs: number } | undefined;
  for (const { path, modifiedMs } of await listSpanFiles(spansDir)) {
    // Nothing in this file or an older one can have begun later than what was found.
    if (best !== undefined && best.rank === 2 && modifiedMs < best.startMs) break;
    for await (const line of readLines(path)) {
      if (!line.includes(needle)) continue;
      for (const span of parseSpanLine(line)) {
        const found = rank(span);
        if (found === 0) continue;
        const isBetter =
          best === undefined || found > best.rank || (found === best.rank && span.startMs > best.startMs);
        if (isBetter) best = { traceId: span.traceId, rank: found, startMs: span.startMs };
      }
    }
  }
  return best?.traceId;
}

/** `needle`: bytes that a line must hold to be parsed at all. `rank`: 0 no match, 2 the best; among equals the newest wins. */
function searchOf(query: SearchQuery): { needle: string; rank: (span: StoredSpan) => 0 | 1 | 2 } {
  if ('eventId' in query) {
    const { eventId, pipeline } = query;
    const isIngress = (span: StoredSpan) => span.attributes[attribute.httpMethod] === 'POST';
    return {
      needle: JSON.stringify(eventId),
      rank: (span) => {
        const isOther = pipeline !== undefined && span.attributes[attribute.pipeline] !== pipeline;
        return isOther || span.attributes[attribute.eventId] !== eventId ? 0 : isIngress(span) ? 2 : 1;
      },
    };
  }
  const pipeline = 'latest' in query ? query.latest : query.latestOperation;
  const ofPipeline = (span: StoredSpan) => span.attributes[attribute.pipeline] === pipeline;
  if ('latestOperation' in query) {
    return {
      needle: attribute.operation,
      rank: (span) => (ofPipeline(span) && attribute.operation in span.attributes ? (span.parentSpanId ? 1 : 2) : 0),
    };
  }
  return {
    needle: attribute.eventId,
    rank: (span) =>
      ofPipeline(span) && attribute.eventId in span.attributes ? (attribute.dbBatchSize in span.attributes ? 2 : 1) : 0,
  };
}

/** `eventId`: the one that was asked for, where the spans tell of several. */
export function assemble(traceId: string, spans: readonly StoredSpan[], eventId?: string): Trace {
  const startMs = spans.reduce((least, span) => Math.min(least, span.startMs), Number.POSITIVE_INFINITY);
  const endMs = spans.reduce((most, span) => Math.max(most, span.endMs), 0);
  const ordered = inTreeOrder(spans);
  const eventIds = new Set(ordered.map(({ span }) => span.attributes[attribute.eventId]));
  eventIds.delete(undefined);
  const onlyEventId = eventIds.size === 1 ? String([...eventIds][0]) : null;
  const pipeline = ordered.find(({ span }) => attribute.pipeline in span.attributes)?.span.attributes[
    attribute.pipeline
  ];
  return {
    traceId,
    pipeline: pipeline === undefined ? null : String(pipeline),
    eventId: eventId ?? onlyEventId,
    startedAt: new Date(startMs).toISOString(),
    durationMs: round(endMs - startMs),
    services: [...new Set(ordered.map(({ span }) => span.service))],
    spans: ordered.map(({ span, depth }) => ({
      spanId: span.spanId,
      parentSpanId: span.parentSpanId,
      name: span.name,
      kind: kindNames[span.kind] ?? 'unspecified',
      service: span.service,
      instance: span.instance,
      startMs: span.startMs,
      offsetMs: round(span.startMs - startMs),
      durationMs: round(span.endMs - span.startMs),
      depth,
      error: span.error,
      attributes: span.attributes,
    })),
  };
}

function inTreeOrder(spans: readonly StoredSpan[]): { span: StoredSpan; depth: number }[] {
  const known = new Set(spans.map((span) => span.spanId));
  const isRoot = (span: StoredSpan) => span.parentSpanId === null || !known.has(span.parentSpanId);
  const byParent = Map.groupBy(spans, (span) => (isRoot(span) ? null : span.parentSpanId));
  for (const children of byParent.values()) children.sort(byTime);
  const ordered: { span: StoredSpan; depth: number }[] = [];
  // A stack, not recursion: a file from elsewhere may hold a chain of any length. A cycle has no root and is left out.
  const stack = (byParent.get(null) ?? []).map((span) => ({ span, depth: 0 })).reverse();
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    ordered.push(next);
    const { depth } = next;
    for (const span of (byParent.get(next.span.spanId) ?? []).toReversed()) stack.push({ span, depth: depth + 1 });
  }
  return ordered;
}

/** Of two with the same times, the order is that of their ids: whatever they were read from. */
function byTime(a: StoredSpan, b: StoredSpan): number {
  return a.startMs - b.startMs || a.endMs - b.endMs || (a.spanId < b.spanId ? -1 : 1);
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
