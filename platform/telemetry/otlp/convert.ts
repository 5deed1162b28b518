/** From a request of OTLP, decoded (protobuf.ts) or parsed (JSON), to what the store keeps. */
import type { SpanData, SpanKindName } from '../span.ts';
import type { MetricHistogram, Origin, StoredLog, StoredMetricPoint } from '../store/contract.ts';
import {
  attributesOf,
  idOf,
  type Loose,
  listOf,
  msOf,
  numberOf,
  numbersOf,
  objectOf,
  originOf,
  scalarOf,
  textOf,
} from './values.ts';

/** `rejected`: items that are no items of OTLP; `reason` of the last of them. */
export interface Converted<T> {
  readonly items: T;
  readonly count: number;
  readonly rejected: number;
  readonly reason: string;
}

const kinds: readonly SpanKindName[] = ['internal', 'internal', 'server', 'client', 'producer', 'consumer'];
const isTraceId = (id: string) => /^[0-9a-f]{32}$/.test(id) && !/^0+$/.test(id);
const isSpanId = (id: string) => /^[0-9a-f]{16}$/.test(id) && !/^0+$/.test(id);

export function convertTraces(request: Loose): Converted<readonly { origin: Origin; spans: SpanData[] }[]> {
  const items: { origin: Origin; spans: SpanData[] }[] = [];
  let [count, rejected, reason] = [0, 0, ''];
  for (const { resource, scopeSpans } of listOf(request.resourceSpans)) {
    const spans: SpanData[] = [];
    for (const scope of listOf(scopeSpans)) {
      for (const encoded of listOf(scope.spans)) {
        const span = convertSpan(encoded);
        if (typeof span === 'string') [rejected, reason] = [rejected + 1, span];
        else spans.push(span);
      }
    }
    count += spans.length;
    if (spans.length > 0) items.push({ origin: originOf(resource), spans });
  }
  return { items, count, rejected, reason };
}

function convertSpan(span: Loose): SpanData | string {
  const [traceId, spanId, parentSpanId] = [idOf(span.traceId), idOf(span.spanId), idOf(span.parentSpanId)];
  if (!isTraceId(traceId)) return 'a span has no valid trace id';
  if (!isSpanId(spanId)) return 'a span has no valid span id';
  const startMs = msOf(span.startUs, span.startTimeUnixNano);
  if (startMs <= 0) return 'a span has no start';
  const status = objectOf(span.status);
  const hasFailed = numberOf(status.code) === 2;
  return {
    name: textOf(span.name),
    kind: kinds[numberOf(span.kind)] ?? 'internal',
    traceId,
    spanId,
    parentSpanId: isSpanId(parentSpanId) ? parentSpanId : undefined,
    startMs,
    endMs: Math.max(startMs, msOf(span.endUs, span.endTimeUnixNano)),
    attributes: attributesOf(span.attributes),
    error: hasFailed ? textOf(status.message) || exceptionOf(span) : undefined,
  };
}

/** SDKs record what was thrown as an event (https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-spans/). */
function exceptionOf({ events }: Loose): string {
  for (const { name, attributes } of listOf(events)) {
    if (name === 'exception') return String(attributesOf(attributes)['exception.message'] ?? '');
  }
  return '';
}

export function convertMetrics(request: Loose): Converted<StoredMetricPoint[]> {
  const items: StoredMetricPoint[] = [];
  let [rejected, reason] = [0, ''];
  for (const { resource, scopeMetrics } of listOf(request.resourceMetrics)) {
    const origin = originOf(resource);
    for (const metric of listOf(scopeMetrics).flatMap((scope) => listOf(scope.metrics))) {
      const [name, unit] = [textOf(metric.name), textOf(metric.unit)];
      for (const [kind, read] of Object.entries(pointReaders)) {
        for (const point of listOf(objectOf(metric[kind]).dataPoints)) {
          // The flag "no recorded value": the series has ended.
          if ((numberOf(point.flags) & 1) === 1) continue;
          const atMs = msOf(point.timeUs, point.timeUnixNano);
          const measured = read(point);
          if (name === '' || atMs <= 0 || measured === undefined) {
            [rejected, reason] = [rejected + 1, 'a point has no name, no time or no value'];
            continue;
          }
          items.push({ ...origin, name, unit, atMs, attributes: attributesOf(point.attributes), ...measured });
        }
      }
      const summaries = listOf(objectOf(metric.summary).dataPoints).length;
      if (summaries > 0) [rejected, reason] = [rejected + summaries, 'summaries are not kept'];
    }
  }
  return { items, count: items.length, rejected, reason };
}

type Measured = Pick<StoredMetricPoint, 'value' | 'histogram'>;
const pointReaders: Readonly<Record<string, (point: Loose) => Measured | undefined>> = {
  gauge: numberPoint,
  sum: numberPoint,
  histogram: plainHistogram,
  exponentialHistogram,
};

function numberPoint({ asDouble, asInt }: Loose): Measured | undefined {
  const value = numberOf(asDouble ?? asInt);
  return Number.isFinite(value) ? { value } : undefined;
}

function plainHistogram(point: Loose): Measured | undefined {
  const [bounds, buckets] = [numbersOf(point.explicitBounds), numbersOf(point.bucketCounts)];
  const fits = buckets.length === 0 || buckets.length === bounds.length + 1;
  return fits ? histogramOf({ scale: 0, zeroCount: 0, offset: 0, bounds, buckets, ...totals(point) }) : undefined;
}

/** Negative values are counted in `count` alone: latencies and sizes have none. */
function exponentialHistogram(point: Loose): Measured | undefined {
  const positive = objectOf(point.positive);
  return histogramOf({
    scale: numberOf(point.scale ?? 0),
    zeroCount: numberOf(point.zeroCount ?? 0),
    offset: numberOf(positive.offset ?? 0),
    buckets: numbersOf(positive.bucketCounts),
    ...totals(point),
  });
}

function totals({ count, sum }: Loose): { count: number; sum: number } {
  return { count: numberOf(count ?? 0), sum: numberOf(sum ?? 0) };
}

function histogramOf(histogram: MetricHistogram): Measured | undefined {
  const { scale, zeroCount, offset, count, sum, buckets, bounds = [] } = histogram;
  return [scale, zeroCount, offset, count, sum, ...buckets, ...bounds].every(Number.isFinite)
    ? { histogram }
    : undefined;
}

/** Names of the ranges of severity numbers (https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber). */
const severities = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];

export function convertLogs(request: Loose, nowMs: number): Converted<StoredLog[]> {
  const items: StoredLog[] = [];
  for (const { resource, scopeLogs } of listOf(request.resourceLogs)) {
    const origin = originOf(resource);
    for (const log of listOf(scopeLogs).flatMap((scope) => listOf(scope.logRecords))) {
      const traceId = idOf(log.traceId);
      const number = numberOf(log.severityNumber);
      items.push({
        ...origin,
        atMs: msOf(log.timeUs, log.timeUnixNano) || msOf(log.observedTimeUs, log.observedTimeUnixNano) || nowMs,
        severity: textOf(log.severityText) || (number > 0 ? (severities[Math.floor((number - 1) / 4)] ?? '') : ''),
        body: String(scalarOf(log.body)),
        attributes: attributesOf(log.attributes),
        ...(isTraceId(traceId) ? { traceId } : {}),
      });
    }
  }
  return { items, count: items.length, rejected: 0, reason: '' };
}
