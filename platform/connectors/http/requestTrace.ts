/** The trace of one request: which of its events are sampled, and the spans once the request has ended. */
import { envelopeHeaders } from '../../model/schema.ts';
import type { TokenBucket } from '../../model/tokenBucket.ts';
import { createRequestTraces, type IngressTrace, recordIngressSpans } from '../../telemetry/ingressTrace.ts';
import type { SpanRecorder } from '../../telemetry/recorder.ts';
import { epochMs } from '../../telemetry/span.ts';
import type { IncomingEvent } from './cloudEvents.ts';
import type { IngressFault } from './fault.ts';
import type { EncodedRecord } from './record.ts';

export interface RequestTracing {
  readonly recorder: SpanRecorder;
  readonly limiter: TokenBucket;
  readonly pipeline: string;
  /** Physical name. */
  readonly topic: string;
  readonly route: string;
}

export interface RequestTrace {
  /** Records the spans of the sampled events; `fault`: why the request was not accepted. */
  end(statusCode: number, fault?: IngressFault): void;
}

/** Decides which events are sampled and writes the `traceparent` header into their records. The sending begins now. */
export function beginTrace(
  { recorder, limiter, pipeline, topic, route }: RequestTracing,
  startMs: number,
  events: readonly IncomingEvent[],
  records: readonly EncodedRecord[],
): RequestTrace {
  const sampled: { eventId: string; eventType: string; trace: IngressTrace }[] = [];
  const traces = createRequestTraces(limiter, performance.now());
  for (let index = 0; index < events.length; index++) {
    const { id: eventId, type: eventType, traceparent } = events[index]!;
    const decision = recorder.enabled ? traces.decide(traceparent) : undefined;
    if (decision === undefined) continue;
    records[index]!.headers[envelopeHeaders.traceparent] = decision.traceparent;
    sampled.push({ eventId, eventType, trace: decision.trace });
  }
  const sendStartMs = epochMs();
  return {
    end(statusCode, fault) {
      if (sampled.length === 0) return;
      const endMs = epochMs();
      recordIngressSpans(recorder, {
        ...{ pipeline, topic, route, method: 'POST', statusCode },
        ...{ startMs, endMs, sendStartMs, sendEndMs: endMs },
        ...(fault === undefined ? {} : { error: String(fault.details.reason) }),
        eventCount: events.length,
        events: sampled,
      });
    },
  };
}
