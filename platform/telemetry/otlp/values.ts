/** Reads values of OTLP/JSON, of which nothing is certain: it comes from anybody. */
import type { Origin } from '../store/contract.ts';

export type Loose = Readonly<Record<string, unknown>>;
export type Scalar = string | number | boolean;

export function objectOf(value: unknown): Loose {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Loose) : {};
}

export function listOf(value: unknown): readonly Loose[] {
  return Array.isArray(value) ? value.map(objectOf) : [];
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** 64-bit integers are texts in OTLP/JSON. NaN for what is no number. */
export function numberOf(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value !== '' ? Number(value) : Number.NaN;
}

export function numbersOf(value: unknown): number[] {
  return Array.isArray(value) ? value.map((each) => numberOf(each)) : [];
}

/** Milliseconds to the microsecond; 0 where there is none. `us`: as read from protobuf; `nanos`: as in JSON. */
export function msOf(us: unknown, nanos: unknown): number {
  if (typeof us === 'number') return us / 1000;
  if (typeof nanos === 'string' && /^\d+$/.test(nanos)) return Number(nanos.slice(0, -3)) / 1000;
  return typeof nanos === 'number' ? Math.round(nanos / 1000) / 1000 : 0;
}

export function idOf(value: unknown): string {
  return textOf(value).toLowerCase();
}

/** What is neither text, number nor boolean becomes JSON, lists of texts excepted (`attributesOf`). */
export function scalarOf(value: unknown): Scalar {
  const any = objectOf(value);
  if (typeof any.stringValue === 'string') return any.stringValue;
  if (typeof any.boolValue === 'boolean') return any.boolValue;
  if (any.intValue !== undefined) {
    const number = numberOf(any.intValue);
    return Number.isSafeInteger(number) ? number : String(any.intValue);
  }
  if (any.doubleValue !== undefined) {
    const number = numberOf(any.doubleValue);
    return Number.isFinite(number) ? number : String(any.doubleValue);
  }
  if (typeof any.bytesValue === 'string') return any.bytesValue;
  const isNested = any.arrayValue !== undefined || any.kvlistValue !== undefined;
  return isNested ? JSON.stringify(plainOf(any, 0)) : '';
}

const maxDepth = 32;
function plainOf(any: Loose, depth: number): unknown {
  if (depth > maxDepth) return undefined;
  if (any.arrayValue !== undefined)
    return listOf(objectOf(any.arrayValue).values).map((each) => plainOf(each, depth + 1) ?? null);
  if (any.kvlistValue !== undefined)
    return Object.fromEntries(
      listOf(objectOf(any.kvlistValue).values).map(({ key, value }) => [
        textOf(key),
        plainOf(objectOf(value), depth + 1),
      ]),
    );
  return Object.keys(any).length === 0 ? undefined : scalarOf(any);
}

export function attributesOf(encoded: unknown): Record<string, Scalar> {
  const attributes: Record<string, Scalar> = {};
  for (const { key, value } of listOf(encoded)) {
    if (typeof key === 'string' && key !== '' && key !== '__proto__') attributes[key] = scalarOf(value);
  }
  return attributes;
}

export function originOf(resource: unknown): Origin {
  const attributes = attributesOf(objectOf(resource).attributes);
  return {
    service: String(attributes['service.name'] ?? 'unknown'),
    instance: String(attributes['service.instance.id'] ?? ''),
  };
}
