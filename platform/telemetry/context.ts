/**
 * W3C Trace Context (https://www.w3.org/TR/trace-context/, level 1) as data: it travels in HTTP headers, record headers,
 * table rows and workflow inputs, never in thread- or async-local state.
 */
import { createHash, randomFillSync } from 'node:crypto';

export interface SpanContext {
  /** 32 lower-case hexadecimal digits, not all zero. */
  readonly traceId: string;
  /** 16 lower-case hexadecimal digits, not all zero. */
  readonly spanId: string;
  readonly sampled: boolean;
}

const traceparentPattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;
const zeroTraceId = '0'.repeat(32);
const zeroSpanId = '0'.repeat(16);

/**
 * Undefined when the text is not a valid traceparent; by the standard such a header is ignored, never an error. Version ff
 * is invalid, version 00 has exactly four parts, and a later version may have more.
 */
export function parseTraceparent(text: string | undefined): SpanContext | undefined {
  if (text === undefined || text.length < 55) return undefined;
  const parts = traceparentPattern.exec(text);
  if (parts === null) return undefined;
  const [, version, traceId, spanId, flags] = parts as unknown as [string, string, string, string, string];
  if (version === 'ff' || (version === '00' && text.length !== 55)) return undefined;
  if (traceId === zeroTraceId || spanId === zeroSpanId) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export function formatTraceparent(context: SpanContext): string {
  return `00-${context.traceId}-${context.spanId}-${context.sampled ? '01' : '00'}`;
}

/** Whether spans are made for what carries this traceparent. Cheap enough to ask for every record: no parsing. */
export function isSampled(traceparent: string | undefined): traceparent is string {
  if (traceparent === undefined || traceparent.length < 55) return false;
  const flags = traceparent.charCodeAt(54);
  // Hexadecimal digits with the lowest bit set: 1 3 5 7 9 have odd codes, b d f even ones.
  return flags < 0x3a ? (flags & 1) === 1 : (flags & 1) === 0;
}

const poolBytes = 4096;
const pool = Buffer.alloc(poolBytes);
let poolUsed = poolBytes;

function randomHex(bytes: number): string {
  if (poolUsed + bytes > poolBytes) {
    randomFillSync(pool);
    poolUsed = 0;
  }
  const hex = pool.toString('hex', poolUsed, poolUsed + bytes);
  poolUsed += bytes;
  return hex;
}

export function newTraceId(): string {
  const id = randomHex(16);
  return id === zeroTraceId ? newTraceId() : id;
}

export function newSpanId(): string {
  const id = randomHex(8);
  return id === zeroSpanId ? newSpanId() : id;
}

/**
 * The id of a span that several processes describe without talking to each other, such as Spark's: every sink that reads
 * one of Spark's records makes the same span, and a reader keeps one of them.
 */
export function derivedSpanId(traceId: string, ...parts: readonly string[]): string {
  const id = createHash('sha256')
    .update([traceId, ...parts].join('\n'))
    .digest('hex')
    .slice(0, 16);
  return id === zeroSpanId ? 'f'.repeat(16) : id;
}
