import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { PoisonReason, RawRecord } from '../../../platform/connectors/contract.ts';
import { encodeEvent, isPoison } from '../../../platform/connectors/event.ts';
import { compileChecker } from '../../../platform/model/check.ts';
import type { FieldType } from '../../../platform/model/schema.ts';
import { decodeFlight, flightEvent, flightFields, flightHeaders, flightSchema, rawRecord } from './records.ts';

const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const withFields = (fields: object) => ({ value: json({ ...flightFields, ...fields }) });
const withHeader = (name: string, value: string | undefined) => ({ headers: { ...flightHeaders, [name]: value } });
const without = (field: keyof typeof flightFields) => ({ value: json({ ...flightFields, [field]: undefined }) });

describe('decode', () => {
  test('an event with what travels with it', () => {
    expect(decodeFlight(rawRecord())).toMatchObject({
      id: 'flight-1',
      time: '2026-11-23T09:31:00.000Z',
      type: 'flight.landed',
      source: '/feed',
      traceparent: undefined,
      pathway: '1;shop;1',
      fields: flightFields,
    });
  });

  const poison: readonly (readonly [PoisonReason, string, Partial<RawRecord>, RegExp])[] = [
    ['null-value', 'a tombstone', { value: null }, /no value/],
    ['empty-value', 'no bytes', { value: Buffer.alloc(0) }, /no bytes/],
    ['bad-json', 'cut JSON', { value: Buffer.from('{"origin":"S') }, /JSON/],
    ['bad-json', 'a byte order mark', { value: Buffer.from('\ufeff{}') }, /JSON/],
    ['not-an-object', 'an array', { value: json([flightFields]) }, /got array/],
    ['not-an-object', 'null', { value: json(null) }, /got null/],
    ['not-an-object', 'a number', { value: json(7) }, /got number/],
    [
      'wrong-type',
      'a string for an int',
      withFields({ delay_minutes: '12' }),
      /delay_minutes: expected int, got string/,
    ],
    ['wrong-type', 'a fraction for an int', withFields({ delay_minutes: 1.5 }), /got 1.5/],
    ['wrong-type', 'an int of 33 bits', withFields({ delay_minutes: 2 ** 31 }), /got 2147483648/],
    ['wrong-type', 'a fraction for a long', withFields({ flown_metres: 0.5 }), /got 0.5/],
    ['wrong-type', 'a long of 65 bits', withFields({ flown_metres: '9223372036854775808' }), /expected long/],
    ['wrong-type', 'a string for a double', withFields({ load_factor: '0.8' }), /expected double/],
    ['wrong-type', 'a number for a boolean', withFields({ diverted: 0 }), /expected boolean/],
    ['wrong-type', 'an object for a string', withFields({ origin: {} }), /origin: expected string, got object/],
    ['missing-field', 'a field that is not there', without('origin'), /origin: expected string, got nothing/],
    ['missing-field', 'null where null is not allowed', withFields({ origin: null }), /got null/],
    ['missing-key', 'a null key', { key: null }, /no key/],
    ['missing-key', 'an empty key', { key: Buffer.alloc(0) }, /no key/],
    ['missing-id', 'no id', withHeader('ce_id', undefined), /ce_id/],
    ['missing-id', 'an empty id', withHeader('ce_id', ''), /ce_id/],
    ['bad-time', 'no time', withHeader('ce_time', undefined), /ce_time is missing/],
    ['bad-time', 'a time in words', withHeader('ce_time', 'yesterday'), /yesterday/],
    ['bad-time', 'a field with the 13th month', withFields({ departed_at: '2026-13-01T00:00:00.000Z' }), /departed_at/],
    ['too-large', 'more bytes than are taken', withFields({ origin: 'x'.repeat(2000) }), /at most 2000/],
  ];
  test.each(poison)('%s: %s', (reason, _what, given, detail) => {
    const raw = rawRecord(given);
    expect(decodeFlight(raw)).toEqual({ raw, reason, detail: expect.stringMatching(detail) });
  });

  test('null and nothing where null is allowed', () => {
    expect(isPoison(decodeFlight(rawRecord(withFields({ delay_minutes: null }))))).toBe(false);
    expect(isPoison(decodeFlight(rawRecord(without('delay_minutes'))))).toBe(false);
  });

  test('fields that the schema does not know are kept', () => {
    expect(flightEvent({ note: 'new' }).fields.note).toBe('new');
  });

  test('longs keep every digit, as a number or as digits', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (long) => {
        const text = JSON.stringify({ ...flightFields, flown_metres: 0 }).replace('metres":0', `metres":${long}`);
        const decoded = decodeFlight(rawRecord({ value: Buffer.from(text) }));
        if (isPoison(decoded)) throw new Error(decoded.detail);
        expect(BigInt(decoded.fields.flown_metres as string)).toBe(long);
      }),
    );
  });

  test('any bytes are an event or poison, and never an exception', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(isPoison(decodeFlight(rawRecord({ value: Buffer.from(bytes) })))).toBe(true);
      }),
    );
  });
});

test('encode is the inverse of decode', () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const event = flightEvent({}, { headers: { ...flightHeaders, traceparent } });
  const { key, value, headers } = encodeEvent(event, 'origin');
  expect(key).toBe('SFO');
  const again = decodeFlight(rawRecord({ key: Buffer.from(key!), value: Buffer.from(value!), headers }));
  expect({ ...again, raw: null }).toEqual({ ...event, raw: null });
});

test('a key that is null in the data gives way to the id', () => {
  expect(encodeEvent(flightEvent({ delay_minutes: null }), 'delay_minutes').key).toBe('flight-1');
  expect(encodeEvent(flightEvent(), 'event_id').key).toBe('flight-1');
});

describe('the check at the front door and that of the sinks', () => {
  const edges = [2 ** 31 - 1, 2 ** 31, 2 ** 53 - 1, 2 ** 53, -0, 0.5, 1e300];
  const times = fc
    .tuple(
      fc.date({ noInvalidDate: true, min: new Date('0001-01-01'), max: new Date('9999-12-31') }),
      fc.constantFrom(24, 23, 22, 20, 17),
    )
    .map(([date, length]) => `${date.toISOString().slice(0, length - 1)}Z`);
  const value = fc.oneof(
    fc.string(),
    fc.double(),
    fc.maxSafeInteger(),
    fc.integer(),
    fc.boolean(),
    fc.constantFrom(null, undefined, ...edges, '2024-02-29T00:00:00Z', '2026-02-30T00:00:00Z', '2026-01-01T24:00:00Z'),
    times,
  );
  const fits: Readonly<Record<FieldType, fc.Arbitrary<unknown>>> = {
    ...{ string: fc.string(), int: fc.integer(), long: fc.maxSafeInteger(), double: fc.double() },
    ...{ boolean: fc.boolean(), timestamp: times },
  };
  const fields = Object.entries(flightSchema.fields).map(([name, { type }]) => [
    name,
    fc.oneof({ weight: 6, arbitrary: fits[type] }, value),
  ]);
  const data = fc.record(Object.fromEntries(fields) as Record<string, fc.Arbitrary<unknown>>);
  const check = compileChecker(flightSchema);

  test('what is acknowledged is never a dead letter', () => {
    let taken = 0;
    fc.assert(
      fc.property(data, (random) => {
        // As it is after the way over HTTP: no undefined, no NaN.
        const sent = JSON.parse(JSON.stringify(random));
        if (check(sent) !== undefined) return;
        taken += 1;
        const decoded = decodeFlight(rawRecord({ value: json(sent) }));
        expect(isPoison(decoded) ? decoded.detail : '').toBe('');
      }),
      { numRuns: 2000 },
    );
    expect(taken).toBeGreaterThan(300);
  });
});
