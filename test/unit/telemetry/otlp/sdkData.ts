/** Spans, metrics and logs made by the official SDK, and their bytes by its own serializers. */
import { context, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  JsonLogsSerializer,
  JsonMetricsSerializer,
  JsonTraceSerializer,
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  AggregationType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';

export const resource = resourceFromAttributes({ 'service.name': 'shop.cart', 'service.instance.id': 'cart-7' });

/** A server span with a client span under it that has failed with an exception. */
export function makeSpans(): ReadableSpan[] {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ resource, spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const tracer = provider.getTracer('test');
  const startTime = Date.now() - 1000;
  const root = tracer.startSpan('GET /cart', { kind: SpanKind.SERVER, startTime });
  root.setAttributes({
    'millrace.pipeline': 'shop',
    text: 'grün ☂',
    whole: -42,
    part: 0.25,
    yes: true,
    list: ['a', 'b'],
  });
  const child = tracer.startSpan('redis GET', { kind: SpanKind.CLIENT, startTime: startTime + 0.25 }, contextOf(root));
  child.recordException(new Error('no connection'));
  child.setStatus({ code: SpanStatusCode.ERROR });
  child.end(startTime + 20.5);
  root.end(startTime + 30.125);
  return exporter.getFinishedSpans();
}

function contextOf(span: Span) {
  return trace.setSpan(context.active(), span);
}

/** A gauge, a sum, a plain and an exponential histogram. */
export async function makeMetrics(): Promise<ResourceMetrics> {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3600_000 });
  const provider = new MeterProvider({
    resource,
    readers: [reader],
    views: [{ instrumentName: 'latency', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }],
  });
  const meter = provider.getMeter('test');
  meter.createGauge('temperature', { unit: 'Cel' }).record(-21.5, { room: 'a' });
  meter.createCounter('orders', { unit: '{order}' }).add(7, { paid: true });
  const size = meter.createHistogram('size', { unit: 'By', advice: { explicitBucketBoundaries: [10, 100] } });
  for (const value of [5, 50, 60, 500]) size.record(value);
  const latency = meter.createHistogram('latency', { unit: 'ms' });
  for (const value of [0, 1, 2, 4, 8, 1000]) latency.record(value);
  await reader.forceFlush();
  const [metrics] = exporter.getMetrics();
  await provider.shutdown();
  return metrics!;
}

export const serializers = {
  protobuf: { traces: ProtobufTraceSerializer, metrics: ProtobufMetricsSerializer, logs: ProtobufLogsSerializer },
  json: { traces: JsonTraceSerializer, metrics: JsonMetricsSerializer, logs: JsonLogsSerializer },
} as const;
export const contentTypes = { protobuf: 'application/x-protobuf', json: 'application/json' } as const;

const hrTime = (ms: number): [number, number] => [Math.floor(ms / 1000), (ms % 1000) * 1e6];

/** As the SDK hands it to its serializers. */
export function makeLogs(traceId: string) {
  const record = {
    hrTime: hrTime(Date.now()),
    hrTimeObserved: hrTime(Date.now()),
    severityNumber: 17,
    body: 'cart is gone',
    resource,
    instrumentationScope: { name: 'test' },
    attributes: { user: 'ada' },
    droppedAttributesCount: 0,
    spanContext: { traceId, spanId: 'b'.repeat(16), traceFlags: 1 },
  };
  return [record, { ...record, severityNumber: 9, severityText: 'NOTICE', body: { deep: [1, 'x'] } }];
}
