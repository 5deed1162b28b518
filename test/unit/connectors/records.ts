/** Records and schemas for the tests of connectors. */
import type { EventRecord, RawRecord } from '../../../platform/connectors/contract.ts';
import { compileDecoder, isPoison } from '../../../platform/connectors/event.ts';
import { eventSchema } from '../../../platform/model/schema.ts';

export const flightSchema = eventSchema.parse({
  name: 'flight',
  fields: {
    origin: { type: 'string' },
    delay_minutes: { type: 'int', nullable: true },
    flown_metres: { type: 'long' },
    load_factor: { type: 'double' },
    diverted: { type: 'boolean' },
    departed_at: { type: 'timestamp' },
  },
});

export const flightFields = {
  origin: 'SFO',
  delay_minutes: 12,
  flown_metres: 4_100_000,
  load_factor: 0.83,
  diverted: false,
  departed_at: '2026-11-23T09:30:00.000Z',
};

export const flightHeaders: Record<string, Buffer | string | undefined> = {
  ce_specversion: '1.0',
  ce_id: 'flight-1',
  ce_time: '2026-11-23T09:31:00.000Z',
  ce_type: 'flight.landed',
  ce_source: '/feed',
  'millrace-pathway': '1;shop;1',
};

export function rawRecord(given: Partial<RawRecord> = {}): RawRecord {
  return {
    topic: 'shop.flights',
    partition: 0,
    offset: '7',
    timestampMs: 1_795_426_200_000,
    key: Buffer.from('SFO'),
    value: Buffer.from(JSON.stringify(flightFields)),
    headers: flightHeaders,
    ...given,
  };
}

export const decodeFlight = compileDecoder({ schema: flightSchema, maxValueBytes: 2000 });

/** For events that are larger than a flow would let through, to see what a store says to them. */
export const decodeAnySize = compileDecoder({ schema: flightSchema, maxValueBytes: 1_000_000 });

export function flightEvent(
  fields: object = {},
  given: Partial<RawRecord> & { id?: string } = {},
  decode = decodeFlight,
): EventRecord {
  const { id = 'flight-1', ...raw } = given;
  const value = Buffer.from(JSON.stringify({ ...flightFields, ...fields }));
  const decoded = decode(rawRecord({ value, headers: { ...flightHeaders, ce_id: id }, ...raw }));
  if (isPoison(decoded)) throw new Error(`${decoded.reason}: ${decoded.detail}`);
  return decoded;
}
