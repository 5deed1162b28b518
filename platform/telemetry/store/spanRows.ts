/**
 * A span's body in the table: a JSON array
 *
 *   [parent | 0, name, kind, service, instance, startUs, durationUs, error | 0, key, value, key, value …]
 *
 * Names, services and keys are slots: a text, or its number in `texts`. A value is a number, a boolean or a text as it is; `[n]`
 * is text number n, `[0, …]` a list of texts.
 */
import type { StoredSpan } from '../spanLines.ts';
import type { TextReader, TextWriter } from './texts.ts';

type Value = string | number | boolean | readonly (string | number)[] | null;

export function encodeBody(span: StoredSpan, texts: TextWriter): string {
  const startUs = Math.round(span.startMs * 1000);
  const body: unknown[] = [
    span.parentSpanId ?? 0,
    texts.slot(span.name),
    span.kind,
    texts.slot(span.service),
    texts.slot(span.instance),
    startUs,
    Math.max(0, Math.round(span.endMs * 1000) - startUs),
    span.error ?? 0,
  ];
  for (const key of Object.keys(span.attributes)) {
    const value = span.attributes[key]!;
    body.push(texts.slot(key), typeof value === 'object' ? [0, ...value] : encodeValue(key, value, texts));
  }
  return JSON.stringify(body);
}

function encodeValue(key: string, value: string | number | boolean, texts: TextWriter): Value {
  if (typeof value !== 'string') return value;
  const slot = texts.valueSlot(key, value);
  return typeof slot === 'number' ? [slot] : slot;
}

export function decodeBody(traceId: string, spanId: string, body: string, texts: TextReader): StoredSpan {
  const [parent, name, kind, service, instance, startUs, durationUs, error, ...pairs] = JSON.parse(body) as [
    ...[string | 0, number | string, number, number | string, number | string, number, number, string | 0],
    ...(number | string)[],
  ];
  const attributes: Record<string, string | number | boolean | readonly string[]> = {};
  for (let i = 0; i < pairs.length; i += 2) {
    const key = texts.text(pairs[i]!);
    // A key like `__proto__` stays a key.
    Object.defineProperty(attributes, key, {
      ...{ value: decodeValue(pairs[i + 1] as Value, texts), enumerable: true, writable: true, configurable: true },
    });
  }
  return {
    traceId,
    spanId,
    parentSpanId: parent === 0 ? null : parent,
    name: texts.text(name),
    kind,
    service: texts.text(service),
    instance: texts.text(instance),
    startMs: startUs / 1000,
    endMs: (startUs + durationUs) / 1000,
    error: error === 0 ? null : error,
    attributes,
  };
}

function decodeValue(value: Value, texts: TextReader): string | number | boolean | readonly string[] {
  if (typeof value !== 'object') return value;
  // NaN and the infinities, which JSON does not have.
  if (value === null) return Number.NaN;
  return value[0] === 0 ? (value.slice(1) as string[]) : texts.text(value[0]!);
}
