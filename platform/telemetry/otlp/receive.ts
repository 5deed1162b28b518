/** What both receivers do with a request's bytes: decode, see whether there is room, store, say what was not taken. */
import type { TelemetryStore } from '../store/contract.ts';
import { type Converted, convertLogs, convertMetrics, convertTraces } from './convert.ts';
import { requests, type Signal } from './fields.ts';
import { decodeMessage, MalformedError } from './protobuf.ts';
import { type Loose, objectOf } from './values.ts';

export type Encoding = 'protobuf' | 'json';

export type Received =
  | { readonly kind: 'taken'; readonly rejected: number; readonly reason: string }
  | { readonly kind: 'malformed'; readonly reason: string }
  /** The sender shall try again: nothing of it was taken. */
  | { readonly kind: 'full' };

/** Never throws: within a call of gRPC that would end the process. */
export function receive(store: TelemetryStore, signal: Signal, encoding: Encoding, body: Buffer): Received {
  try {
    return takeRequest(
      store,
      signal,
      encoding === 'protobuf' ? decodeMessage(requests[signal], body) : parseJson(body),
    );
  } catch (thrown) {
    return { kind: 'malformed', reason: (thrown as Error).message };
  }
}

function takeRequest(store: TelemetryStore, signal: Signal, request: Loose): Received {
  if (signal === 'traces') {
    return take(store, convertTraces(request), (items) => {
      for (const { origin, spans } of items) store.addSpans(origin, spans);
    });
  }
  if (signal === 'metrics') return take(store, convertMetrics(request), (items) => store.addMetrics(items));
  return take(store, convertLogs(request, Date.now()), (items) => store.addLogs(items));
}

function take<T>(store: TelemetryStore, converted: Converted<T>, add: (items: T) => void): Received {
  const { items, count, rejected, reason } = converted;
  if (count > store.room()) return { kind: 'full' };
  add(items);
  return { kind: 'taken', rejected, reason };
}

function parseJson(body: Buffer): Loose {
  const value: unknown = JSON.parse(body.toString('utf8'));
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new MalformedError('the body is no object');
  return objectOf(value);
}

/** Names in ExportTracePartialSuccess and its like. */
const rejectedNames = { traces: 'rejectedSpans', metrics: 'rejectedDataPoints', logs: 'rejectedLogRecords' } as const;

/** ExportTraceServiceResponse and its like: empty when all was taken. */
export function encodeResponse(signal: Signal, encoding: Encoding, rejected: number, reason: string): Buffer {
  if (encoding === 'json') {
    const partialSuccess = { [rejectedNames[signal]]: String(rejected), errorMessage: reason };
    return Buffer.from(JSON.stringify(rejected === 0 ? {} : { partialSuccess }));
  }
  if (rejected === 0) return Buffer.alloc(0);
  return lengthDelimited(1, Buffer.concat([Buffer.from([0x08]), varint(rejected), lengthDelimited(2, reason)]));
}

/** google.rpc.Status, the body of every refusal (https://opentelemetry.io/docs/specs/otlp/#failures-1). */
export function encodeStatus(encoding: Encoding, code: number, message: string): Buffer {
  if (encoding === 'json') return Buffer.from(JSON.stringify({ code, message }));
  return Buffer.concat([Buffer.from([0x08]), varint(code), lengthDelimited(2, message)]);
}

function lengthDelimited(field: number, content: Buffer | string): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from([field * 8 + 2]), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Buffer.from([...bytes, rest]);
}
