/**
 * Where a trace begins: which events are sampled, and the spans of their arrival. The `traceparent` that a record carries
 * names its «kafka send» span; every later stage is a child of that one.
 */
import type { TokenBucket } from '../model/tokenBucket.ts';
import { attribute } from './attributes.ts';
import { formatTraceparent, newSpanId, newTraceId, parseTraceparent } from './context.ts';
import type { SpanRecorder } from './recorder.ts';
import type { Attributes } from './span.ts';

/** Ids of a sampled event's first spans, chosen before they begin because the record carries them. */
export interface IngressTrace {
  readonly traceId: string;
  readonly callerSpanId: string | undefined;
  readonly serverSpanId: string;
  readonly sendSpanId: string;
}

export interface TraceDecision {
  /** The record's `traceparent` header. */
  readonly traceparent: string;
  readonly trace: IngressTrace;
}

/** Decides for the events of one request. Events that name the same caller's span share one server span. */
export interface RequestTraces {
  /**
   * Undefined: not sampled; no span is made and the record carries no traceparent, since no later stage begins a trace.
   * `callerTraceparent` as it came; one that is not valid counts as none, as the standard asks.
   */
  decide(callerTraceparent: string | undefined): TraceDecision | undefined;
}

/**
 * A caller's context is continued and its sampled flag respected. An event without one starts a trace while `limiter` has
 * tokens, so that a person's single request is always traceable and a flood is not traced.
 */
export function createRequestTraces(limiter: TokenBucket, nowMs: number): RequestTraces {
  let serverSpans: Map<string, string> | undefined;
  return {
    decide(callerTraceparent) {
      const caller = parseTraceparent(callerTraceparent);
      if (caller === undefined) {
        if (limiter.take(1, nowMs) !== 0) return undefined;
        const traceId = newTraceId();
        return decisionOf({ traceId, callerSpanId: undefined, serverSpanId: newSpanId(), sendSpanId: newSpanId() });
      }
      if (!caller.sampled) return undefined;
      serverSpans ??= new Map();
      const key = caller.traceId + caller.spanId;
      const serverSpanId = serverSpans.get(key) ?? newSpanId();
      serverSpans.set(key, serverSpanId);
      const { traceId, spanId: callerSpanId } = caller;
      return decisionOf({ traceId, callerSpanId, serverSpanId, sendSpanId: newSpanId() });
    },
  };
}

function decisionOf(trace: IngressTrace): TraceDecision {
  return { traceparent: formatTraceparent({ traceId: trace.traceId, spanId: trace.sendSpanId, sampled: true }), trace };
}

export interface IngressSpans {
  readonly pipeline: string;
  /** Physical name of the topic. */
  readonly topic: string;
  readonly method: string;
  readonly route: string;
  readonly statusCode: number;
  /** Events in the whole request, sampled or not. */
  readonly eventCount: number;
  /** Milliseconds since 1970: the request's head was read, and the answer was written. */
  readonly startMs: number;
  readonly endMs: number;
  /** The records were handed to the producer, and the broker acknowledged them (or did not). */
  readonly sendStartMs: number;
  readonly sendEndMs: number;
  /** The sampled events alone. */
  readonly events: readonly { readonly eventId: string; readonly eventType: string; readonly trace: IngressTrace }[];
  readonly error?: string;
}

/** «POST /events» once for each caller's span, and «kafka send» for each sampled event. */
export function recordIngressSpans(recorder: SpanRecorder, spans: IngressSpans): void {
  const served = new Set<string>();
  for (const { eventId, eventType, trace } of spans.events) {
    const { pipeline } = spans;
    const event = { [attribute.pipeline]: pipeline, [attribute.eventId]: eventId, [attribute.eventType]: eventType };
    if (!served.has(trace.serverSpanId)) recordServerSpan(recorder, spans, trace, event);
    served.add(trace.serverSpanId);
    recorder.record({
      name: `kafka send ${spans.topic}`,
      kind: 'producer',
      traceId: trace.traceId,
      spanId: trace.sendSpanId,
      parentSpanId: trace.serverSpanId,
      startMs: spans.sendStartMs,
      endMs: spans.sendEndMs,
      error: spans.error,
      attributes: {
        ...event,
        [attribute.messagingSystem]: 'kafka',
        [attribute.messagingOperationName]: 'send',
        [attribute.messagingOperationType]: 'send',
        [attribute.messagingDestination]: spans.topic,
      },
    });
  }
}

function recordServerSpan(recorder: SpanRecorder, spans: IngressSpans, trace: IngressTrace, event: Attributes): void {
  recorder.record({
    name: `${spans.method} ${spans.route}`,
    kind: 'server',
    traceId: trace.traceId,
    spanId: trace.serverSpanId,
    parentSpanId: trace.callerSpanId,
    startMs: spans.startMs,
    endMs: spans.endMs,
    error: spans.error,
    attributes: {
      ...event,
      [attribute.httpMethod]: spans.method,
      [attribute.httpRoute]: spans.route,
      [attribute.httpStatusCode]: spans.statusCode,
      [attribute.messagingBatchCount]: spans.eventCount > 1 ? spans.eventCount : undefined,
    },
  });
}
