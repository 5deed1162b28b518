/**
 * Metrics of the pipelines to an OpenTelemetry collector, when the standard variables name one. One line starts it:
 *
 *     const metrics = createMetricExport({ read: () => sights, service: 'millrace.api', instance: 'millrace.api.0', env: process.env });
 *
 * The SDK is loaded only then. Nothing here makes anybody wait: what the collector does not take is dropped and counted.
 */
import type { TelemetryDrop } from '../drops.ts';
import { isTelemetryDisabled } from '../resource.ts';
import type { MetricExportCounters } from './exporter.ts';
import type { RunningExport } from './reader.ts';
import type { PipelineSight } from './sight.ts';

export interface MetricExportOptions {
  /** What is to be told of each pipeline now; called once an interval (`OTEL_METRIC_EXPORT_INTERVAL`, 60 s). */
  readonly read: () => Promise<readonly PipelineSight[]> | readonly PipelineSight[];
  /** The resource's service.name and service.instance.id: of the process that exports. */
  readonly service: string;
  readonly instance: string;
  /** Of this process: its transport reads `process.env` itself. */
  readonly env: NodeJS.ProcessEnv;
  /** What this process could not write or deliver besides; none by default. */
  readonly drops?: () => readonly TelemetryDrop[];
}

export interface MetricExport {
  /** Whether a collector is named. */
  readonly enabled: boolean;
  readonly counters: Readonly<MetricExportCounters>;
  /** Collects and sends now; resolves when it is done or given up (5 s at most). Never rejects. */
  flush(): Promise<void>;
  /** Sends a last time and ends. As `flush`. */
  shutdown(): Promise<void>;
}

const endMs = 5000;

export function createMetricExport(options: MetricExportOptions): MetricExport {
  const counters: MetricExportCounters = { exportedPoints: 0, droppedPoints: 0, lastFailure: undefined };
  if (!wantsMetrics(options.env)) return { enabled: false, counters, flush: async () => {}, shutdown: async () => {} };
  const running = start(options, counters);
  const within = (work: (running: RunningExport) => Promise<void>) =>
    settleWithin(
      running.then((started) => started && work(started)),
      endMs,
    );
  return {
    enabled: true,
    counters,
    flush: () => within((started) => started.flush()),
    shutdown: () => within((started) => started.shutdown()),
  };
}

/** Without an endpoint none is assumed, unlike in the SDK. */
export function wantsMetrics(env: NodeJS.ProcessEnv): boolean {
  const exporters = env.OTEL_METRICS_EXPORTER?.split(',').map((name) => name.trim());
  if (exporters !== undefined && exporters[0] !== '' && !exporters.includes('otlp')) return false;
  if (isTelemetryDisabled(env)) return false;
  return Boolean(env.OTEL_EXPORTER_OTLP_METRICS_ENDPOINT || env.OTEL_EXPORTER_OTLP_ENDPOINT);
}

async function start(options: MetricExportOptions, counters: MetricExportCounters): Promise<RunningExport | undefined> {
  try {
    const { startMetricExport } = await import('./reader.ts');
    return startMetricExport(options, counters);
  } catch (error) {
    counters.lastFailure = error instanceof Error ? error.message : String(error);
    return undefined;
  }
}

async function settleWithin(work: Promise<unknown>, timeoutMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, timeoutMs);
  await Promise.race([work.catch(() => {}), promise]);
  clearTimeout(timer);
}
