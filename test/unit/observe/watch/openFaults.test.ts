/** A fault that nobody has acknowledged, after its window has left the pages: who does not watch learns of it out of the books' file. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { isAnyOpen, render } from '../../../../platform/cli/commands/ledger.ts';
import { homeAt } from '../../../../platform/home.ts';
import type { Plan } from '../../../../platform/model/plan.ts';
import type { PipelineRecord } from '../../../../platform/model/records.ts';
import type { PipelineLedger } from '../../../../platform/observe/ledger.ts';
import { confirmMs, LedgerBooks } from '../../../../platform/observe/watch/books.ts';
import { openFaultOf, openIn, stillOpen } from '../../../../platform/observe/watch/booksFile.ts';
import { KafkaLine } from '../../../../platform/observe/watch/kafkaLine.ts';
import { lookNow } from '../../../../platform/observe/watch/lookNow.ts';
import { makePlan } from '../../../../platform/operate/makePlan.ts';
import { createSecrets } from '../../../../platform/secrets/secrets.ts';
import { windowMs } from '../../../../platform/telemetry/conservation/cell.ts';

const repoRoot = fileURLToPath(new URL('../../../..', import.meta.url));
const pipeline = 'flight-delays';
const originMs = 1_795_538_300_000;
const origin = new Date(originMs).toISOString();
const nowMs = originMs + 600_000;
let directory: string;
let file: string;
let books: LedgerBooks;

const windowOf = (state: 'unbalanced' | 'unknown' | 'balanced') => ({
  ...{ originMs, origin, stages: [], waitsFor: [], state, balance: state },
  faults:
    state === 'unbalanced'
      ? [{ stage: 'store', kind: 'lost' as const, events: 2, text: '2 of 100 events missing' }]
      : [],
});
const reportOf = (windows: readonly ReturnType<typeof windowOf>[]) => ({
  ...{ windowMs, windows, lost: 0, duplicated: 0, replayed: 0 },
});
const openAt = (ms: number, revision = 1) => openIn(file, { pipeline, revision }, ms);

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-open-'));
  file = join(directory, 'ledger-faults.json');
  books = new LedgerBooks({ pipeline, revision: 1, file, onFault: (text) => expect(text).toBe('') });
  for (const atMs of [nowMs, nowMs + confirmMs])
    books.judge({ report: reportOf([windowOf('unbalanced')]), sinceMs: 0, isWhole: true }, atMs);
  books.judge({ report: reportOf([]), sinceMs: 0, isWhole: true }, nowMs + 2 * confirmMs);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('is in the file until it is acknowledged, a day old, or another pipeline’s', () => {
  expect(books.report().windows).toEqual([]);
  expect(openAt(nowMs)).toEqual(books.open());
  expect(books.open().map(openFaultOf)).toEqual([
    { originMs, origin, stage: 'store', kind: 'lost', events: 2, text: expect.any(String), toldMs: nowMs + confirmMs },
  ]);
  expect([openAt(nowMs + 90_000_000), openAt(nowMs, 0)]).toEqual([[], []]);
  expect(openIn(join(directory, 'none.json'), { pipeline, revision: 1 }, nowMs)).toEqual([]);
  books.acknowledge({}, nowMs);
  expect(openAt(nowMs)).toEqual([]);
});

test.each([
  ['gone', [], true],
  ['unknown', [windowOf('unknown')], true],
  ['balanced', [windowOf('balanced')], false],
])('`millrace ledger` where its window is %s', (_, windows, isOpen) => {
  const openFaults = stillOpen(openAt(nowMs), windows).map(openFaultOf);
  const ledger: PipelineLedger = { pipeline, ...reportOf(windows), faults: [], openFaults };
  expect(isAnyOpen(ledger)).toBe(isOpen);
  const text = render(ledger, 12);
  expect(text.includes(`UNBALANCED ${origin}: 2 of 100 events missing; found before`)).toBe(isOpen);
  expect(text.includes(`millrace ledger ${pipeline} --acknowledge`)).toBe(isOpen);
});

test('`millrace ledger` names it once where its window is still there', () => {
  const openFaults = openAt(nowMs).map(openFaultOf);
  const text = render({ pipeline, ...reportOf([windowOf('unbalanced')]), faults: [], openFaults }, 12);
  expect(text.match(/UNBALANCED/g)).toHaveLength(1);
});

test('counts for `millrace status`', async () => {
  const home = homeAt(directory);
  const plan = (await makePlan({ home, repoRoot, env: {} }, pipeline, pipeline, {})) as Plan;
  const record: PipelineRecord = {
    ...{ format: 'millrace/pipeline/1', pipeline, blueprint: pipeline, revision: 1, operation: 'x' },
    ...{ state: 'flowing', plan, endpoints: {} },
  };
  const secrets = createSecrets(home.secretsDir);
  const look = async () =>
    await lookNow(record, {
      ...{ statuses: new Map(), worker: true, frameworks: [], acknowledged: [], open: openAt(nowMs) },
      kafka: new KafkaLine({ record: () => undefined, secrets, now: Date.now }),
      ...{ now: Date.now, pause: async () => undefined, newestDeadLetter: async () => undefined },
    });
  expect((await look()).unbalanced).toEqual({ windows: 1, newest: `${origin}, 2 of 100 events missing` });
  books.acknowledge({}, nowMs);
  expect((await look()).unbalanced).toBeNull();
});
