/**
 * The pipelines' metrics as a MetricProducer of OpenTelemetry's SDK
 * (https://opentelemetry.io/docs/specs/otel/metrics/sdk/#metricproducer): whatever reader it is attached to gets them. Exemplars and
 * the threshold of zero, for which the SDK's types have no place, stand beside its fields; our own encoder sends them (otlp.ts).
 */
import { type HrTime, ValueType } from '@opentelemetry/api';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  type CollectionResult,
  type DataPoint,
  DataPointType,
  type ExponentialHistogram,
  type MetricData,
  type MetricProducer,
} from '@opentelemetry/sdk-metrics';
import { type Exemplar, type HistogramSnapshot, histogramScale, zeroThresholdMs } from '../pathway/histogram.ts';
import { Deltas } from './deltas.ts';
import { LedgerCounts } from './ledgerCounts.ts';
import { type MetricKey, metrics } from './metrics.ts';
import { type HistogramPoint, type NumberPoint, type Point, pointsOf } from './points.ts';
import type { PipelineSight } from './sight.ts';

export interface PathwayHistogram extends ExponentialHistogram {
  readonly zeroThreshold: number;
}
export interface PathwayDataPoint extends DataPoint<PathwayHistogram> {
  readonly exemplars: readonly Exemplar[];
}

export interface PipelineMetricsOptions {
  /** What is to be told of each pipeline now. */
  readonly read: () => Promise<readonly PipelineSight[]> | readonly PipelineSight[];
  /** Points beside those of pipelines, cumulative since the producer was made. */
  readonly more?: (startMs: number) => readonly Point[];
  /** Cumulative by default. */
  readonly temporality?: AggregationTemporality;
  readonly now?: () => number;
}

export const metricScope = { name: 'millrace' };

/** Of its own; a reader puts its own in its place. */
const noResource: Resource = resourceFromAttributes({});

/** `collect` never rejects: what can't be read is an error of its result. */
export function createMetricProducer(options: PipelineMetricsOptions): MetricProducer {
  const { read, more, temporality = AggregationTemporality.CUMULATIVE, now = Date.now } = options;
  const startMs = now();
  const ledgerCounts = new LedgerCounts(startMs);
  const deltas = temporality === AggregationTemporality.DELTA ? new Deltas() : undefined;
  return {
    async collect(): Promise<CollectionResult> {
      try {
        const sights = await read();
        const nowMs = now();
        const found = [...pointsOf(sights, { nowMs, startMs, ledgerCounts }), ...(more?.(startMs) ?? [])];
        return result(metricData(deltas?.of(found, nowMs) ?? found, nowMs, temporality), []);
      } catch (error) {
        return result([], [error]);
      }
    },
  };
}

function result(found: MetricData[], errors: unknown[]): CollectionResult {
  const scopeMetrics = found.length === 0 ? [] : [{ scope: metricScope, metrics: found }];
  return { resourceMetrics: { resource: noResource, scopeMetrics }, errors };
}

function metricData(points: readonly Point[], nowMs: number, temporality: AggregationTemporality): MetricData[] {
  const endTime = hrTime(nowMs);
  return [...Map.groupBy(points, ({ metric }) => metric)].map(([key, group]) => {
    const type = metrics[key].type;
    const base = { descriptor: descriptorOf(key), aggregationTemporality: temporality };
    if (type === 'histogram') {
      const dataPoints = group.flatMap((point) => ('histogram' in point ? [histogramData(point, endTime)] : []));
      return { ...base, dataPointType: DataPointType.EXPONENTIAL_HISTOGRAM, dataPoints };
    }
    const dataPoints = group.flatMap((point) => ('value' in point ? [numberData(point, endTime)] : []));
    if (type === 'gauge') return { ...base, dataPointType: DataPointType.GAUGE, dataPoints };
    return { ...base, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints };
  });
}

function descriptorOf(key: MetricKey): MetricData['descriptor'] {
  const { name, description, unit, type } = metrics[key];
  return { name, description, unit, valueType: type === 'sum' ? ValueType.INT : ValueType.DOUBLE };
}

function numberData({ attributes, startMs, value }: NumberPoint, endTime: HrTime): DataPoint<number> {
  return { attributes, startTime: hrTime(startMs), endTime, value };
}

function histogramData({ attributes, startMs, histogram }: HistogramPoint, endTime: HrTime): PathwayDataPoint {
  const { exemplars } = histogram;
  return { attributes, startTime: hrTime(startMs), endTime, value: histogramValue(histogram), exemplars };
}

function histogramValue({
  count,
  sumMs,
  minMs,
  maxMs,
  zeroCount,
  offset,
  buckets,
}: HistogramSnapshot): PathwayHistogram {
  return {
    ...{ count, sum: sumMs, min: minMs, max: maxMs, scale: histogramScale, zeroCount, zeroThreshold: zeroThresholdMs },
    positive: { offset, bucketCounts: [...buckets] },
    negative: { offset: 0, bucketCounts: [] },
  };
}

function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
}
