/**
 * ExportMetricsServiceRequest of OTLP 1.x in JSON and in protocol buffers, with exemplars: the transformer of OpenTelemetry's
 * JavaScript SDK has no place for them (otlp-transformer 0.223.1: see docs/decisions/0014). Field numbers from
 * opentelemetry-proto 1.x, metrics/v1/metrics.proto.
 */
import type { HrTime } from '@opentelemetry/api';
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type ExponentialHistogram,
  type Histogram,
  type MetricData,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import type { Exemplar } from '../pathway/histogram.ts';
import { type Attributes, encodeAttributes } from '../span.ts';
import type { PathwayDataPoint } from './producer.ts';
import { encodeMessage, type MessageType } from './protobuf.ts';

/** The message in its JSON form. */
export function exportRequest({ resource, scopeMetrics }: ResourceMetrics): object {
  const attributes = encodeAttributes(resource.attributes as Attributes);
  return {
    resourceMetrics: [
      {
        resource: { attributes },
        scopeMetrics: scopeMetrics.map(({ scope, metrics }) => ({
          scope: { name: scope.name, version: scope.version },
          metrics: metrics.map(metric),
        })),
      },
    ],
  };
}

export function encodeJson(request: object): Uint8Array {
  return Buffer.from(JSON.stringify(request));
}

export function encodeProtobuf(request: object): Uint8Array {
  return encodeMessage(exportRequestType, request);
}

function metric(data: MetricData): object {
  const { name, description, unit } = data.descriptor;
  const aggregationTemporality = data.aggregationTemporality === AggregationTemporality.DELTA ? 1 : 2;
  const about = { name, description, unit };
  switch (data.dataPointType) {
    case DataPointType.GAUGE:
      return { ...about, gauge: { dataPoints: data.dataPoints.map((point) => numberPoint(data, point)) } };
    case DataPointType.SUM: {
      const { isMonotonic } = data;
      const dataPoints = data.dataPoints.map((point) => numberPoint(data, point));
      return { ...about, sum: { dataPoints, aggregationTemporality, isMonotonic } };
    }
    case DataPointType.HISTOGRAM:
      return { ...about, histogram: { dataPoints: data.dataPoints.map(histogramPoint), aggregationTemporality } };
    case DataPointType.EXPONENTIAL_HISTOGRAM: {
      const dataPoints = data.dataPoints.map(exponentialPoint);
      return { ...about, exponentialHistogram: { dataPoints, aggregationTemporality } };
    }
  }
}

function common({ attributes, startTime, endTime }: DataPoint<unknown>) {
  return {
    attributes: encodeAttributes(attributes as Attributes),
    startTimeUnixNano: unixNano(startTime),
    timeUnixNano: unixNano(endTime),
  };
}

/** As a double whatever the value: what is counted here stays below 2^53. */
function numberPoint({ descriptor }: MetricData, point: DataPoint<number>): object {
  const isInteger = descriptor.valueType === 0 && Number.isSafeInteger(point.value);
  return { ...common(point), ...(isInteger ? { asInt: String(point.value) } : { asDouble: point.value }) };
}

function histogramPoint(point: DataPoint<Histogram>): object {
  const { count, sum, min, max, buckets } = point.value;
  const bounds = { bucketCounts: buckets.counts.map(String), explicitBounds: buckets.boundaries };
  return { ...common(point), count: String(count), sum, min, max, ...bounds };
}

function exponentialPoint(
  point: DataPoint<ExponentialHistogram> & Partial<Pick<PathwayDataPoint, 'exemplars'>>,
): object {
  const { count, sum, min, max, scale, zeroCount, positive, negative } = point.value;
  const { zeroThreshold } = point.value as Partial<PathwayDataPoint['value']>;
  return {
    ...common(point),
    ...{ count: String(count), sum, scale, zeroCount: String(zeroCount), zeroThreshold },
    // Of nothing there is no least and no greatest.
    ...(count === 0 ? {} : { min, max }),
    positive: buckets(positive),
    ...(negative.bucketCounts.length === 0 ? {} : { negative: buckets(negative) }),
    exemplars: (point.exemplars ?? []).map(exemplar),
  };
}

function buckets({ offset, bucketCounts }: ExponentialHistogram['positive']): object {
  return { offset, bucketCounts: bucketCounts.map(String) };
}

function exemplar({ valueMs, atMs, traceId, spanId }: Exemplar): object {
  return { timeUnixNano: `${Math.trunc(atMs)}000000`, asDouble: valueMs, traceId, spanId };
}

function unixNano([seconds, nanos]: HrTime): string {
  return String(BigInt(seconds) * 1_000_000_000n + BigInt(nanos));
}

const anyValueType: MessageType = {
  stringValue: [1, 'string'],
  boolValue: [2, 'bool'],
  intValue: [3, 'int64'],
  doubleValue: [4, 'double'],
  arrayValue: [5, () => ({ values: [1, () => anyValueType] })],
};
const keyValueType: MessageType = { key: [1, 'string'], value: [2, () => anyValueType] };
const exemplarType: MessageType = {
  timeUnixNano: [2, 'fixed64'],
  asDouble: [3, 'double'],
  spanId: [4, 'hex'],
  traceId: [5, 'hex'],
};
const numberPointType: MessageType = {
  startTimeUnixNano: [2, 'fixed64'],
  timeUnixNano: [3, 'fixed64'],
  asDouble: [4, 'double'],
  asInt: [6, 'sfixed64'],
  attributes: [7, () => keyValueType],
};
const histogramPointType: MessageType = {
  startTimeUnixNano: [2, 'fixed64'],
  timeUnixNano: [3, 'fixed64'],
  count: [4, 'fixed64'],
  sum: [5, 'double'],
  bucketCounts: [6, 'fixed64'],
  explicitBounds: [7, 'double'],
  attributes: [9, () => keyValueType],
  min: [11, 'double'],
  max: [12, 'double'],
};
const bucketsType: MessageType = { offset: [1, 'sint32'], bucketCounts: [2, 'uint64'] };
const exponentialPointType: MessageType = {
  attributes: [1, () => keyValueType],
  startTimeUnixNano: [2, 'fixed64'],
  timeUnixNano: [3, 'fixed64'],
  count: [4, 'fixed64'],
  sum: [5, 'double'],
  scale: [6, 'sint32'],
  zeroCount: [7, 'fixed64'],
  positive: [8, () => bucketsType],
  negative: [9, () => bucketsType],
  exemplars: [11, () => exemplarType],
  min: [12, 'double'],
  max: [13, 'double'],
  zeroThreshold: [14, 'double'],
};
const metricType: MessageType = {
  name: [1, 'string'],
  description: [2, 'string'],
  unit: [3, 'string'],
  gauge: [5, () => ({ dataPoints: [1, () => numberPointType] })],
  sum: [
    7,
    () => ({ dataPoints: [1, () => numberPointType], aggregationTemporality: [2, 'enum'], isMonotonic: [3, 'bool'] }),
  ],
  histogram: [9, () => ({ dataPoints: [1, () => histogramPointType], aggregationTemporality: [2, 'enum'] })],
  exponentialHistogram: [
    10,
    () => ({ dataPoints: [1, () => exponentialPointType], aggregationTemporality: [2, 'enum'] }),
  ],
};
const scopeMetricsType: MessageType = {
  scope: [1, () => ({ name: [1, 'string'], version: [2, 'string'] })],
  metrics: [2, () => metricType],
};
const resourceMetricsType: MessageType = {
  resource: [1, () => ({ attributes: [1, () => keyValueType] })],
  scopeMetrics: [2, () => scopeMetricsType],
};
const exportRequestType: MessageType = { resourceMetrics: [1, () => resourceMetricsType] };
