/** The last stage of an event's trace: someone has read it from the query service. */
import { attribute } from './attributes.ts';
import { isSampled, newSpanId, parseTraceparent } from './context.ts';
import type { SpanRecorder } from './recorder.ts';
import type { StoreTarget } from './sinkTrace.ts';

export interface ApiReadSpan {
  readonly pipeline: string;
  readonly eventId: string;
  /** `/flights/:eventId`, and the path as asked. */
  readonly route: string;
  readonly path: string;
  readonly statusCode: number;
  readonly startMs: number;
  readonly endMs: number;
  /** The `traceparent` that is stored with the row: the read joins the event's own trace. */
  readonly storedTraceparent: string | undefined;
  /** The reader's own context, if it sent one: kept as a link. */
  readonly callerTraceparent?: string | undefined;
  /** The query that found the row. */
  readonly store?: StoreTarget & { readonly startMs: number; readonly endMs: number };
}

/** «GET /flights/:eventId» and under it «cassandra read flights». Nothing when the event was not sampled. */
export function recordApiReadSpan(recorder: SpanRecorder, read: ApiReadSpan): void {
  if (!recorder.enabled || !isSampled(read.storedTraceparent)) return;
  const stored = parseTraceparent(read.storedTraceparent);
  if (stored === undefined) return;
  const { traceId } = stored;
  const spanId = newSpanId();
  const event = { [attribute.pipeline]: read.pipeline, [attribute.eventId]: read.eventId };
  const caller = parseTraceparent(read.callerTraceparent);
  recorder.record({
    name: `GET ${read.route}`,
    kind: 'server',
    traceId,
    spanId,
    parentSpanId: stored.spanId,
    startMs: read.startMs,
    endMs: read.endMs,
    ...(caller === undefined ? {} : { links: [{ traceId: caller.traceId, spanId: caller.spanId }] }),
    attributes: {
      ...event,
      [attribute.httpMethod]: 'GET',
      [attribute.httpRoute]: read.route,
      [attribute.urlPath]: read.path,
      [attribute.httpStatusCode]: read.statusCode,
    },
  });
  if (read.store === undefined) return;
  recorder.record({
    name: `${read.store.system} read ${read.store.target}`,
    kind: 'client',
    traceId,
    spanId: newSpanId(),
    parentSpanId: spanId,
    startMs: read.store.startMs,
    endMs: read.store.endMs,
    attributes: {
      ...event,
      [attribute.dbSystem]: read.store.system,
      [attribute.dbNamespace]: read.store.namespace,
      [attribute.dbCollection]: read.store.target,
      [attribute.dbOperation]: 'read',
    },
  });
}
