/** The ledger of a stage that dies at any moment: on its next start it goes on as if nothing had been. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { openJournal } from '../../../platform/telemetry/conservation/journal.ts';
import { StageLedger } from '../../../platform/telemetry/conservation/stageLedger.ts';
import { addTallies, eventHash, Tally } from '../../../platform/telemetry/conservation/tally.ts';
import { FlowMeter, type MeteredRecord } from '../../../platform/telemetry/stageMeter.ts';
import { ledgerHeader, startMs } from '../../fixtures/ledgerEvents.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'restart-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function tallyOf(count: number) {
  const tally = new Tally();
  for (let event = 0; event < count; event++) tally.add(eventHash(`event-${event}`));
  return tally.value();
}

function totals(file: string) {
  const journal = openJournal(file);
  const { cells } = new StageLedger({ stage: 'store', journal, now: () => startMs }).snapshot();
  journal.close();
  const of = (kind: 'in' | 'out') => addTallies(cells.flatMap(({ tallies }) => tallies[kind] ?? []));
  return { in: of('in'), out: of('out') };
}

/** Counts events from `from` to `to` in batches; answers the journal's length after each, with the offset that was reached. */
function count(file: string, from: number, to: number): readonly { readonly bytes: number; readonly next: number }[] {
  const journal = openJournal(file);
  const meter = new FlowMeter({ stage: 'store', kind: 'sink', journal, now: () => startMs });
  const none: ReadonlySet<never> = new Set();
  const written = [];
  for (let next = from; next < to; ) {
    const incoming = Array.from({ length: Math.min(7, to - next) }, (_, i): MeteredRecord => {
      const raw = { topic: 'events', partition: 0, offset: `${next + i}` };
      return {
        id: `event-${next + i}`,
        pathway: ledgerHeader(next + i),
        traceparent: undefined,
        jobAt: undefined,
        raw,
      };
    });
    meter.passed({ incoming, filtered: none, deadLettered: none, acknowledged: incoming, anew: false }, startMs);
    next += incoming.length;
    written.push({ bytes: statSync(file).size, next });
  }
  journal.close();
  return written;
}

test('killed within any byte of the journal, with any part of what it holds committed, it counts each event once', () => {
  let run = 0;
  const deaths = fc.array(fc.record({ events: fc.integer({ min: 1, max: 60 }), cut: fc.nat(), behind: fc.nat(3) }), {
    minLength: 1,
    maxLength: 5,
  });
  fc.assert(
    fc.property(deaths, (all) => {
      const file = join(directory, `${run++}.ndjson`);
      let [committed, reached] = [0, 0];
      for (const { events, cut, behind } of all) {
        const before = committed === 0 && reached === 0 ? 0 : statSync(file).size;
        const batches = count(file, committed, committed + events);
        reached = Math.max(reached, committed + events);
        // The last write was cut off anywhere; what was committed had been written before, and lags behind it.
        const kept = batches.at(-2 - behind);
        const last = batches.at(-2)?.bytes ?? before;
        truncateSync(file, last + (cut % (statSync(file).size - last + 1)));
        committed = kept?.next ?? committed;
      }
      count(file, committed, reached + 10);
      const whole = tallyOf(reached + 10);
      expect(totals(file)).toEqual({ in: whole, out: whole });
    }),
    { numRuns: 60 },
  );
});

test('ended with kill -9 again and again, also while the journal is written anew, it counts each event once', async () => {
  const events = 60_000;
  const [file, committed] = [join(directory, 'store.ndjson'), join(directory, 'committed')];
  writeFileSync(committed, '0');
  const script = new URL('../../fixtures/ledgerChild.ts', import.meta.url).pathname;
  let [kills, said] = [0, ''];
  for (let delayMs = 150; !said.includes('done'); delayMs = 150 + ((delayMs * 37) % 400)) {
    const child = spawn(process.execPath, [script, file, committed, `${events}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NODE_OPTIONS: '--disable-warning=ExperimentalWarning' },
    });
    child.stdout.on('data', (text) => (said += text));
    const ended = once(child, 'close');
    // The first ones die; one that is let live brings it to its end.
    if (kills < 8) {
      await Promise.race([ended, sleep(delayMs)]);
      if (child.exitCode === null && child.kill('SIGKILL')) kills += 1;
    }
    await ended;
  }
  expect(kills).toBeGreaterThan(0);
  expect(Number(readFileSync(committed, 'utf8'))).toBe(events);
  const whole = tallyOf(events);
  expect(totals(file)).toEqual({ in: whole, out: whole });
}, 60_000);
