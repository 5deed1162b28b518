/**
 * Fields of OTLP's messages, as far as they are read: numbers and types from opentelemetry-proto 1.7
 * (https://github.com/open-telemetry/opentelemetry-proto), names as in OTLP/JSON. Times are read as microseconds (`…Us`).
 */
import type { Field, FieldType, Message } from './protobuf.ts';

const one = (name: string, type: FieldType | (() => Message)): Field => ({ name, type });
const many = (name: string, type: FieldType | (() => Message)): Field => ({ name, type, repeated: true });

const anyValue: Message = {
  1: one('stringValue', 'string'),
  2: one('boolValue', 'bool'),
  3: one('intValue', 'int'),
  4: one('doubleValue', 'double'),
  5: one('arrayValue', () => ({ 1: many('values', () => anyValue) })),
  6: one('kvlistValue', () => ({ 1: many('values', () => keyValue) })),
  7: one('bytesValue', 'bytes'),
};
const keyValue: Message = { 1: one('key', 'string'), 2: one('value', () => anyValue) };
const resource: Message = { 1: many('attributes', () => keyValue) };

const event: Message = { 2: one('name', 'string'), 3: many('attributes', () => keyValue) };
const status: Message = { 2: one('message', 'string'), 3: one('code', 'int') };
const span: Message = {
  1: one('traceId', 'id'),
  2: one('spanId', 'id'),
  4: one('parentSpanId', 'id'),
  5: one('name', 'string'),
  6: one('kind', 'int'),
  7: one('startUs', 'nanos'),
  8: one('endUs', 'nanos'),
  9: many('attributes', () => keyValue),
  11: many('events', () => event),
  15: one('status', () => status),
};
const scopeSpans: Message = { 2: many('spans', () => span) };
const resourceSpans: Message = { 1: one('resource', () => resource), 2: many('scopeSpans', () => scopeSpans) };

const numberPoint: Message = {
  3: one('timeUs', 'nanos'),
  4: one('asDouble', 'double'),
  6: one('asInt', 'sfixed64'),
  7: many('attributes', () => keyValue),
  8: one('flags', 'int'),
};
const histogramPoint: Message = {
  3: one('timeUs', 'nanos'),
  4: one('count', 'fixed64'),
  5: one('sum', 'double'),
  6: many('bucketCounts', 'fixed64'),
  7: many('explicitBounds', 'double'),
  9: many('attributes', () => keyValue),
  10: one('flags', 'int'),
};
const buckets: Message = { 1: one('offset', 'sint'), 2: many('bucketCounts', 'int') };
const exponentialPoint: Message = {
  1: many('attributes', () => keyValue),
  3: one('timeUs', 'nanos'),
  4: one('count', 'fixed64'),
  5: one('sum', 'double'),
  6: one('scale', 'sint'),
  7: one('zeroCount', 'fixed64'),
  8: one('positive', () => buckets),
  9: one('negative', () => buckets),
  10: one('flags', 'int'),
};
const summaryPoint: Message = {
  3: one('timeUs', 'nanos'),
  4: one('count', 'fixed64'),
  5: one('sum', 'double'),
  7: many('attributes', () => keyValue),
};
const pointsOf = (point: Message) => (): Message => ({ 1: many('dataPoints', () => point) });
const metric: Message = {
  1: one('name', 'string'),
  3: one('unit', 'string'),
  5: one('gauge', pointsOf(numberPoint)),
  7: one('sum', pointsOf(numberPoint)),
  9: one('histogram', pointsOf(histogramPoint)),
  10: one('exponentialHistogram', pointsOf(exponentialPoint)),
  11: one('summary', pointsOf(summaryPoint)),
};
const scopeMetrics: Message = { 2: many('metrics', () => metric) };
const resourceMetrics: Message = { 1: one('resource', () => resource), 2: many('scopeMetrics', () => scopeMetrics) };

const logRecord: Message = {
  1: one('timeUs', 'nanos'),
  2: one('severityNumber', 'int'),
  3: one('severityText', 'string'),
  5: one('body', () => anyValue),
  6: many('attributes', () => keyValue),
  9: one('traceId', 'id'),
  11: one('observedTimeUs', 'nanos'),
};
const scopeLogs: Message = { 2: many('logRecords', () => logRecord) };
const resourceLogs: Message = { 1: one('resource', () => resource), 2: many('scopeLogs', () => scopeLogs) };

/** ExportTraceServiceRequest and its like. */
export const requests = {
  traces: { 1: many('resourceSpans', () => resourceSpans) },
  metrics: { 1: many('resourceMetrics', () => resourceMetrics) },
  logs: { 1: many('resourceLogs', () => resourceLogs) },
} as const satisfies Record<string, Message>;
export type Signal = keyof typeof requests;
