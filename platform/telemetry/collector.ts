/**
 * Spans to an OpenTelemetry collector by OTLP over HTTP, through the official exporter, so that every standard variable
 * means what it means elsewhere: `OTEL_EXPORTER_OTLP_[TRACES_]ENDPOINT`, `_HEADERS`, `_TIMEOUT`, `_COMPRESSION`,
 * `_CERTIFICATE`, `_PROTOCOL` (JSON where it is not set), and `OTEL_BSP_*` for the queue. Loaded only when an endpoint is set (see recorder.ts).
 */
import { type HrTime, SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPExporterBase } from '@opentelemetry/otlp-exporter-base';
import { convertLegacyHttpOptions, createOtlpHttpExportDelegate } from '@opentelemetry/otlp-exporter-base/node-http';
import { ProtobufTraceSerializer, TraceExporterMetricsHelper } from '@opentelemetry/otlp-transformer';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, type ReadableSpan, type SpanExporter } from '@opentelemetry/sdk-trace-base';
import { type OtlpProtocol, otlpProtocolOf } from './protocol.ts';
import { withService } from './resource.ts';
import type { Attributes, SpanData, SpanKindName } from './span.ts';

export interface CollectorExport {
  /** Queues; a full queue drops, and counts what it drops. Never throws. */
  add(spans: readonly SpanData[]): void;
  flush(): Promise<void>;
  shutdown(): Promise<void>;
}

const kinds: Record<SpanKindName, SpanKind> = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
};
const scope = { name: 'millrace' };

/** Spans on their way at once, as in the standard (`OTEL_BSP_MAX_QUEUE_SIZE`). */
const defaultMaxPending = 2048;

/** `undelivered` counts the spans that the collector did not take. */
export function createCollectorExport(
  attributes: Attributes,
  counters: { undelivered: number },
  env: NodeJS.ProcessEnv = process.env,
): CollectorExport {
  const resources = new Map<string | undefined, Resource>();
  function resourceOf(service: string | undefined): Resource {
    const known = resources.get(service);
    if (known !== undefined) return known;
    const made = resourceFromAttributes(mutable(withService(attributes, service)));
    resources.set(service, made);
    return made;
  }
  // Ours is the tighter bound: the processor's own drops are told to nobody.
  const maxPending = Number(env.OTEL_BSP_MAX_QUEUE_SIZE) || defaultMaxPending;
  let pending = 0;
  const protocol = otlpProtocolOf('TRACES', env, 'http/json');
  const exporter = countingExporter(protocol, (spans, delivered) => {
    pending -= spans;
    if (!delivered) counters.undelivered += spans;
  });
  const processor = new BatchSpanProcessor(exporter);
  return {
    add(spans) {
      const taken = spans.slice(0, Math.max(0, maxPending - pending));
      counters.undelivered += spans.length - taken.length;
      pending += taken.length;
      for (const span of taken) processor.onEnd(readable(span, resourceOf(span.service)));
    },
    flush: () => processor.forceFlush(),
    shutdown: () => processor.shutdown(),
  };
}

/** The official exporter; `onEnd` is told of each export how it went. */
function countingExporter(protocol: OtlpProtocol, onEnd: (spans: number, delivered: boolean) => void): SpanExporter {
  const exporter = protocol === 'http/json' ? new OTLPTraceExporter() : new ProtobufExporter();
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        onEnd(spans.length, result.error === undefined);
        done(result);
      }),
    forceFlush: () => exporter.forceFlush(),
    shutdown: () => exporter.shutdown(),
  };
}

/** As OTLPTraceExporter, in the other encoding of the same transformer. */
class ProtobufExporter extends OTLPExporterBase<ReadableSpan[]> {
  constructor() {
    const type = { 'Content-Type': 'application/x-protobuf' };
    const options = convertLegacyHttpOptions({}, 'TRACES', 'v1/traces', type);
    const component = 'otlp_http_span_exporter';
    super(
      createOtlpHttpExportDelegate(options, ProtobufTraceSerializer, component, TraceExporterMetricsHelper, undefined),
    );
  }
}

function readable(span: SpanData, resource: Resource): ReadableSpan {
  const context = (spanId: string) => ({ traceId: span.traceId, spanId, traceFlags: TraceFlags.SAMPLED });
  const own = context(span.spanId);
  return {
    name: span.name,
    kind: kinds[span.kind],
    spanContext: () => own,
    ...(span.parentSpanId === undefined ? {} : { parentSpanContext: context(span.parentSpanId) }),
    startTime: hrTime(span.startMs),
    endTime: hrTime(Math.max(span.startMs, span.endMs)),
    duration: hrTime(Math.max(0, span.endMs - span.startMs)),
    status:
      span.error === undefined ? { code: SpanStatusCode.UNSET } : { code: SpanStatusCode.ERROR, message: span.error },
    attributes: mutable(span.attributes),
    links: (span.links ?? []).map((link) => ({ context: { ...link, traceFlags: TraceFlags.SAMPLED } })),
    events: [],
    ended: true,
    resource,
    instrumentationScope: scope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

function mutable(attributes: Attributes): Record<string, string | number | boolean | string[] | undefined> {
  const copy: Record<string, string | number | boolean | string[] | undefined> = {};
  for (const [key, value] of Object.entries(attributes)) {
    copy[key] = typeof value === 'object' ? [...value] : value;
  }
  return copy;
}

/** Seconds and nanoseconds, kept to the microsecond. */
function hrTime(ms: number): HrTime {
  const micros = Math.round(ms * 1000);
  const seconds = Math.floor(micros / 1e6);
  return [seconds, (micros - seconds * 1e6) * 1000];
}
