/**
 * The telemetry store: traces, metrics and logs on disk, bounded in time and size. One process opens it for writing (the API);
 * whoever else wants to be in it sends OTLP. A full, slow or broken store drops and counts, and never makes a sender wait.
 */
import type { SpanData } from '../span.ts';
import type { Trace } from '../traceStore.ts';

/** Of the resource of a span, metric or log: `service.name`, `service.instance.id`. */
export interface Origin {
  readonly service: string;
  readonly instance: string;
}
export interface StoredMetricPoint extends Origin {
  readonly name: string;
  readonly unit: string;
  readonly atMs: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** Gauge or sum. */
  readonly value?: number | undefined;
  readonly histogram?: MetricHistogram | undefined;
}
/** As OTLP defines it; delta or cumulative as it came. */
export interface MetricHistogram {
  /** Of an exponential histogram. */
  readonly scale: number;
  readonly zeroCount: number;
  readonly offset: number;
  /** Of a plain one: upper bounds of all buckets but the last; `scale` and the like are 0 then. */
  readonly bounds?: readonly number[] | undefined;
  readonly buckets: readonly number[];
  readonly count: number;
  readonly sum: number;
}
export interface StoredLog extends Origin {
  readonly atMs: number;
  readonly severity: string;
  readonly body: string;
  readonly traceId?: string;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
}

/** As `traceQuery` of the API's contract; times in milliseconds since 1970. */
export interface TraceSearch {
  readonly pipeline?: string | undefined;
  readonly service?: string | undefined;
  readonly name?: string | undefined;
  readonly attribute?: { readonly key: string; readonly value: string } | undefined;
  readonly minDurationMs?: number | undefined;
  readonly maxDurationMs?: number | undefined;
  readonly status?: 'ok' | 'error' | undefined;
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  /** Only traces that began before this. */
  readonly before?: number | undefined;
  readonly limit: number;
}
export interface FoundTrace {
  readonly traceId: string;
  readonly name: string;
  readonly service: string;
  readonly pipeline: string | null;
  readonly eventId: string | null;
  readonly startMs: number;
  readonly durationMs: number;
  readonly spans: number;
  readonly errors: number;
}
/** Newest first. */
export interface LogSearch {
  readonly service?: string | undefined;
  readonly traceId?: string | undefined;
  readonly severity?: string | undefined;
  /** Within the body. */
  readonly text?: string | undefined;
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  readonly limit: number;
}
/** What a metric's series may be narrowed by. */
export interface MetricFilter {
  readonly service?: string | undefined;
  readonly instance?: string | undefined;
  readonly attributes?: Readonly<Record<string, string | number | boolean>> | undefined;
}
export interface MetricName {
  readonly name: string;
  readonly unit: string;
  readonly series: number;
}
export interface TraceHeatmap {
  readonly fromMs: number;
  readonly stepMs: number;
  readonly latencyBoundsMs: readonly number[];
  readonly counts: readonly (readonly number[])[];
  readonly exemplars: readonly { readonly column: number; readonly row: number; readonly traceId: string }[];
}
export interface StoreStats {
  readonly spans: number;
  readonly metricPoints: number;
  readonly logs: number;
  readonly bytes: number;
  readonly maxBytes: number;
  readonly oldestMs: number | null;
  readonly retentionMs: number;
  /** By reason: `queue full`, `malformed`, `disk` … */
  readonly dropped: Readonly<Record<string, number>>;
}

export interface TelemetryStore {
  /** Queues and returns; never throws. */
  addSpans(origin: Origin, spans: readonly SpanData[]): void;
  addMetrics(points: readonly StoredMetricPoint[]): void;
  addLogs(logs: readonly StoredLog[]): void;
  /** How many more items it would queue now; what is added beyond is dropped. A receiver asks its sender to try again instead. */
  room(): number;
  /** Resolves when all that was added before is stored or dropped. */
  flush(): Promise<void>;
  /**
   * Newest first. Each condition must hold for the trace: `service`, `name` and `attribute` each for one of its spans, not
   * necessarily the same; durations and status are those of the trace. Queries reject with TELEMETRY_STORE_CORRUPT and the like.
   */
  searchTraces(search: TraceSearch): Promise<readonly FoundTrace[]>;
  trace(traceId: string): Promise<Trace | undefined>;
  heatmap(search: TraceSearch, columns: number): Promise<TraceHeatmap>;
  /** Points in the order of their series and time; at most 100,000. */
  metric(name: string, filter: MetricFilter, fromMs: number, toMs: number): Promise<readonly StoredMetricPoint[]>;
  metricNames(): Promise<readonly MetricName[]>;
  searchLogs(search: LogSearch): Promise<readonly StoredLog[]>;
  stats(): StoreStats;
  close(): Promise<void>;
}
