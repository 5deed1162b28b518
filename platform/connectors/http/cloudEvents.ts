/**
 * CloudEvents 1.0.2 over HTTP (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md):
 * binary mode, structured mode (JSON), batch mode (JSON). Attributes become checked and normalised values; the data is
 * handed on as parsed JSON. Extension attributes other than `traceparent` are not kept.
 */
import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import { parseTimestampMs } from '../../model/check.ts';
import { IngressFault, invalid } from './fault.ts';

export interface IncomingEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  /** ISO-8601 in UTC, to the millisecond. */
  readonly time: string;
  /** The event's own distributed-tracing extension, or the request's header when the request is one event. */
  readonly traceparent: string | undefined;
  readonly data: unknown;
}

export type ContentMode = 'binary' | 'structured' | 'batch';

/** An event from further ahead would push the watermark on, and every honest event after it would count as late. */
export const maxTimeAheadMs = 5 * 60_000;
export const maxBatchEvents = 5000;

const accepted =
  'application/cloudevents+json, application/cloudevents-batch+json, or application/json with ce-* headers';

/** Throws UNSUPPORTED_MEDIA_TYPE. Decided by the head alone, before a byte of the body is read. */
export function contentModeOf(headers: IncomingHttpHeaders): ContentMode {
  const contentType = headers['content-type'] ?? '';
  const [mediaType = '', ...parameters] = contentType.split(';').map((part) => part.trim().toLowerCase());
  const refused = () => new IngressFault('UNSUPPORTED_MEDIA_TYPE', { found: `"${contentType}"`, accepted });
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') {
    throw new IngressFault('UNSUPPORTED_MEDIA_TYPE', {
      found: `encoding "${encoding}"`,
      accepted: 'an uncompressed body',
    });
  }
  for (const parameter of parameters) {
    const [name, value] = parameter.split('=');
    if (name === 'charset' && value?.replaceAll('"', '') !== 'utf-8') throw refused();
  }
  if (mediaType === 'application/cloudevents-batch+json') return 'batch';
  if (mediaType === 'application/cloudevents+json') return 'structured';
  if (mediaType.startsWith('application/cloudevents')) throw refused();
  if (isJsonMediaType(mediaType)) return 'binary';
  throw refused();
}

/** Throws EVENT_BAD_JSON and EVENT_INVALID; never anything else, whatever the bytes. */
export function parseEvents(
  mode: ContentMode,
  headers: IncomingHttpHeaders,
  body: Buffer,
  nowMs: number,
): IncomingEvent[] {
  if (mode === 'binary') return [binaryEvent(headers, body, nowMs)];
  const json = parseJson(body);
  const requestTraceparent = singleHeader(headers.traceparent);
  if (mode === 'structured') return [structuredEvent(json, '', requestTraceparent, nowMs)];
  if (!Array.isArray(json)) throw invalid('', 'a batch must be a JSON array of events');
  if (json.length > maxBatchEvents) {
    throw invalid(`/${maxBatchEvents}`, `a batch holds at most ${maxBatchEvents} events, this one ${json.length}`);
  }
  const events = json.map((item, index) => structuredEvent(item, `/${index}`, requestTraceparent, nowMs));
  refuseRepeatedIds(events);
  return events;
}

function binaryEvent(headers: IncomingHttpHeaders, body: Buffer, nowMs: number): IncomingEvent {
  const attribute = (name: string) => decodeHeader(headers[`ce-${name}`], `/${name}`);
  const context = checkContext(attribute, '', nowMs);
  const traceparent = attribute('traceparent') ?? singleHeader(headers.traceparent);
  return { ...context, traceparent, data: parseJson(body) };
}

function structuredEvent(json: unknown, path: string, fallback: string | undefined, nowMs: number): IncomingEvent {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw invalid(path, 'an event must be a JSON object');
  const event = json as Record<string, unknown>;
  const attribute = (name: string): unknown => (Object.hasOwn(event, name) ? event[name] : undefined) ?? undefined;
  const context = checkContext(attribute, path, nowMs);
  const traceparent = attribute('traceparent');
  if (traceparent !== undefined && typeof traceparent !== 'string')
    throw invalid(`${path}/traceparent`, 'must be a string');
  const contentType = attribute('datacontenttype');
  if (contentType !== undefined && !(typeof contentType === 'string' && isJsonMediaType(contentType))) {
    throw invalid(`${path}/datacontenttype`, 'must be application/json or absent');
  }
  const hasData = Object.hasOwn(event, 'data');
  if (!Object.hasOwn(event, 'data_base64')) {
    if (!hasData) throw invalid(`${path}/data`, 'is missing');
    return { ...context, traceparent: traceparent ?? fallback, data: event.data };
  }
  if (hasData) throw invalid(`${path}/data_base64`, 'must not stand beside "data"');
  return {
    ...context,
    traceparent: traceparent ?? fallback,
    data: decodeBase64(event.data_base64, `${path}/data_base64`),
  };
}

/** The required attributes, and `time`. `path`: of the event within the request. */
function checkContext(attribute: (name: string) => unknown, path: string, nowMs: number) {
  const specVersion = attribute('specversion');
  if (specVersion === undefined) throw invalid(`${path}/specversion`, 'is missing: expected "1.0"');
  if (specVersion !== '1.0') throw invalid(`${path}/specversion`, 'must be "1.0"');
  return {
    id: text(attribute('id'), `${path}/id`, 200),
    source: text(attribute('source'), `${path}/source`, 1000),
    type: text(attribute('type'), `${path}/type`, 200),
    time: time(attribute('time'), `${path}/time`, nowMs),
  };
}

/** A space or a control character in an id, a source or a type is a mistake; all three travel in headers and URLs. */
const unprintable = /[\p{Cc}\p{Cs}\p{Z}]/u;

function text(value: unknown, path: string, maxLength: number): string {
  if (value === undefined) throw invalid(path, 'is missing');
  if (typeof value !== 'string') throw invalid(path, 'must be a string');
  if (value === '') throw invalid(path, 'must not be empty');
  if (value.length > maxLength) throw invalid(path, `must be at most ${maxLength} characters long, is ${value.length}`);
  if (unprintable.test(value)) throw invalid(path, 'must not hold spaces or control characters');
  return value;
}

function time(value: unknown, path: string, nowMs: number): string {
  if (value === undefined) return new Date(nowMs).toISOString();
  const ms = typeof value === 'string' ? parseTimestampMs(value) : undefined;
  if (ms === undefined) throw invalid(path, 'must be an RFC 3339 time such as 2026-11-23T09:30:00.000Z');
  if (ms > nowMs + maxTimeAheadMs) {
    throw invalid(
      path,
      `is more than ${maxTimeAheadMs / 60_000} minutes ahead of the clock here (${new Date(nowMs).toISOString()})`,
    );
  }
  return new Date(ms).toISOString();
}

function refuseRepeatedIds(events: readonly IncomingEvent[]): void {
  const firstIndex = new Map<string, number>();
  for (const [index, { id }] of events.entries()) {
    const first = firstIndex.get(id);
    if (first !== undefined) throw invalid(`/${index}/id`, `is the id of event ${first} of the same batch, too`);
    firstIndex.set(id, index);
  }
}

function parseJson(body: Buffer): unknown {
  if (body.length === 0) throw new IngressFault('EVENT_BAD_JSON', { reason: 'the body is empty' });
  if (!isUtf8(body)) throw new IngressFault('EVENT_BAD_JSON', { reason: 'the body is not UTF-8' });
  try {
    return JSON.parse(body.toString());
  } catch (error) {
    throw new IngressFault('EVENT_BAD_JSON', { reason: (error as Error).message });
  }
}

function decodeBase64(value: unknown, path: string): unknown {
  if (typeof value !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(value)) throw invalid(path, 'must be base64 text');
  try {
    return parseJson(Buffer.from(value, 'base64'));
  } catch (fault) {
    const reason = fault instanceof IngressFault ? String(fault.details.reason) : String(fault);
    throw invalid(path, `does not hold JSON: ${reason}`);
  }
}

function isJsonMediaType(contentType: string): boolean {
  const mediaType = contentType.split(';', 1)[0]!.trim().toLowerCase();
  return (
    mediaType === 'application/json' || mediaType === 'text/json' || /^[a-z]+\/[a-z0-9.+-]+\+json$/.test(mediaType)
  );
}

function singleHeader(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

/** Header values are percent-encoded UTF-8 (HTTP binding, 3.1.3.2). */
function decodeHeader(value: string | string[] | undefined, path: string): string | undefined {
  const text = singleHeader(value);
  if (text === undefined || !text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid(path, 'holds a percent sign that does not begin an encoded UTF-8 character');
  }
}
