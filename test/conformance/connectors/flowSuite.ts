/**
 * What a flow keeps whatever happens, run for each kind of sink on its real server, in the process that runs it in a pipeline:
 * nothing is lost, nothing is committed that the store has not acknowledged, and what can't be processed is in the dead-letter
 * topic. Servers are made to hang (SIGSTOP) where a test has to be inside a moment, so that no test depends on speed.
 */
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type KafkaServer, startKafka } from '../../fixtures/servers.ts';
import { faults, isGood, partitions, recordsFrom, type SentRecord, seldomBad } from './flowRecords.ts';
import { FlowRoom, pipeline, type Store } from './flowRoom.ts';

export interface FlowUnderTest {
  readonly name: string;
  /** Five ports from here on are the suite's; the store has those from `firstPort + 10` on. */
  readonly firstPort: number;
  startStore(firstPort: number): Promise<Store>;
}

jest.setTimeout(300_000);
/** What a fetch may bring of each partition (kafka/sourceOptions.ts). */
const fetchedBytes = 512 * 1024;
/** What the process reads besides records while a store hangs: its servers' other answers. Less than one more fetch. */
const besidesBytes = fetchedBytes / 2;

export function flowSuite(subject: FlowUnderTest): void {
  describe(`a flow from Kafka to ${subject.name}`, () => {
    let kafka: KafkaServer;
    let store: Store;
    let room: FlowRoom;

    beforeAll(async () => {
      [kafka, store] = await Promise.all([
        startKafka(subject.firstPort, pipeline),
        subject.startStore(subject.firstPort + 10),
      ]);
    });
    afterEach(async () => {
      for (const { server } of [kafka, store]) server.resume();
      await room?.end('SIGKILL');
    });
    afterAll(() => Promise.all([kafka, store].map((each) => each?.server.remove())));

    const enter = async (name: string, small = false) => {
      room = new FlowRoom(name, kafka, store, subject.firstPort + 4);
      await room.make(small);
      await room.start();
    };
    /** Once all before is committed: sends while the store hangs, and resolves when some of it is in the flow's hand. */
    const sendIntoHand = async (before: number, records: readonly SentRecord[]) => {
      await room.untilCommitted(before);
      store.server.hang();
      await room.send(records);
      return room.until(({ received }) => received > before);
    };
    const expectStored = async (sent: readonly SentRecord[]) => {
      const stored = await room.stored();
      const good = sent.filter(isGood);
      expect(good.filter(({ id }) => !stored.has(id)).map(({ id }) => id)).toEqual([]);
      expect(stored.size).toBe(good.length);
      if (!store.keepsRepeats) expect([...stored.values()].filter((times) => times !== 1)).toEqual([]);
    };

    test('kill -9 of the process: each record of 20,000 is there, and nothing was committed too early', async () => {
      await enter('killed');
      const sent = recordsFrom(0, 20_000, seldomBad);
      await room.send(sent.slice(0, 10_000));
      const { written } = await sendIntoHand(10_000, sent.slice(10_000, 15_000));
      // What is in hand is stored now, and can't be committed.
      kafka.server.hang();
      store.server.resume();
      await room.until((metrics) => metrics.written > written);
      await room.end('SIGKILL');
      kafka.server.resume();

      const [committed, stored, buried] = [await room.committed(), await room.stored(), await room.deadLetters()];
      const isCommitted = ({ partition, offset }: SentRecord) => offset < committed[partition]!;
      const kept = new Set(buried.map(({ origin }) => origin));
      const isKept = (record: SentRecord) => (isGood(record) ? stored.has(record.id) : kept.has(room.origin(record)));
      expect(sent.filter((record) => isCommitted(record) && !isKept(record))).toEqual([]);
      expect(sent.filter((record) => !isCommitted(record) && isKept(record)).length).toBeGreaterThan(0);

      await room.send(sent.slice(15_000));
      await room.start();
      await room.untilCommitted(sent.length);
      await expectStored(sent);
      const bad = sent.filter((record) => !isGood(record));
      const dead = Map.groupBy(await room.deadLetters(), ({ origin }) => origin);
      expect([...dead.keys()].toSorted()).toEqual(bad.map((record) => room.origin(record)).toSorted());
      // One kill: what was buried and not yet committed is buried once more.
      for (const letters of dead.values()) expect(letters.length).toBeLessThanOrEqual(2);
    });

    test('kill -9 of the store: its records are held until it is back', async () => {
      await enter('store-killed');
      const sent = recordsFrom(0, 9000);
      await room.send(sent.slice(0, 6000));
      await sendIntoHand(6000, sent.slice(6000, 8000));
      await store.server.kill();
      const { written, state } = await room.until(({ retries }) => retries > 0);
      expect(written).toBeLessThan(8000);
      expect(state).toMatchObject({ phase: 'retrying', waitingFor: expect.stringMatching(/^writing: ./) });
      await room.send(sent.slice(8000));
      await store.server.start();
      await room.untilCommitted(sent.length);
      await expectStored(sent);
      const { deadLettered, lagRecords } = await room.until(({ lagRecords }) => lagRecords === 0);
      expect([Object.values(deadLettered).filter(Boolean), lagRecords]).toEqual([[], 0]);
      expect(await room.deadLetters()).toEqual([]);
    });

    test('a store that hangs: one batch of each partition is in hand, and nothing more is read', async () => {
      await enter('hanging');
      const note = 'x'.repeat(1000);
      const sent = recordsFrom(0, 16_000, undefined, note);
      const first = room.host.usage();
      await sendIntoHand(0, sent.slice(0, 2000));
      for (let i = 2000; i < sent.length; i += 2000) await room.send(sent.slice(i, i + 2000));
      // The store did not answer within the time of a request, so all of the above was there to be read meanwhile.
      const { received, written } = await room.until(({ retries }) => retries > 0);
      const heldBytes = (received - written) * note.length;
      expect(heldBytes).toBeLessThanOrEqual(partitions * fetchedBytes);
      const readBytes = room.host.usage().readBytes - first.readBytes;
      expect(readBytes).toBeLessThanOrEqual(2 * partitions * fetchedBytes + besidesBytes);
      expect(sent.length * note.length).toBeGreaterThan(3 * readBytes);
      store.server.resume();
      await room.untilCommitted(sent.length);
      await expectStored(sent);
    });

    test('what can not be processed is a dead letter once, with its reason and origin; its neighbours are stored', async () => {
      await enter('spoilt', true);
      const all = [...faults, ...(store.refused ? [store.refused(0)] : [])];
      const sent = recordsFrom(0, 200, (i) => (i % 10 === 3 ? all[(i - 3) / 10] : undefined));
      const bad = sent.filter((record) => !isGood(record));
      expect(bad).toHaveLength(all.length);
      await room.send(sent);
      await room.untilCommitted(sent.length);
      await expectStored(sent);
      const expected = bad
        .map((record) => ({ reason: record.reason, origin: room.origin(record), flow: 'spoilt' }))
        .toSorted((a, b) => (a.origin < b.origin ? -1 : 1));
      const dead = async () => (await room.deadLetters()).toSorted((a, b) => (a.origin < b.origin ? -1 : 1));
      expect(await dead()).toMatchObject(expected);
      expect(await dead()).toHaveLength(expected.length);
      expect((await dead()).filter(({ detail }) => detail === '')).toEqual([]);
      const { deadLettered, written, received } = await room.until(() => true);
      expect(deadLettered).toMatchObject(Object.fromEntries(all.map(({ reason }) => [reason, 1])));
      expect([received, written]).toEqual([sent.length, sent.length - all.length]);

      await room.end('SIGTERM');
      await room.start();
      const more = recordsFrom(200, 40);
      await room.send(more);
      await room.untilCommitted(240);
      await expectStored([...sent, ...more]);
      expect(await dead()).toHaveLength(expected.length);
    });

    test('kill -9 of the broker: what is in hand is committed when it is back, and nothing is lost', async () => {
      await enter('broker-killed');
      const sent = recordsFrom(0, 8000, seldomBad);
      await sendIntoHand(0, sent.slice(0, 6000));
      await kafka.server.kill();
      store.server.resume();
      await room.until(({ written }) => written > 0);
      await kafka.server.start();
      await room.send(sent.slice(6000));
      await room.untilCommitted(sent.length);
      await expectStored(sent);
      const dead = new Set((await room.deadLetters()).map(({ origin }) => origin));
      const bad = sent.filter((record) => !isGood(record)).map((record) => room.origin(record));
      expect([...dead].toSorted()).toEqual(bad.toSorted());
    });
  });
}
