/** Spans as a pipeline of ours makes them, for the bench and the tests of the telemetry store: eight to a trace of one event. */
import type { SpanData } from '../../platform/telemetry/span.ts';

export const spansPerTrace = 8;
const topic = 'flight-delays.flights';
const hex = (n: number, digits: number) => n.toString(16).padStart(digits, '0');
/** Bits of `n` spread out, so that ids do not come in order. */
const mixed = (n: number) => Math.imul(n + 1, 0x9e3779b1) >>> 0;

export const traceIdOf = (n: number) =>
  `${hex(mixed(n), 8)}${hex(n, 8)}${hex(mixed(n * 7), 8)}${hex(mixed(n * 13), 8)}`;
export const eventIdOf = (n: number) => `flight-${n}-${hex(mixed(n), 8)}`;

export interface TaskSpans {
  readonly service: string;
  readonly spans: readonly SpanData[];
}

/** The trace of event `n`, by the task that writes its spans. Every 100th has failed, every 1000th took three seconds. */
export function traceOf(n: number, startMs: number): readonly TaskSpans[] {
  const id = (k: number) => `${hex(mixed(n), 8)}${hex(k + 1, 8)}`;
  const failed = n % 100 === 99;
  const slowMs = n % 1000 === 999 ? 3000 : (mixed(n) % 1000) / 10;
  const base = { traceId: traceIdOf(n) };
  const event = { 'millrace.pipeline': 'flight-delays', 'millrace.event.id': eventIdOf(n) };
  const kafka = { 'messaging.system': 'kafka', 'messaging.destination.name': topic };
  const at = (k: number, fromMs: number, tookMs: number, parent?: number) => ({
    ...base,
    spanId: id(k),
    ...(parent === undefined ? {} : { parentSpanId: id(parent) }),
    startMs: startMs + fromMs,
    endMs: startMs + fromMs + tookMs,
  });
  const sink = (k: number, flow: string, table: string): SpanData[] => [
    {
      ...at(k, 5, 8 + slowMs, 1),
      ...{ name: `kafka receive ${topic}`, kind: 'consumer' },
      attributes: {
        ...event,
        ...kafka,
        ...{ 'messaging.operation.name': 'poll', 'messaging.operation.type': 'receive' },
        'messaging.destination.partition.id': `${n % 4}`,
        'messaging.consumer.group.name': `flight-delays.${flow}`,
        'messaging.kafka.offset': n,
      },
    },
    {
      ...at(k + 1, 13 + slowMs, 6, k),
      ...{ name: `sink ${flow}`, kind: 'internal' },
      attributes: { ...event, 'millrace.flow': flow, 'messaging.batch.message_count': 1 + (n % 256) },
    },
    {
      ...at(k + 2, 14 + slowMs, 4, k + 1),
      ...{ name: `cassandra write ${table}`, kind: 'client' },
      ...(failed && table === 'flights' ? { error: 'ResponseError: write timeout' } : {}),
      attributes: {
        ...event,
        ...{ 'db.system.name': 'cassandra', 'db.namespace': 'flight_delays', 'db.collection.name': table },
        ...{ 'db.operation.name': 'write', 'db.operation.batch.size': 1 + (n % 256) },
      },
    },
  ];
  const ingress: SpanData[] = [
    {
      ...at(0, 0, 5),
      ...{ name: 'POST /events', kind: 'server' },
      attributes: {
        ...event,
        ...{ 'http.request.method': 'POST', 'http.route': '/events', 'http.response.status_code': 202 },
      },
    },
    {
      ...at(1, 1, 3, 0),
      ...{ name: `kafka send ${topic}`, kind: 'producer' },
      attributes: { ...event, ...kafka, 'messaging.operation.name': 'send', 'messaging.operation.type': 'send' },
    },
  ];
  return [
    { service: 'flight-delays.ingress', spans: ingress },
    { service: 'flight-delays.sinks', spans: [...sink(2, 'raw', 'flights'), ...sink(5, 'by-carrier', 'carriers')] },
  ];
}
