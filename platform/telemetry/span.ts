/**
 * A span as data, and its OTLP/JSON encoding (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding: ids in
 * hexadecimal, 64-bit integers as decimal strings, enums as numbers).
 */
export type AttributeValue = string | number | boolean | readonly string[];
export type Attributes = Readonly<Record<string, AttributeValue | undefined>>;

export const spanKinds = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const;
export type SpanKindName = keyof typeof spanKinds;

export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
}

export interface SpanData {
  /** The resource's service.name when it is not the recorder's own: a sink describes Spark's stage. */
  readonly service?: string;
  readonly name: string;
  readonly kind: SpanKindName;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string | undefined;
  /** Milliseconds since 1970, fractions allowed: kept to the microsecond. */
  readonly startMs: number;
  readonly endMs: number;
  /** Undefined values are left out. */
  readonly attributes: Attributes;
  readonly links?: readonly SpanLink[];
  readonly error?: string | undefined;
}

/** Milliseconds since 1970 with a fraction, for `startMs` and `endMs`; follows the system's clock when it is set. */
export function epochMs(): number {
  const wallMs = Date.now();
  const monotonicMs = performance.timeOrigin + performance.now();
  return Math.abs(monotonicMs - wallMs) < 20 ? monotonicMs : wallMs;
}

/** One ExportTraceServiceRequest. `resource` and `scope` are encoded already (see `encodeAttributes`). */
export function encodeExportRequest(resourceJson: string, spans: readonly string[]): string {
  return (
    `{"resourceSpans":[{"resource":{"attributes":${resourceJson}},` +
    `"scopeSpans":[{"scope":{"name":"millrace"},"spans":[${spans.join(',')}]}]}]}`
  );
}

/** Put together as text: to make objects of it for JSON.stringify takes three times as long. */
export function encodeSpan({ traceId, spanId, parentSpanId, name, kind, startMs, endMs, ...rest }: SpanData): string {
  const parent = parentSpanId === undefined ? '' : `"parentSpanId":${quote(parentSpanId)},`;
  const links = rest.links?.length ? `,"links":${JSON.stringify(rest.links)}` : '';
  const status = rest.error === undefined ? '' : `,"status":{"code":2,"message":${quote(rest.error)}}`;
  return (
    `{"traceId":${quote(traceId)},"spanId":${quote(spanId)},${parent}"flags":1,"name":${quote(name)},` +
    `"kind":${spanKinds[kind]},"startTimeUnixNano":"${nanos(startMs)}",` +
    `"endTimeUnixNano":"${nanos(Math.max(startMs, endMs))}","attributes":[${attributesText(rest.attributes)}]${links}${status}}`
  );
}

const quote = (text: string) => JSON.stringify(text);

/** Of each attribute what was encoded last: most spans of a task share most of their attributes. */
const lastOfKey = new Map<string, { readonly value: AttributeValue; readonly text: string }>();

function attributesText(attributes: Attributes): string {
  let all = '';
  for (const key of Object.keys(attributes)) {
    const value = attributes[key];
    if (value !== undefined) all += `${all === '' ? '' : ','}${attributeText(key, value)}`;
  }
  return all;
}

function attributeText(key: string, value: AttributeValue): string {
  const last = lastOfKey.get(key);
  if (last?.value === value && typeof value !== 'object') return last.text;
  const text = JSON.stringify({ key, value: encodeValue(value) });
  if (last !== undefined || lastOfKey.size < maxKeys) lastOfKey.set(key, { value, text });
  return text;
}

/** Of attributes there are some fifty; whoever makes up names must not fill the memory. */
const maxKeys = 256;

/** Microseconds are exact in a double until the year 2255; the last three digits are zeros. */
function nanos(ms: number): string {
  return `${Math.round(ms * 1000)}000`;
}

export function encodeAttributes(attributes: Attributes): unknown[] {
  const encoded: unknown[] = [];
  for (const key of Object.keys(attributes)) {
    const value = attributes[key];
    if (value !== undefined) encoded.push({ key, value: encodeValue(value) });
  }
  return encoded;
}

function encodeValue(value: AttributeValue): unknown {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') return Number.isSafeInteger(value) ? { intValue: `${value}` } : { doubleValue: value };
  return { arrayValue: { values: value.map((item) => ({ stringValue: item })) } };
}
