/** An ingress that goes on, and a sink with a journal in a file whose process ends and starts; by a clock of the test's. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from '@jest/globals';
import { balance } from '../../../platform/telemetry/conservation/balance.ts';
import { windowMs } from '../../../platform/telemetry/conservation/cell.ts';
import { memoryJournal } from '../../../platform/telemetry/conservation/journal.ts';
import { journalFor } from '../../../platform/telemetry/conservation/journalFor.ts';
import { FlowMeter, IngressMeter } from '../../../platform/telemetry/stageMeter.ts';
import { arrive, enter, idsOf } from '../observe/watch/counts.ts';

export const start = 1_795_538_300_000;
/** Of each test: the journal, and what was said of it. */
let directory: string;
export let file: string;
export let said: string[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-journal-'));
  file = join(directory, 'conservation', 'store.ndjson');
  said = [];
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** An ingress that goes on, and a sink whose process ends and starts. */
export class Line {
  nowMs = start;
  readonly ingress = new IngressMeter({
    stage: 'ingress',
    kind: 'ingress',
    journal: memoryJournal(),
    now: () => this.nowMs,
  });
  sink = this.open();
  read = 0;

  open(): FlowMeter {
    const now = () => this.nowMs;
    const journal = journalFor(file, { log: (message) => void said.push(message), now });
    return new FlowMeter({ stage: 'store', kind: 'sink', journal, now });
  }

  /** One window, ten events, of which the sink loses some. */
  pass(lose = 0): void {
    const records = enter(this.ingress, idsOf(10, `e${this.nowMs}`), this.nowMs);
    arrive(this.sink, records.slice(lose), { atMs: this.nowMs, offset: this.read });
    this.read += 10;
    this.nowMs += windowMs;
  }

  /** After `kill -9`: what is not in the journal is gone. */
  restart(): void {
    this.sink = this.open();
  }

  report() {
    return balance(
      [
        { name: 'ingress', writes: 'flights', pages: [this.ingress.report().ledger], drained: true },
        { name: 'store', reads: 'flights', pages: [this.sink.report().ledger], drained: true },
      ],
      this.nowMs + 60_000,
    );
  }

  states() {
    return this.report().windows.map(({ state }) => state);
  }
}
