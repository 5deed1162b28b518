/** Bytes and JSON from anybody: read, or refused as malformed; nothing else is thrown. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { convertLogs, convertMetrics, convertTraces } from '../../../../platform/telemetry/otlp/convert.ts';
import { requests, type Signal } from '../../../../platform/telemetry/otlp/fields.ts';
import { decodeMessage, MalformedError, type Message } from '../../../../platform/telemetry/otlp/protobuf.ts';
import type { Loose } from '../../../../platform/telemetry/otlp/values.ts';
import { makeSpans, serializers } from './sdkData.ts';

const signals: readonly Signal[] = ['traces', 'metrics', 'logs'];
const convert: Readonly<Record<Signal, (request: Loose) => { count: number }>> = {
  traces: convertTraces,
  metrics: convertMetrics,
  logs: (request) => convertLogs(request, 0),
};

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}
const one = (type: 'int' | 'sint' | 'nanos' | 'sfixed64'): Message => ({ 1: { name: 'x', type } });

describe('numbers', () => {
  test('int64 from its least to its greatest', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        const { x } = decodeMessage(one('int'), Buffer.concat([Buffer.from([0x08]), varint(value)]));
        expect(Math.abs((x as number) - Number(value))).toBeLessThanOrEqual(Math.abs(Number(value)) * 2 ** -52);
      }),
    );
    for (const value of [0, 1, -1, 127, 128, 2 ** 28 - 1, 2 ** 28, -(2 ** 28), 2 ** 53 - 1, -(2 ** 53 - 1)])
      expect(decodeMessage(one('int'), Buffer.concat([Buffer.from([0x08]), varint(BigInt(value))])).x).toBe(value);
  });

  test('zigzag', () => {
    for (const [encoded, value] of [
      [0, -0],
      [1, -1],
      [2, 1],
      [3, -2],
      [39, -20],
    ] as const)
      expect(decodeMessage(one('sint'), Buffer.from([0x08, encoded])).x).toEqual(value === 0 ? 0 : value);
  });

  test('nanoseconds are microseconds, exactly', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 4_000_000_000_000_000_000n }), (nanos) => {
        const bytes = Buffer.alloc(9, 0x09);
        bytes.writeBigUInt64LE(nanos, 1);
        expect(BigInt(decodeMessage(one('nanos'), bytes).x as number)).toBe(nanos / 1000n);
      }),
    );
  });
});

test('a request that is cut anywhere is malformed', () => {
  const whole = Buffer.from(serializers.protobuf.traces.serializeRequest(makeSpans())!);
  for (let end = 1; end < whole.length; end += 5)
    expect(() => decodeMessage(requests.traces, whole.subarray(0, end))).toThrow(MalformedError);
});

test.each(signals)('%s: any bytes', (signal) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      try {
        convert[signal](decodeMessage(requests[signal], Buffer.from(bytes)));
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(MalformedError);
      }
    }),
    { numRuns: 1000 },
  );
});

test('messages within messages end somewhere', () => {
  let value = Buffer.from([0x0a, 0x00]);
  for (let depth = 0; depth < 2000; depth++) {
    const list = Buffer.concat([Buffer.from([0x0a]), varint(BigInt(value.length)), value]);
    value = Buffer.concat([Buffer.from([0x2a]), varint(BigInt(list.length)), list]);
  }
  const wrapped = [0x12, 0x0a, 0x0a, 0x0a].reduce(
    (inner, tag) => Buffer.concat([Buffer.from([tag]), varint(BigInt(inner.length)), inner]),
    value,
  );
  expect(() => decodeMessage(requests.traces, wrapped)).toThrow(MalformedError);
});

/** A good request of JSON with something else put anywhere into it. */
const damaged = (request: unknown) =>
  fc.tuple(fc.nat(), fc.anything({ withNullPrototype: false })).map(([at, other]) => {
    let index = 0;
    const walk = (value: unknown): unknown => {
      index += 1;
      if (index === at % 60) return other;
      if (Array.isArray(value)) return value.map(walk);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, walk(each)]));
    };
    return walk(request) as Loose;
  });

test('JSON with anything anywhere is converted as far as it can be', () => {
  const request: unknown = JSON.parse(Buffer.from(serializers.json.traces.serializeRequest(makeSpans())!).toString());
  fc.assert(
    fc.property(damaged(request), (loose) => {
      const root = typeof loose === 'object' && loose !== null ? loose : {};
      for (const signal of signals) expect(convert[signal](root).count).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 1000 },
  );
});
