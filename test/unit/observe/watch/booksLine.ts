/** A pipeline of real meters whose ledger is compared again and again, by a clock of the test's. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from '@jest/globals';
import type { Hop } from '../../../../platform/observe/hops.ts';
import { LedgerBooks } from '../../../../platform/observe/watch/books.ts';
import { HopWatch } from '../../../../platform/observe/watch/hopWatch.ts';
import { judge } from '../../../../platform/observe/watch/judge.ts';
import type { FlowMeter, IngressMeter } from '../../../../platform/telemetry/stageMeter.ts';
import { answerOf, arrive, enter, idsOf, ingressMeter, sinkMeter } from './counts.ts';

const hops: readonly Hop[] = [
  { name: 'ingress', kind: 'ingress', part: 'ingress', writes: 'flights' },
  { name: 'store', kind: 'sink', part: 'sinks', reads: 'flights', group: 'mine.store' },
];
export const start = 1_795_538_300_000;
export const lookEveryMs = 2000;
/** Within this time windows that were judged long ago are looked at once more. */
export const wholeMs = 320_000;
/** Of each test, and what the books have told of their file. */
export let directory: string;
export let told: string[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-books-'));
  told = [];
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** A pipeline of two stages and its observer, both by a clock of the test's. */
export class Line {
  nowMs = start;
  readonly ingress = ingressMeter(() => this.nowMs);
  readonly store = sinkMeter('store', () => this.nowMs);
  written = 0;
  read = 0;
  books = this.open();
  watch = new HopWatch('mine', hops);

  open(revision = 1): LedgerBooks {
    return new LedgerBooks({
      pipeline: 'mine',
      revision,
      file: join(directory, 'faults.json'),
      onFault: (text) => void told.push(text),
    });
  }

  pass(count: number, lose = 0): void {
    const records = enter(this.ingress, idsOf(count, `e${this.nowMs}`), this.nowMs);
    this.written += count;
    arrive(this.store, records.slice(lose), { atMs: this.nowMs, offset: this.read });
    this.read += count;
  }

  look(telling: readonly (IngressMeter | FlowMeter)[] = [this.ingress, this.store]) {
    const ends = [{ partition: 0, startOffset: 0, endOffset: this.written }];
    const offsets = { topics: { 'mine.flights': ends }, groups: { 'mine.store': { 0: this.read } } };
    const look = { askedMs: this.nowMs, atMs: this.nowMs, offsets };
    const sinceMs = this.books.sinceMs(this.nowMs);
    const answers = telling.map((stage) =>
      answerOf(stage === this.ingress ? 'mine.ingress.0' : 'mine.sinks.0', [stage], this.nowMs, sinceMs),
    );
    this.watch.see(look, answers);
    return this.books.judge(judge({ pipeline: 'mine' }, hops, look, answers, this.watch), this.nowMs);
  }

  /** Looks until then; answers what was told, with its time. */
  until(endMs: number, each: () => void = () => undefined) {
    const found = [];
    while (this.nowMs < endMs) {
      this.nowMs += lookEveryMs;
      each();
      found.push(...this.look().map((fault) => ({ ...fault, atMs: this.nowMs })));
    }
    return found;
  }
}

/** One event was lost in the first window, and that was told. */
export function faulty(): Line {
  const line = new Line();
  line.pass(100, 1);
  line.until(start + 60_000, () => line.pass(5));
  return line;
}
