/** Spans of what the control plane does: a deploy is a trace from the CLI through the workflow to its activities. */
import { formatTraceparent, newSpanId, newTraceId, parseTraceparent } from './context.ts';
import type { SpanRecorder } from './recorder.ts';
import { type Attributes, epochMs, type SpanKindName } from './span.ts';

/**
 * Runs `fn` within a span. `fn` gets the span's own traceparent, to be handed on as data (a workflow's input, an activity's
 * argument). Without a parent a new, sampled trace begins; under an unsampled parent no span is made and `fn` gets the
 * parent's. What `fn` throws passes through unchanged and marks the span as failed with the error's message.
 */
export async function withSpan<T>(
  recorder: SpanRecorder,
  name: string,
  parentTraceparent: string | undefined,
  fn: (traceparent: string) => Promise<T>,
  options: { readonly attributes?: Attributes; readonly kind?: SpanKindName } = {},
): Promise<T> {
  const parent = parseTraceparent(parentTraceparent);
  if (parent !== undefined && !parent.sampled) return fn(formatTraceparent(parent));
  const traceId = parent?.traceId ?? newTraceId();
  const spanId = newSpanId();
  const startMs = epochMs();
  const end = (error?: string) =>
    recorder.record({
      name,
      kind: options.kind ?? 'internal',
      traceId,
      spanId,
      parentSpanId: parent?.spanId,
      startMs,
      endMs: epochMs(),
      attributes: options.attributes ?? {},
      error,
    });
  try {
    const result = await fn(formatTraceparent({ traceId, spanId, sampled: true }));
    end();
    return result;
  } catch (thrown) {
    end(thrown instanceof Error ? thrown.message : String(thrown));
    throw thrown;
  }
}
