/** Acknowledging faults of the ledger by the API: real books behind the route. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Plan } from '../../../platform/model/plan.ts';
import { confirmMs, LedgerBooks } from '../../../platform/observe/watch/books.ts';
import { openFaultOf } from '../../../platform/observe/watch/booksFile.ts';
import { makePlan } from '../../../platform/operate/makePlan.ts';
import { createRecords } from '../../../platform/records/records.ts';
import { windowMs } from '../../../platform/telemetry/conservation/cell.ts';
import { ask, logIn, startWorld, type World } from './world.ts';

const repoRoot = fileURLToPath(new URL('../../..', import.meta.url));
const pipeline = 'flight-delays';
const path = `/api/pipelines/${pipeline}/ledger/acknowledge`;
const directory = mkdtempSync(join(tmpdir(), 'millrace-ledger-api-'));
const origins = [0, 1, 2].map((at) => 1_795_538_300_000 + at * windowMs);
let world: World;
let books: LedgerBooks;

beforeAll(async () => {
  const onFault = (text: string) => expect(text).toBe('');
  books = new LedgerBooks({ pipeline, revision: 1, onFault, file: join(directory, 'faults.json') });
  const windows = origins.map((originMs) => ({
    ...{ originMs, origin: new Date(originMs).toISOString(), stages: [], waitsFor: [] },
    ...{ state: 'unbalanced' as const, balance: 'unbalanced' as const },
    faults: [{ stage: 'store', kind: 'lost' as const, events: 2, text: '2 of 100 events missing' }],
  }));
  const report = { windowMs, windows, lost: 6, duplicated: 0, replayed: 0 };
  const nowMs = Date.now();
  for (const lookMs of [nowMs - 2 * confirmMs, nowMs]) books.judge({ report, sinceMs: 0, isWhole: true }, lookMs);
  world = await startWorld({
    watcher: {
      ledger: () => ({ pipeline, ...books.report(), faults: [], openFaults: books.open().map(openFaultOf) }),
      faults: () => books.faults(),
      acknowledge: (_, what = {}) => books.acknowledge(what, Date.now()),
    },
  });
  const plan = (await makePlan({ home: world.home, repoRoot, env: {} }, pipeline, pipeline, {})) as Plan;
  createRecords(world.home).writePipeline({
    ...{ format: 'millrace/pipeline/1', pipeline, blueprint: pipeline, revision: plan.revision, operation: 'x' },
    ...{ state: 'flowing', plan, endpoints: {} },
  });
});
afterAll(async () => {
  await world.close();
  rmSync(directory, { recursive: true, force: true });
});

async function call(body: unknown, at = path) {
  const headers = [
    ['Authorization', `Bearer ${world.credentials.bearer()}`],
    ['Content-Type', 'application/json'],
  ] as const;
  const answer = await ask(world.server.port, { method: 'POST', path: at, headers, body: JSON.stringify(body) });
  return { status: answer.status, body: JSON.parse(answer.body) as Record<string, never> };
}

test('needs a login, and by cookie the CSRF token', async () => {
  const typed = ['Content-Type', 'application/json'] as const;
  const bare = await ask(world.server.port, { method: 'POST', path, headers: [typed], body: '{}' });
  expect(bare.status).toBe(401);
  const cookie = ['Cookie', await logIn(world)] as const;
  const withoutToken = await ask(world.server.port, { method: 'POST', path, headers: [typed, cookie], body: '{}' });
  expect([withoutToken.status, JSON.parse(withoutToken.body).error.code]).toEqual([403, 'CSRF_REFUSED']);
  expect(books.counts().unbalanced).toBe(3);
});

test.each([
  ['a window without a fault', { origin: '2001-01-01T00:00:00.000Z' }, 404, 'LEDGER_WINDOW_UNKNOWN'],
  ['what is no time', { origin: 'yesterday' }, 400, 'REQUEST_INVALID'],
  ['a note that is too long', { note: 'x'.repeat(501) }, 400, 'REQUEST_INVALID'],
  ['a note that colours the terminal', { note: 'a\u001b[31mb' }, 400, 'REQUEST_INVALID'],
  ['a note of two lines', { note: 'a\nb' }, 400, 'REQUEST_INVALID'],
  ['a note that turns the text round', { note: 'a\u202eb' }, 400, 'REQUEST_INVALID'],
  ['a note with a line separator', { note: 'a\u2028b' }, 400, 'REQUEST_INVALID'],
])('refused, and nothing is acknowledged: %s', async (_, body, status, code) => {
  const answer = await call(body);
  expect([answer.status, answer.body.error]).toEqual([status, expect.objectContaining({ code })]);
  expect(books.counts().unbalanced).toBe(3);
});

test('one window, then all that is left, then nothing; the ledger tells of each', async () => {
  const origin = new Date(origins[1]!).toISOString();
  const first = await call({ origin: origin.replace('.000Z', 'Z'), note: '  the disk was full ' });
  const acknowledged = { atMs: expect.any(Number), note: 'the disk was full' };
  const fault = { origin, stage: 'store', kind: 'lost', events: 2, text: '2 of 100 events missing', acknowledged };
  expect(first).toEqual({ status: 200, body: { pipeline, faults: [fault] } });
  expect(books.counts()).toMatchObject({ unbalanced: 2, acknowledged: 1 });
  expect((await call({})).body.faults).toHaveLength(2);
  expect((await call({})).body.faults).toEqual([]);
  const headers = [['Authorization', `Bearer ${world.credentials.bearer()}`]] as const;
  const told = await ask(world.server.port, { path: `/api/pipelines/${pipeline}/ledger`, headers });
  const ledger = JSON.parse(told.body) as {
    lost: number;
    windows: { faults: { acknowledged?: object }[] }[];
  };
  expect(ledger.lost).toBe(6);
  const marks = ledger.windows.map(({ faults }) => faults[0]?.acknowledged);
  expect(marks).toMatchObject([{ note: null }, { note: 'the disk was full' }, { note: null }]);
});

test('of a pipeline that is not there', async () => {
  const answer = await call({}, '/api/pipelines/other/ledger/acknowledge');
  expect([answer.status, answer.body.error]).toEqual([404, expect.objectContaining({ code: 'UNKNOWN_PIPELINE' })]);
});
