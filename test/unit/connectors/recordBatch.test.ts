/** Our reader against kafkajs' own encoder. */
import { createRequire } from 'node:module';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { RawRecord } from '../../../platform/connectors/contract.ts';
import { readRecordBatches, readRecords } from '../../../platform/connectors/kafka/recordBatch.ts';

const require = createRequire(import.meta.url);
interface Encoder {
  readonly buffer: Buffer;
}
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0/index.js') as {
  RecordBatch(batch: object): Promise<Encoder>;
};
const encodeRecord = require('kafkajs/src/protocol/recordBatch/record/v0/index.js') as (record: object) => Encoder;

interface Given {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Record<string, string>;
  readonly timestampDelta: number;
}
const firstTimestampMs = 1_795_426_200_000;

async function encode(records: readonly Given[], compression = 0, firstOffset = 0): Promise<Buffer> {
  const encoded = records.map((record, offsetDelta) => encodeRecord({ ...record, offsetDelta }));
  const batch = { compression, firstOffset, firstTimestamp: firstTimestampMs, maxTimestamp: firstTimestampMs };
  const made = await RecordBatch({ ...batch, lastOffsetDelta: records.length - 1, records: encoded });
  return made.buffer;
}

function decode(bytes: Buffer, fromOffset = 0): RawRecord[] {
  const records: RawRecord[] = [];
  for (const batch of readRecordBatches(bytes) ?? []) readRecords(batch, 'shop.flights', 3, fromOffset, records);
  return records;
}

const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
const given: fc.Arbitrary<Given> = fc.record({
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers: fc.dictionary(fc.constantFrom('ce_id', 'ce_time', 'traceparent', 'x-other', 'é'), fc.string()),
  timestampDelta: fc.integer({ min: 0, max: 2 ** 40 }),
});

describe('record batches', () => {
  test.each([
    ['uncompressed', 0],
    ['gzip', 1],
  ])('%s: are read as they were written', async (_name, compression) => {
    const property = fc.asyncProperty(fc.array(given, { minLength: 1, maxLength: 20 }), async (records) => {
      const read = decode(await encode(records, compression, 41));
      expect(read.map(({ offset }) => offset)).toEqual(records.map((_, i) => `${41 + i}`));
      for (const [i, { key, value, headers, timestampDelta }] of records.entries()) {
        const record = read[i]!;
        expect(record).toMatchObject({ topic: 'shop.flights', partition: 3, key, value });
        expect([record.keyBytes, record.valueBytes]).toEqual([key?.length ?? -1, value?.length ?? -1]);
        expect(record.valueText?.()).toBe(value === null ? '' : `${value}`);
        expect(record.timestampMs).toBe(firstTimestampMs + timestampDelta);
        const texts = Object.fromEntries(Object.entries(read[i]!.headers).map(([name, each]) => [name, `${each}`]));
        expect(texts).toEqual(headers);
        expect(read[i]!.envelope).toMatchObject({
          event_id: headers.ce_id,
          event_time: headers.ce_time,
          traceparent: headers.traceparent,
          event_type: undefined,
        });
      }
    });
    await fc.assert(property, { numRuns: 40 });
  });

  test('a batch that is cut off is left for the next fetch, and records before the offset are left out', async () => {
    const record = (value: string): Given => ({ key: null, value: Buffer.from(value), headers: {}, timestampDelta: 0 });
    const [first, second] = [await encode([record('a'), record('b')]), await encode([record('c')], 0, 2)];
    const values = (read: RawRecord[]) => read.map(({ value }) => `${value}`);
    expect(values(decode(Buffer.concat([first, second]), 1))).toEqual(['b', 'c']);
    expect(values(decode(Buffer.concat([first, second.subarray(0, second.length - 1)])))).toEqual(['a', 'b']);
    expect(values(decode(first.subarray(0, 30)))).toEqual([]);
  });

  test('an older format is not ours to read', async () => {
    const old = await encode([{ key: null, value: null, headers: {}, timestampDelta: 0 }]);
    old[16] = 1;
    expect(readRecordBatches(old)).toBeUndefined();
  });

  test('a compression that Node does not know is named', async () => {
    const batch = await encode([{ key: null, value: null, headers: {}, timestampDelta: 0 }]);
    batch[22] = 3;
    expect(() => decode(batch)).toThrow(/lz4/);
  });
});
