/** What every sink must do on its real store: one suite, run for each. */
import { randomUUID } from 'node:crypto';
import { afterAll, describe, expect, jest, test } from '@jest/globals';
import type { EventRecord, Sink } from '../../../platform/connectors/contract.ts';
import { flightEvent, flightHeaders } from '../../unit/connectors/records.ts';

export interface SinkUnderTest {
  readonly name: string;
  sink(): Sink;
  /** The same sink, for a store that is not there, and for one that is another's. */
  sinkOfNobody(): Sink;
  sinkOfAnother(): Sink;
  /** How often each event is in the store. */
  stored(): Promise<Map<string, number>>;
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Whether a repeated write leaves one effect; a log keeps both. */
  readonly repeats: 'one effect' | 'a second record';
  /** An event that the store refuses for good; undefined: there is none. */
  readonly refused?: () => EventRecord;
}

jest.setTimeout(240_000);
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export function events(count: number, offset = 0): EventRecord[] {
  return Array.from({ length: count }, (_, i) => eventOf(`flight-${offset + i}-${randomUUID()}`, offset + i));
}

export function eventOf(id: string, offset: number): EventRecord {
  const fields = { origin: `A${offset % 7}`, delay_minutes: offset };
  return flightEvent(fields, { id, offset: `${offset}`, headers: { ...flightHeaders, ce_id: id } });
}

export function sinkSuite(subject: SinkUnderTest): void {
  describe(subject.name, () => {
    const sink = subject.sink();
    afterAll(() => sink.close());

    test('does not open while its store is not there', async () => {
      await expect(subject.sinkOfNobody().open()).rejects.toThrow();
    });
    test('does not open on a store that is not ours', async () => {
      await expect(subject.sinkOfAnother().open()).rejects.toMatchObject({ code: 'WRONG_IDENTITY' });
    });
    test('has stored what it acknowledged', async () => {
      await sink.open();
      const written = events(1500);
      expect(await sink.write(written)).toEqual({ poison: [] });
      expect(await missing(subject, written)).toEqual([]);
    });
    test(`a repeated write leaves ${subject.repeats}`, async () => {
      const written = events(50);
      await sink.write(written);
      await sink.write(written.toReversed());
      const stored = await subject.stored();
      const expected = subject.repeats === 'one effect' ? 1 : 2;
      for (const { id } of written) expect(stored.get(id)).toBe(expected);
    });
    const { refused: makeRefused } = subject;
    (makeRefused ? test : test.skip)('a refused record is poison, and its neighbours are stored', async () => {
      const written = events(30);
      const refused = makeRefused!();
      const { poison } = await sink.write([...written.slice(0, 15), refused, ...written.slice(15)]);
      expect(poison).toEqual([{ raw: refused.raw, reason: 'refused-by-store', detail: expect.any(String) }]);
      expect(await missing(subject, written)).toEqual([]);
    });
    test('kill -9 of the store: writes reject, and later go on; what was acknowledged is there', async () => {
      const acknowledged: EventRecord[] = [];
      const failure = await writeUntilRejected(sink, acknowledged, () => subject.kill());
      expect(failure).toBeInstanceOf(Error);
      await subject.start();
      const last = events(20, 900_000);
      while (
        !(await sink.write(last).then(
          () => true,
          () => sleep(200).then(() => false),
        ))
      );
      expect(acknowledged.length).toBeGreaterThan(0);
      expect(await missing(subject, [...acknowledged, ...last])).toEqual([]);
    });
  });
}

/** Has the store killed in the middle of the writes. */
async function writeUntilRejected(
  sink: Sink,
  acknowledged: EventRecord[],
  kill: () => Promise<void>,
): Promise<unknown> {
  let killed: Promise<void> | undefined;
  for (let round = 0; ; round++) {
    const batch = events(100, 10_000 + round * 100);
    try {
      await sink.write(batch);
      acknowledged.push(...batch);
      if (acknowledged.length >= 500) killed ??= kill();
    } catch (error) {
      await killed;
      return error;
    }
  }
}

async function missing(subject: SinkUnderTest, written: readonly EventRecord[]): Promise<string[]> {
  const stored = await subject.stored();
  return written.flatMap(({ id }) => (stored.has(id) ? [] : [id]));
}
