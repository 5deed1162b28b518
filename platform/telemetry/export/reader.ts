/** Collects the pipelines' metrics at an interval and sends them. Loads OpenTelemetry's SDK: see metricExport.ts. */
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AggregationTemporality, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import type { DroppedSignal } from '../drops.ts';
import { otlpProtocolOf } from '../protocol.ts';
import { resourceAttributes } from '../resource.ts';
import { createMetricExporter, type MetricExportCounters } from './exporter.ts';
import type { MetricExportOptions } from './metricExport.ts';
import { metricAttribute } from './metrics.ts';
import type { Point } from './points.ts';
import { createMetricProducer } from './producer.ts';

export interface RunningExport {
  /** Collects and sends now. */
  flush(): Promise<void>;
  shutdown(): Promise<void>;
}

const defaultIntervalMs = 60_000;
const defaultTimeoutMs = 30_000;

export function startMetricExport(options: MetricExportOptions, counters: MetricExportCounters): RunningExport {
  const { read, service, instance, env } = options;
  const temporality = temporalityOf(env);
  const intervalMs = milliseconds(env.OTEL_METRIC_EXPORT_INTERVAL, defaultIntervalMs);
  const reader = new PeriodicExportingMetricReader({
    exporter: createMetricExporter(otlpProtocolOf('METRICS', env, 'http/protobuf'), temporality, counters),
    exportIntervalMillis: intervalMs,
    // The reader refuses a timeout that is longer than the interval.
    exportTimeoutMillis: Math.min(intervalMs, milliseconds(env.OTEL_METRIC_EXPORT_TIMEOUT, defaultTimeoutMs)),
    metricProducers: [
      createMetricProducer({ read, temporality, more: (startMs) => ownDrops(startMs, options, counters) }),
    ],
  });
  // Without the process id: with each new one every series would be another one.
  const { 'process.pid': _pid, ...attributes } = resourceAttributes(service, instance, env);
  const resource = resourceFromAttributes(attributes as Record<string, string>);
  const provider = new MeterProvider({ resource, readers: [reader] });
  return { flush: () => provider.forceFlush(), shutdown: () => provider.shutdown() };
}

/** One series for each signal, from zero on: the first drop is an increase, too. */
function ownDrops(
  startMs: number,
  { instance, drops }: Pick<MetricExportOptions, 'instance' | 'drops'>,
  { droppedPoints }: MetricExportCounters,
): readonly Point[] {
  const others = drops?.() ?? [];
  const total = (signal: DroppedSignal) =>
    others.filter((drop) => drop.signal === signal).reduce((sum, { count }) => sum + count, 0);
  const totals = { metrics: droppedPoints, spans: total('spans'), forwarded: total('forwarded') };
  return Object.entries(totals).map(([signal, value]) => ({
    ...{ metric: 'dropped', startMs, value },
    attributes: { [metricAttribute.task]: instance, [metricAttribute.signal]: signal },
  }));
}

/** `lowmemory` asks for differences of counters and histograms as `delta` does: we have no up-down counters. */
function temporalityOf(env: NodeJS.ProcessEnv): AggregationTemporality {
  const asked = env.OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE?.trim().toLowerCase();
  return asked === 'delta' || asked === 'lowmemory' ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE;
}

/** A value that is no positive number is as none, as the standard says. */
function milliseconds(text: string | undefined, otherwise: number): number {
  const value = Number(text);
  return Number.isFinite(value) && value > 0 ? value : otherwise;
}
