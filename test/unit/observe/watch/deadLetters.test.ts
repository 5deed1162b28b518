/** Dead letters of the last ten minutes, asked of a log by its timestamps: what is told, how it ends, and what it costs. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  DeadLetterWatch,
  deadLetterSpanMs,
  deadLettersOf,
  filledTopics,
  type NewestDeadLetter,
} from '../../../../platform/observe/watch/deadLetters.ts';
import { toldOf } from '../../../../platform/operate/newestDeadLetter.ts';

const start = 1_795_538_300_000;
const minute = 60_000;
const [flights, results] = ['mine.flights.dead', 'mine.results.dead'];

/** A Kafka of timestamps, and who looks at it. */
class Line {
  nowMs = start;
  readonly logs: Record<string, number[]> = { [flights]: [], [results]: [] };
  counted = 0;
  reads = 0;
  fails = false;
  watch = this.open();

  open(): DeadLetterWatch {
    return new DeadLetterWatch('mine', async (_, topics) => {
      this.reads += 1;
      if (this.fails) throw new Error('no answer');
      const found = topics.flatMap((topic) => this.logs[topic]!.map((atMs) => ({ topic, atMs })));
      const newest = found.sort((one, other) => other.atMs - one.atMs)[0];
      return newest && { ...newest, stage: 'store', reason: `bad-json: ${newest.atMs - start}` };
    });
  }

  async look() {
    const topics = Object.entries(this.logs).map(([topic, { length }]) => {
      return [topic, [{ partition: 0, startOffset: 0, endOffset: length }]] as const;
    });
    const offsets = { topics: Object.fromEntries(topics), groups: {} };
    await this.watch.see(['flights', 'results', 'other'], offsets, this.nowMs, async (asked, sinceMs) => {
      this.counted += 1;
      const counts = asked.map((topic) => [topic, this.logs[topic]!.filter((atMs) => atMs >= sinceMs).length]);
      return Object.fromEntries(counts) as Record<string, number>;
    });
    await this.watch.close();
    return this.watch.recent(this.nowMs);
  }

  async until(endMs: number) {
    let seen = await this.look();
    while (this.nowMs < endMs) {
      this.nowMs += 2000;
      seen = await this.look();
    }
    return seen;
  }
}

const none = { records: 0, overMs: deadLetterSpanMs, topics: [], newest: null };

describe('dead letters', () => {
  test('are told with their count, topic and newest reason, for ten minutes after the last one', async () => {
    const line = new Line();
    expect(await line.until(start + minute)).toEqual(none);
    line.logs[flights]!.push(line.nowMs, line.nowMs + 1000);
    line.nowMs += 2000;
    expect(await line.look()).toEqual({
      ...{ records: 2, overMs: deadLetterSpanMs, topics: [flights] },
      newest: { agoMs: 1000, stage: 'store', reason: 'bad-json: 61000' },
    });
    expect(await line.until(start + 6 * minute)).toMatchObject({ records: 2 });
    line.logs[results]!.push(line.nowMs);
    line.nowMs += 2000;
    const both = await line.look();
    expect(both).toMatchObject({ records: 3, topics: [flights, results] });
    expect(both.newest?.reason).toBe(`bad-json: ${6 * minute}`);
    expect(await line.until(start + 12 * minute)).toMatchObject({ records: 1, topics: [results] });
    expect(await line.until(start + 17 * minute)).toEqual(none);
  });

  test('are told by an observer that has just started as by one that was there', async () => {
    const line = new Line();
    line.logs[flights]!.push(start - 20 * minute, start - minute);
    const before = await line.look();
    expect(before).toMatchObject({ records: 1, newest: { agoMs: minute } });
    line.watch = line.open();
    expect(await line.look()).toEqual(before);
  });

  test('cost nothing while there are none, and little while nothing is added', async () => {
    const line = new Line();
    await line.until(start + 10 * minute);
    expect([line.counted, line.reads]).toEqual([0, 0]);
    line.logs[flights]!.push(line.nowMs);
    await line.until(line.nowMs + minute);
    expect([line.counted, line.reads]).toEqual([7, 1]);
  });

  test('are counted without their reason while that can not be read, and with it once it can', async () => {
    const line = new Line();
    line.logs[flights]!.push(start);
    line.fails = true;
    expect(await line.look()).toMatchObject({ records: 1, newest: null });
    line.fails = false;
    expect(await line.until(start + minute)).toMatchObject({ records: 1, newest: { stage: 'store' } });
  });

  test('leave the count after a clock that was set back, and their reason is read', async () => {
    const line = new Line();
    line.logs[flights]!.push(start);
    line.fails = true;
    await line.until(start + minute);
    line.nowMs -= 60 * minute;
    [line.fails, line.logs[flights]] = [false, [line.nowMs - 9 * minute]];
    expect(await line.until(line.nowMs + minute / 2)).toMatchObject({ records: 1, newest: { stage: 'store' } });
    expect(await line.until(line.nowMs + 2 * minute)).toEqual(none);
  });

  test('are asked for only in topics that hold something', () => {
    const offsets = { topics: { [flights]: [{ partition: 0, startOffset: 3, endOffset: 3 }] }, groups: {} };
    expect(filledTopics('mine', ['flights', 'results'], offsets)).toEqual([]);
    const newest: NewestDeadLetter = { topic: results, atMs: start, stage: 's', reason: 'r' };
    expect(deadLettersOf({ [flights]: 1, [results]: 0 }, newest, start)).toMatchObject({ records: 1, newest: null });
  });
});

describe('why one could not be processed', () => {
  const record = (headers: Record<string, string | Buffer>) => ({ topic: flights, timestampMs: start, headers });

  test('is told with its detail, and who said so', () => {
    const headers = { 'millrace-reason': 'wrong-type', 'millrace-detail': 'delay: expected int, got string' };
    expect(toldOf(record({ ...headers, 'millrace-flow': Buffer.from('spark:severe') }))).toEqual({
      ...{ topic: flights, atMs: start, stage: 'severe' },
      reason: 'wrong-type: delay: expected int, got string',
    });
    expect(toldOf(record({}))).toMatchObject({ stage: 'unknown', reason: 'no reason is given' });
  });

  test('is one line of bounded length that no terminal obeys, whatever the headers hold', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (text) => {
        const { stage, reason } = toldOf(
          record({ 'millrace-reason': text, 'millrace-detail': text, 'millrace-flow': text }),
        );
        expect(`${stage}${reason}`).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        expect(reason.length).toBeLessThanOrEqual(402);
      }),
    );
    expect(toldOf(record({ 'millrace-reason': '\u001b[2Jx\ny' })).reason).toBe('\uFFFD[2Jx\uFFFDy');
  });
});
