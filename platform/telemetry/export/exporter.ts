/**
 * Sends metrics by OTLP over HTTP through the transport of the official exporter, so that every standard variable means what
 * it means elsewhere: `OTEL_EXPORTER_OTLP_[METRICS_]ENDPOINT`, `_HEADERS`, `_TIMEOUT`, `_COMPRESSION`, `_CERTIFICATE`. The
 * encoding is our own (otlp.ts). What can't be delivered is dropped and counted.
 */
import { OTLPExporterBase } from '@opentelemetry/otlp-exporter-base';
import { convertLegacyHttpOptions, createOtlpHttpExportDelegate } from '@opentelemetry/otlp-exporter-base/node-http';
import {
  type IExportMetricsServiceResponse,
  type ISerializer,
  JsonMetricsSerializer,
  MetricsExporterMetricsHelper,
  ProtobufMetricsSerializer,
} from '@opentelemetry/otlp-transformer';
import type { AggregationTemporality, PushMetricExporter, ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { OtlpProtocol } from '../protocol.ts';
import { encodeJson, encodeProtobuf, exportRequest } from './otlp.ts';

export interface MetricExportCounters {
  /** Data points that the receiver has taken, and those that it did not. */
  exportedPoints: number;
  droppedPoints: number;
  /** Why it did not take the last ones; undefined since it takes them again. */
  lastFailure: string | undefined;
}

type Serializer = ISerializer<ResourceMetrics, IExportMetricsServiceResponse>;

export function createMetricExporter(
  protocol: OtlpProtocol,
  temporality: AggregationTemporality,
  counters: MetricExportCounters,
): PushMetricExporter {
  const isJson = protocol === 'http/json';
  const encode = isJson ? encodeJson : encodeProtobuf;
  const answers: Serializer = isJson ? JsonMetricsSerializer : ProtobufMetricsSerializer;
  const serializer: Serializer = {
    serializeRequest: (request) => encode(exportRequest(request)),
    deserializeResponse(data) {
      const response = data.length === 0 ? {} : answers.deserializeResponse(data);
      countRejected(counters, response);
      return response;
    },
  };
  const contentType = isJson ? 'application/json' : 'application/x-protobuf';
  const options = convertLegacyHttpOptions({}, 'METRICS', 'v1/metrics', { 'Content-Type': contentType });
  const component = 'otlp_http_metric_exporter';
  const delegate = createOtlpHttpExportDelegate(
    options,
    serializer,
    component,
    MetricsExporterMetricsHelper,
    undefined,
  );
  return new CountingExporter(delegate, temporality, counters);
}

class CountingExporter extends OTLPExporterBase<ResourceMetrics> implements PushMetricExporter {
  readonly #temporality: AggregationTemporality;
  readonly #counters: MetricExportCounters;

  constructor(
    delegate: ConstructorParameters<typeof OTLPExporterBase<ResourceMetrics>>[0],
    temporality: AggregationTemporality,
    counters: MetricExportCounters,
  ) {
    super(delegate);
    this.#temporality = temporality;
    this.#counters = counters;
  }

  selectAggregationTemporality(): AggregationTemporality {
    return this.#temporality;
  }

  override export(request: ResourceMetrics, done: Parameters<PushMetricExporter['export']>[1]): void {
    const points = countPoints(request);
    const counters = this.#counters;
    super.export(request, (result) => {
      if (result.error === undefined) {
        counters.exportedPoints += points;
        counters.lastFailure = undefined;
      } else {
        counters.droppedPoints += points;
        counters.lastFailure = result.error.message;
      }
      done(result);
    });
  }
}

/** Of a request that was taken but for some of its points, which are counted as taken afterwards. */
function countRejected(counters: MetricExportCounters, { partialSuccess }: IExportMetricsServiceResponse): void {
  const rejected = Number(partialSuccess?.rejectedDataPoints ?? 0);
  counters.exportedPoints -= rejected;
  counters.droppedPoints += rejected;
}

function countPoints({ scopeMetrics }: ResourceMetrics): number {
  return scopeMetrics.flatMap(({ metrics }) => metrics).reduce((sum, { dataPoints }) => sum + dataPoints.length, 0);
}
