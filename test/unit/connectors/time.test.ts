import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { epochMsOf, isoTimeFault } from '../../../platform/connectors/time.ts';

test('reads what Date writes', () => {
  const range = {
    min: new Date('0000-01-01T00:00:00.000Z'),
    max: new Date('9999-12-31T23:59:59.999Z'),
    noInvalidDate: true,
  };
  fc.assert(fc.property(fc.date(range), (date) => expect(epochMsOf(date.toISOString())).toBe(date.getTime())));
});

test.each([
  ['2026-11-23T09:30:00Z', '2026-11-23T09:30:00.000Z'],
  ['2026-11-23T09:30Z', '2026-11-23T09:30:00.000Z'],
  ['2026-11-23T09:30:00.123456Z', '2026-11-23T09:30:00.123Z'],
  ['2026-11-23T11:30:00+02:00', '2026-11-23T09:30:00.000Z'],
  ['2026-11-23T04:30:00.500-05:00', '2026-11-23T09:30:00.500Z'],
])('%s is a time', (text, utc) => {
  expect(isoTimeFault(text)).toBeUndefined();
  expect(new Date(epochMsOf(text)).toISOString()).toBe(utc);
});

test.each([
  '',
  'now',
  '1795426200000',
  '2026-11-23',
  '2026-11-23T09:30:00',
  '2026-13-23T09:30:00.000Z',
  '2026-11-32T09:30:00.000Z',
  '2026-11-23T24:30:00.000Z',
  '2026-11-23T09:60:00.000Z',
  '2026-11-23T09:30:61.000Z',
  '2026-11-23T09:30:00.00xZ',
  '2026-11-23T09.30:00.000Z',
  '2026-11-23 09:30:00.000Z',
  'Mon, 23 Nov 2026 09:30:00 GMT',
])('"%s" is none', (text) => {
  expect(isoTimeFault(text)).toContain(text);
  expect(epochMsOf(text)).toBeNaN();
});

test('a bad time does not spoil its day', () => {
  expect(epochMsOf('2031-01-02T99:00:00.000Z')).toBeNaN();
  expect(epochMsOf('2031-01-02T01:00:00.000Z')).toBe(Date.parse('2031-01-02T01:00:00.000Z'));
});
