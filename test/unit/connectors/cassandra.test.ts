import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { groupRows } from '../../../platform/connectors/cassandra/grouping.ts';
import { RowBuffer } from '../../../platform/connectors/cassandra/rowBuffer.ts';
import { compileUpsert, type Row, writeTimestampMicros } from '../../../platform/connectors/cassandra/upsert.ts';
import { tableSpec } from '../../../platform/model/blueprint.ts';
import { flightEvent, flightHeaders, flightSchema, rawRecord } from './records.ts';

const columns = {
  origin: { type: 'string' },
  event_id: { type: 'string' },
  event_time: { type: 'timestamp' },
  traceparent: { type: 'string' },
  delay_minutes: { type: 'int' },
  flown_metres: { type: 'long' },
  load_factor: { type: 'double' },
  diverted: { type: 'boolean' },
};
const table = (given: object = {}) => tableSpec.parse({ columns, partitionKey: ['origin'], ...given });
const upsertOf = (given: object = {}) => compileUpsert('flights', table(given), flightSchema);

function longBytes(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
}

/** The values as the protocol has them: a length, then bytes. */
function valuesOf(row: Row, buffer: RowBuffer): (Buffer | number)[] {
  const all = Buffer.alloc(row.end - row.start);
  buffer.copy(row.start, row.end, all, 0);
  const values: (Buffer | number)[] = [];
  for (let at = 0; at < all.length; ) {
    const length = all.readInt32BE(at);
    values.push(length < 0 ? length : all.subarray(at + 4, at + 4 + length));
    at += 4 + Math.max(0, length);
  }
  return values;
}

describe('upsert', () => {
  test('names every column once, and the write timestamp', () => {
    expect(upsertOf().cql).toBe(
      'INSERT INTO "flights" ("origin", "event_id", "event_time", "traceparent", "delay_minutes", "flown_metres", ' +
        '"load_factor", "diverted") VALUES (?, ?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?',
    );
  });

  test('encodes each type as the driver does', () => {
    const longs = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    const property = fc.property(
      fc.string({ minLength: 1 }),
      fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      longs,
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      (origin, delay_minutes, long, load_factor, diverted) => {
        const number = Number(long);
        const flown_metres = Number.isSafeInteger(number) ? number : `${long}`;
        const buffer = new RowBuffer(4);
        const event = flightEvent({ origin, delay_minutes, flown_metres, load_factor, diverted });
        const row = upsertOf().bind(event, buffer) as Row;
        const double = Buffer.alloc(8);
        double.writeDoubleBE(JSON.parse(JSON.stringify(load_factor)));
        const int = Buffer.alloc(4);
        int.writeInt32BE(delay_minutes);
        expect(valuesOf(row, buffer)).toEqual([
          Buffer.from(origin),
          Buffer.from('flight-1'),
          longBytes(BigInt(Date.parse('2026-11-23T09:31:00.000Z'))),
          -2,
          int,
          longBytes(long),
          double,
          Buffer.from([diverted ? 1 : 0]),
          longBytes(1_795_426_200_000_007n),
        ]);
        expect(row.partition).toBe(origin);
      },
    );
    fc.assert(property);
  });

  test('null is written, so that it replaces an older value; an unsampled trace context is not', () => {
    const buffer = new RowBuffer(16);
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';
    const unsampled = flightEvent({ delay_minutes: null }, { headers: { ...flightHeaders, traceparent } });
    const values = valuesOf(upsertOf().bind(unsampled, buffer) as Row, buffer);
    expect([values[3], values[4]]).toEqual([-2, -1]);
    const sampled = flightEvent({}, { headers: { ...flightHeaders, traceparent: traceparent.replace(/00$/, '01') } });
    expect(`${valuesOf(upsertOf().bind(sampled, buffer) as Row, buffer)[3]}`).toMatch(/-01$/);
  });

  test('a key without a value makes no row, and leaves no bytes', () => {
    const buffer = new RowBuffer(16);
    const keyed = upsertOf({ partitionKey: ['delay_minutes'] });
    expect(keyed.bind(flightEvent({ delay_minutes: null }), buffer)).toMatch(/delay_minutes/);
    expect(upsertOf().bind(flightEvent({ origin: '' }), buffer)).toMatch(/origin: the partition key is empty/);
    expect(buffer.length).toBe(0);
  });

  test('the routing key of several columns', () => {
    const { routingKey } = upsertOf({ partitionKey: ['origin', 'delay_minutes'] });
    expect(routingKey(flightEvent()).toString('hex')).toBe('000353464f000004' + '0000000c' + '00');
    expect(upsertOf().routingKey(flightEvent()).toString()).toBe('SFO');
  });

  test.each([
    ['a column that has no source', { nothing: { type: 'string' } }, /neither/],
    ['a column of another type', { delay_minutes: { type: 'boolean' } }, /int does not fit/],
  ])('%s is refused', (_what, more, reason) => {
    const spec = table({ columns: { ...columns, ...more } });
    expect(() => compileUpsert('flights', spec, flightSchema)).toThrow(reason);
  });

  test('of two records the later one has the greater write timestamp', () => {
    const at = (timestampMs: number, offset: string) => writeTimestampMicros(rawRecord({ timestampMs, offset }));
    expect(at(1000, '5')).toBeLessThan(at(1000, '6'));
    expect(at(1000, '7999')).toBeLessThan(at(1001, '8000'));
    expect(at(1000, '123456789012345678')).toBe(1_000_678);
  });
});

describe('grouping', () => {
  const bounds = { rows: 5, partitions: 3, bytes: 100 };
  const rowArbitrary = fc.record({
    partition: fc.constantFrom(...'abcdefghij'),
    bytes: fc.integer({ min: 1, max: 120 }),
  });
  const rowsOf = (given: readonly { partition: string; bytes: number }[]): Row[] =>
    given.map(({ partition, bytes }) => ({ event: flightEvent(), start: 0, end: bytes, partition }));
  const nodeOf = ({ partition }: Row) => (partition < 'e' ? 'one' : 'two');

  test('loses and doubles no row, keeps the bounds and the order within a partition', () => {
    const property = fc.property(fc.array(rowArbitrary, { maxLength: 60 }), (given) => {
      const rows = rowsOf(given);
      const groups = groupRows(rows, nodeOf, bounds);
      expect(new Set(groups.flat())).toEqual(new Set(rows));
      expect(groups.flat()).toHaveLength(rows.length);
      for (const group of groups) {
        const partitions = new Set(group.map(({ partition }) => partition));
        expect(group.length).toBeLessThanOrEqual(partitions.size > 1 ? bounds.partitions : bounds.rows);
        expect(new Set(group.map(nodeOf)).size).toBe(1);
        if (group.length > 1) expect(group.reduce((sum, { end }) => sum + end, 0)).toBeLessThanOrEqual(bounds.bytes);
        if (partitions.size > 1) expect(partitions.size).toBe(group.length);
      }
      for (const letter of 'abcdefghij') {
        const ofLetter = (all: readonly Row[]) => all.filter(({ partition }) => partition === letter);
        expect(ofLetter(groups.flat())).toEqual(ofLetter(rows));
      }
    });
    fc.assert(property);
  });
});
