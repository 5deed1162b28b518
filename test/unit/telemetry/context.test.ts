import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  derivedSpanId,
  formatTraceparent,
  isSampled,
  newSpanId,
  newTraceId,
  parseTraceparent,
} from '../../../platform/telemetry/context.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';

describe('traceparent', () => {
  test('the example of the standard is read', () => {
    expect(parseTraceparent(`00-${traceId}-${spanId}-01`)).toEqual({ traceId, spanId, sampled: true });
    expect(parseTraceparent(`00-${traceId}-${spanId}-00`)?.sampled).toBe(false);
  });

  test.each([
    ['nothing', undefined],
    ['empty', ''],
    ['version ff', `ff-${traceId}-${spanId}-01`],
    ['a zero trace id', `00-${'0'.repeat(32)}-${spanId}-01`],
    ['a zero span id', `00-${traceId}-${'0'.repeat(16)}-01`],
    ['upper case', `00-${traceId.toUpperCase()}-${spanId}-01`],
    ['version 00 with more parts', `00-${traceId}-${spanId}-01-extra`],
    ['a trailing space', `00-${traceId}-${spanId}-01 `],
    ['flags cut short', `00-${traceId}-${spanId}-1`],
  ])('%s counts as none', (_, text) => {
    expect(parseTraceparent(text)).toBeUndefined();
  });

  test('a later version may have more parts', () => {
    expect(parseTraceparent(`01-${traceId}-${spanId}-01-more`)).toEqual({ traceId, spanId, sampled: true });
  });

  test('what is formatted is read back, and isSampled agrees with the parser', () => {
    fc.assert(
      fc.property(fc.boolean(), (sampled) => {
        const context = { traceId: newTraceId(), spanId: newSpanId(), sampled };
        expect(parseTraceparent(formatTraceparent(context))).toEqual(context);
      }),
    );
    for (let flags = 0; flags < 256; flags++) {
      const text = `00-${traceId}-${spanId}-${flags.toString(16).padStart(2, '0')}`;
      expect(isSampled(text)).toBe(parseTraceparent(text)?.sampled);
    }
    expect(isSampled(undefined)).toBe(false);
    expect(isSampled('00-')).toBe(false);
  });

  test('ids are distinct; derived ids depend on every part and on nothing else', () => {
    expect(new Set(Array.from({ length: 5000 }, newTraceId)).size).toBe(5000);
    expect(new Set(Array.from({ length: 5000 }, newSpanId)).size).toBe(5000);
    expect(derivedSpanId(traceId, 'spark', 'job')).toBe(derivedSpanId(traceId, 'spark', 'job'));
    expect(derivedSpanId(traceId, 'spark', 'job')).not.toBe(derivedSpanId(traceId, 'spark', 'other'));
    expect(derivedSpanId(traceId, 'spark', 'job')).toMatch(/^[0-9a-f]{16}$/);
  });
});
