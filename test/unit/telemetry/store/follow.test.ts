/** Span files come into the store once each, over renames, restarts, torn lines and kills. */
import { spawn } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createSpanRecorder } from '../../../../platform/telemetry/recorder.ts';
import { encodeAttributes, encodeExportRequest, encodeSpan } from '../../../../platform/telemetry/span.ts';
import { type EmbeddedStore, openTelemetryStore } from '../../../../platform/telemetry/store/open.ts';
import { openForWriting } from '../../../../platform/telemetry/store/openDatabase.ts';
import { SpanFollower } from '../../../../platform/telemetry/store/spanFollower.ts';
import { tailSpanFiles } from '../../../../platform/telemetry/store/tailSpanFiles.ts';
import { findTrace } from '../../../../platform/telemetry/traceStore.ts';
import { eventIdOf, traceIdOf, traceOf } from '../../../bench/telemetrySpans.ts';

let root: string;
let directory: string;
let spansDir: string;
let store: EmbeddedStore | undefined;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'millrace-store-'));
  [directory, spansDir] = [join(root, 'store'), join(root, 'spans')];
  await mkdir(spansDir);
});
afterEach(async () => {
  await store?.close();
  store = undefined;
  await rm(root, { recursive: true });
});

async function follow(): Promise<EmbeddedStore> {
  await store?.close();
  store = await openTelemetryStore({ directory });
  await tailSpanFiles(spansDir, store).caughtUp();
  return store;
}

/** One line with all spans of trace `n`. */
function line(n: number): string {
  const spans = traceOf(n, Date.now()).flatMap((task) => task.spans.map(encodeSpan));
  return `${encodeExportRequest(JSON.stringify(encodeAttributes({ 'service.name': 'flight-delays.all' })), spans)}\n`;
}
const lines = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => line(from + i)).join('');
const counted = ({ spans, dropped }: { spans: number; dropped: object }) => ({ traces: spans / 8, dropped });

test('a trace is told as `millrace trace` tells it from the files', async () => {
  for (const { service, spans } of traceOf(99, Date.now())) {
    const recorder = createSpanRecorder({ service, instance: `${service}.0`, spansDir, env: {} });
    for (const span of spans) recorder.record(span);
    recorder.record({ ...spans[0]!, service: 'flight-delays.spark', spanId: 'f'.repeat(16), name: 'spark totals' });
    await recorder.shutdown();
  }
  const followed = await follow();
  const expected = await findTrace(spansDir, { traceId: traceIdOf(99) });
  expect(expected!.spans).toHaveLength(9);
  expect(await followed.trace(traceIdOf(99))).toEqual(expected);
  const attribute = { key: 'millrace.event.id', value: eventIdOf(99) };
  expect(await followed.searchTraces({ limit: 5, attribute, service: 'flight-delays.spark' })).toHaveLength(1);
});

test('a file is taken in as it grows, is turned over and removed; a restart takes nothing twice', async () => {
  const [now, turned] = [join(spansDir, 'a-1.ndjson'), join(spansDir, 'a-1.1.ndjson')];
  await writeFile(now, lines(0, 10));
  expect(counted((await follow()).stats())).toEqual({ traces: 10, dropped: {} });
  await appendFile(now, lines(10, 20));
  await store!.caughtUp();
  expect(counted(store!.stats())).toEqual({ traces: 20, dropped: {} });
  // Grown and turned over while nobody looked.
  await store!.close();
  await appendFile(now, lines(20, 30));
  await rename(now, turned);
  await writeFile(now, lines(30, 40));
  expect(counted((await follow()).stats())).toEqual({ traces: 40, dropped: {} });
  await rm(turned);
  await appendFile(now, lines(40, 50));
  await store!.caughtUp();
  expect(counted((await follow()).stats())).toEqual({ traces: 50, dropped: {} });
});

test('files that are there are remembered, whatever they are called by now; others are forgotten after an hour', async () => {
  const [named, renamed] = [join(spansDir, 'a-1.ndjson'), join(spansDir, 'a-1.1.ndjson')];
  await writeFile(named, lines(0, 3));
  await writeFile(join(spansDir, 'b-1.ndjson'), lines(3, 6));
  await (await follow()).close();
  await rename(named, renamed);
  await rm(join(spansDir, 'b-1.ndjson'));
  const db = openForWriting(directory);
  const follower = new SpanFollower(db, spansDir);
  for (const path of await follower.changed()) expect(follower.take(path, Date.now(), () => {})).toBe(false);
  expect(await follower.changed()).toEqual([]);
  follower.remember(Date.now() + 2 * 3600_000);
  expect(db.prepare('SELECT count(*) AS files FROM followed').get()).toEqual({ files: 1 });
  follower.remember(Date.now() + 4 * 3600_000);
  expect(db.prepare('SELECT count(*) AS files FROM followed').get()).toEqual({ files: 1 });
  db.close();
});

test('removed spans do not come back with a restart', async () => {
  await writeFile(join(spansDir, 'a-1.ndjson'), lines(0, 10));
  await (await follow()).close();
  const db = new DatabaseSync(join(directory, 'telemetry.sqlite'));
  db.exec('DELETE FROM spans; DELETE FROM traces');
  db.close();
  expect(await (await follow()).searchTraces({ limit: 10 })).toEqual([]);
});

test('an unfinished line waits for its end; a torn one is counted and passed', async () => {
  const file = join(spansDir, 'a-1.ndjson');
  const [head, rest] = [line(1).slice(0, 700), line(1).slice(700)];
  await writeFile(file, line(0) + head);
  expect(counted((await follow()).stats())).toEqual({ traces: 1, dropped: {} });
  await appendFile(file, rest + head.slice(0, 300) + line(2) + line(3));
  await store!.caughtUp();
  expect(counted(store!.stats())).toEqual({ traces: 3, dropped: { malformed: 1 } });
});

test('what is not ours is passed: other JSON, binary, a line without an end', async () => {
  await writeFile(
    join(spansDir, 'a-1.ndjson'),
    '{"resourceSpans":7}\n[]\nnull\n{"resourceSpans":[{"scopeSpans":[{"spans":[{}]}]}]}\n',
  );
  await writeFile(join(spansDir, 'b-1.ndjson'), Buffer.alloc(9 * 1024 * 1024, 0x78));
  await appendFile(join(spansDir, 'b-1.ndjson'), `\n${line(5)}`);
  await writeFile(join(spansDir, 'c-1.ndjson'), lines(6, 8));
  await follow();
  expect(await store!.trace(traceIdOf(5))).toBeDefined();
  expect(await store!.trace(traceIdOf(7))).toBeDefined();
  expect(store!.stats().dropped.malformed).toBeGreaterThanOrEqual(4);
});

test('spans with fields that are not of their type are counted, and hold nothing up', async () => {
  const good = line(1);
  const broken = ['"name":7', '"name":null', '"name":"x","status":{"code":2,"message":9}', '"name":"x","kind":"odd"'];
  const lines = broken.map((fields, i) =>
    good.replace(/"name":"POST[^"]*"/, fields).replaceAll(traceIdOf(1), `${i}`.repeat(32)),
  );
  await writeFile(join(spansDir, 'a-1.ndjson'), lines.join('') + good.replaceAll('"3"', 'null') + good);
  await follow();
  expect(await store!.trace(traceIdOf(1))).toBeDefined();
  expect(store!.stats().dropped.malformed).toBeGreaterThanOrEqual(2);
  for (const { traceId } of await store!.searchTraces({ limit: 10 })) expect(await store!.trace(traceId)).toBeDefined();
});

test('texts that are no whole Unicode, and ends in thousands of years, hold nothing up', async () => {
  const odd = ['\ud800', '\ud801', 'a\u0000b'].map((text, at) => ({
    ...traceOf(100 + at, Date.now())[0]!.spans[0]!,
    name: text,
    attributes: { odd: text },
  }));
  const late = { ...traceOf(200, Date.now())[0]!.spans[0]!, endMs: 1e290 };
  const resource = JSON.stringify(encodeAttributes({ 'service.name': 's' }));
  const request = `${encodeExportRequest(resource, [...odd, late].map(encodeSpan))}\n`;
  await writeFile(join(spansDir, 'a-1.ndjson'), request + lines(0, 1));
  expect((await follow()).stats()).toMatchObject({ spans: 11 });
  // Known from the table now.
  await appendFile(join(spansDir, 'a-1.ndjson'), request.replaceAll(traceIdOf(101), traceIdOf(102)) + lines(1, 2));
  expect((await follow()).stats().spans).toBeGreaterThanOrEqual(19);
  expect((await store!.trace(traceIdOf(102)))!.spans.map(({ name }) => name)).toContain('\ufffd');
});

test('no such directory: nothing, until there is one', async () => {
  await rm(spansDir, { recursive: true });
  expect(counted((await follow()).stats())).toEqual({ traces: 0, dropped: {} });
  await mkdir(spansDir);
  await writeFile(join(spansDir, 'a-1.ndjson'), lines(0, 3));
  await store!.caughtUp();
  expect(counted(store!.stats())).toEqual({ traces: 3, dropped: {} });
});

test('killed again and again while it takes files in: every span is there once', async () => {
  const traces = 3000;
  await writeFile(join(spansDir, 'a-1.ndjson'), lines(0, traces / 2));
  await writeFile(join(spansDir, 'b-1.ndjson'), lines(traces / 2, traces));
  const script = new URL('../../../fixtures/telemetryWriter.ts', import.meta.url).pathname;
  for (const afterMs of [0, 15, 40, 80, 150]) {
    const child = spawn(process.execPath, [script, 'follow', directory, spansDir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGKILL');
    await ended;
  }
  expect(counted((await follow()).stats())).toEqual({ traces, dropped: {} });
  const found = await store!.searchTraces({ limit: 10_000 });
  expect(found).toHaveLength(traces);
  expect(new Set(found.map(({ spans }) => spans))).toEqual(new Set([8]));
  expect((await readFile(join(directory, 'telemetry.sqlite'))).length).toBeGreaterThan(0);
}, 60_000);
