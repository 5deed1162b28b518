import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compileChecker, parseTimestampMs } from '../../../platform/model/check.ts';
import { eventSchema } from '../../../platform/model/schema.ts';

const schema = eventSchema.parse({
  name: 'flight',
  fields: {
    at: { type: 'timestamp' },
    delay: { type: 'int' },
    total: { type: 'long' },
    ratio: { type: 'double' },
    late: { type: 'boolean' },
    note: { type: 'string', nullable: true },
  },
});
const good = { at: '2026-11-23T09:30:00.000Z', delay: -5, total: 2 ** 53 - 1, ratio: 0.5, late: false, note: null };
const check = compileChecker(schema);

describe('the checker of a schema', () => {
  test.each([
    ['all fields', good],
    ['a nullable field absent', { ...good, note: undefined }],
    ['a whole number as double', { ...good, ratio: 3 }],
    ['no prototype', Object.assign(Object.create(null), good)],
  ])('takes %s', (_, data) => expect(check(data)).toBeUndefined());

  test.each([
    ['null', null, 'not-an-object', ''],
    ['an array', [], 'not-an-object', ''],
    ['a string', 'x', 'not-an-object', ''],
    ['a missing field', { ...good, delay: undefined }, 'missing-field', '/delay'],
    ['null where it may not be', { ...good, delay: null }, 'wrong-type', '/delay'],
    ['a fraction as int', { ...good, delay: 1.5 }, 'wrong-type', '/delay'],
    ['more than 32 bits as int', { ...good, delay: 2 ** 31 }, 'wrong-type', '/delay'],
    ['a string as int', { ...good, delay: '5' }, 'wrong-type', '/delay'],
    ['more than 2^53 as long', { ...good, total: 2 ** 53 }, 'wrong-type', '/total'],
    ['infinity as double', { ...good, ratio: JSON.parse('1e999') }, 'wrong-type', '/ratio'],
    ['a number as boolean', { ...good, late: 0 }, 'wrong-type', '/late'],
    ['an object as string', { ...good, note: {} }, 'wrong-type', '/note'],
    ['a time with an offset', { ...good, at: '2026-11-23T09:30:00+01:00' }, 'wrong-type', '/at'],
    ['a date alone', { ...good, at: '2026-11-23' }, 'wrong-type', '/at'],
    ['30 February', { ...good, at: '2026-02-30T00:00:00Z' }, 'wrong-type', '/at'],
    ['a field too many', { ...good, extra: 1 }, 'unknown-field', '/extra'],
    ['a field named to confuse a pointer', { ...good, 'a/b~c': 1 }, 'unknown-field', '/a~1b~0c'],
    ['__proto__ as a field', JSON.parse(`{"__proto__":{"delay":1}}`), 'missing-field', '/at'],
    ['inherited fields', Object.create(good), 'missing-field', '/at'],
  ])('refuses %s', (_, data, kind, path) => expect(check(data)).toMatchObject({ kind, path }));

  test('ignores fields too many where it is told to', () => {
    expect(compileChecker(schema, 'ignore')({ ...good, extra: 1 })).toBeUndefined();
  });

  test('never throws, and takes nothing that JSON would not give back', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true }), (data) => {
        const fault = check(data);
        if (fault === undefined) expect(check(JSON.parse(JSON.stringify(data)))).toBeUndefined();
        else expect(fault.reason).not.toBe('');
      }),
    );
  });
});

describe('RFC 3339 times', () => {
  test('of any date are read as the platform writes them', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true }),
        (date) => {
          expect(parseTimestampMs(date.toISOString())).toBe(date.getTime());
        },
      ),
    );
  });

  test.each([
    '2026-13-01T00:00:00Z',
    '2026-00-01T00:00:00Z',
    '2025-02-29T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01 00:00:00Z',
    '2026-01-01T00:00Z',
    '',
  ])('%j is none', (text) => expect(parseTimestampMs(text)).toBeUndefined());

  test('may have an offset and any number of digits', () => {
    expect(parseTimestampMs('2024-02-29T01:00:00.123456789+01:00')).toBe(Date.UTC(2024, 1, 29, 0, 0, 0, 123));
  });
});
