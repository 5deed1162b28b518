/** Reads span files as a stream: memory stays at one chunk and one line, whatever the files hold. */
import { createReadStream } from 'node:fs';

/** A longer line was not written by us, or is torn; it is skipped. */
const maxLineBytes = 4 * 1024 * 1024;
const newline = 0x0a;

/** Lines of the file in order, without their ends. A file that is gone gives none; an unfinished last line is left out. */
export async function* readLines(path: string): AsyncGenerator<Buffer> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>) {
      let start = 0;
      for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
        const tail = chunk.subarray(start, end);
        if (restBytes + tail.length <= maxLineBytes) yield rest.length === 0 ? tail : Buffer.concat([...rest, tail]);
        rest = [];
        restBytes = 0;
        start = end + 1;
      }
      restBytes += chunk.length - start;
      if (restBytes <= maxLineBytes) rest.push(chunk.subarray(start));
      else rest = [];
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** A span as read back. Times in milliseconds since 1970, to the microsecond. */
export interface StoredSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly name: string;
  readonly kind: number;
  readonly service: string;
  readonly instance: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly error: string | null;
  readonly attributes: Readonly<Record<string, string | number | boolean | readonly string[]>>;
}

interface OtlpValue {
  stringValue?: string;
  intValue?: string | number;
  doubleValue?: number;
  boolValue?: boolean;
  arrayValue?: { values?: OtlpValue[] };
}
type OtlpAttributes = { key: string; value: OtlpValue }[];
interface OtlpSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes?: OtlpAttributes;
  status?: { code?: number; message?: string };
}
interface ExportRequest {
  resourceSpans?: { resource?: { attributes?: OtlpAttributes }; scopeSpans?: { spans?: OtlpSpan[] }[] }[];
}

/** Spans of one line. A line that is not an ExportTraceServiceRequest, such as one torn by a kill, gives none. */
export function parseSpanLine(line: Buffer): StoredSpan[] {
  let request: ExportRequest;
  try {
    request = JSON.parse(line.toString()) as ExportRequest;
  } catch {
    return [];
  }
  const spans: StoredSpan[] = [];
  for (const { resource, scopeSpans } of request?.resourceSpans ?? []) {
    const attributes = decodeAttributes(resource?.attributes);
    const service = String(attributes['service.name'] ?? 'unknown');
    const instance = String(attributes['service.instance.id'] ?? '');
    for (const scope of scopeSpans ?? [])
      for (const span of scope.spans ?? []) spans.push(decode(span, service, instance));
  }
  return spans;
}

function decode(span: OtlpSpan, service: string, instance: string): StoredSpan {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId || null,
    name: span.name,
    kind: span.kind,
    service,
    instance,
    startMs: msOf(span.startTimeUnixNano),
    endMs: msOf(span.endTimeUnixNano),
    error: span.status?.code === 2 ? (span.status.message ?? '') : null,
    attributes: decodeAttributes(span.attributes),
  };
}

function msOf(unixNano: string): number {
  return Number(unixNano.slice(0, -3)) / 1000;
}

function decodeAttributes(encoded: OtlpAttributes | undefined): Record<string, string | number | boolean | string[]> {
  const attributes: Record<string, string | number | boolean | string[]> = {};
  for (const { key, value } of encoded ?? []) {
    if (value.intValue !== undefined) attributes[key] = Number(value.intValue);
    else if (value.arrayValue !== undefined)
      attributes[key] = (value.arrayValue.values ?? []).map((v) => v.stringValue ?? '');
    else attributes[key] = value.stringValue ?? value.doubleValue ?? value.boolValue ?? '';
  }
  return attributes;
}
