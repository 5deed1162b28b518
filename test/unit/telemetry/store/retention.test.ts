/** What is too old goes, and the oldest while the file is too large; counts and index follow. */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openTelemetryStore } from '../../../../platform/telemetry/store/open.ts';
import { openForWriting } from '../../../../platform/telemetry/store/openDatabase.ts';
import { Retention } from '../../../../platform/telemetry/store/retention.ts';
import { searchTraces } from '../../../../platform/telemetry/store/search.ts';
import { StoreWriter } from '../../../../platform/telemetry/store/writer.ts';
import { eventIdOf, traceOf } from '../../../bench/telemetrySpans.ts';

const now = 1_795_000_000_000;
const [hourMs, MiB] = [3600_000, 1024 * 1024];
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'millrace-store-'));
});
afterEach(() => rm(directory, { recursive: true }));

const origin = { service: 'p.sinks', instance: '0' };
/** Traces `from` to `to`, each with a log and a point, `n` seconds after the start of the hour before `now`. */
function fill(writer: StoreWriter, from: number, to: number): void {
  for (let n = from; n < to; n += 100) {
    const numbers = Array.from({ length: Math.min(100, to - n) }, (_, i) => n + i);
    const at = (k: number) => now - hourMs + k * 1000;
    writer.write(
      {
        spans: numbers.flatMap((k) =>
          traceOf(k, at(k)).map(({ service, spans }) => ({ origin: { service, instance: '' }, spans })),
        ),
        points: numbers.map((k) => ({ ...origin, name: 'lag', unit: '', attributes: {}, value: k, atMs: at(k) })),
        logs: numbers.map((k) => ({ ...origin, atMs: at(k), severity: 'INFO', body: `line ${k}`, attributes: {} })),
      },
      now,
    );
  }
}
const count = (db: DatabaseSync, what: string) => Number(db.prepare(`SELECT count(*) AS n FROM ${what}`).get()!.n);

test('by age, in slices, of all kinds', () => {
  const writer = new StoreWriter({ directory, maxBytes: 100 * MiB, retentionMs: hourMs }, () => {});
  fill(writer, 0, 3000);
  expect(writer.removeOld(now, false)).toBe(false);
  expect(writer.stats()).toMatchObject({ spans: 24_000, metricPoints: 3000, logs: 3000, dropped: {} });
  let slices = 0;
  while (writer.removeOld(now + 1_000_500, false)) slices += 1;
  // What began more than an hour before: the first 1001 seconds.
  expect(slices).toBeGreaterThan(1);
  expect(writer.stats()).toMatchObject({ spans: 1999 * 8, metricPoints: 1999, logs: 1999 });
  writer.close();
  const db = openForWriting(directory);
  expect(['traces', 'spans', 'points', 'logs'].map((what) => count(db, what))).toEqual([1999, 1999 * 8, 1999, 1999]);
  const attribute = (n: number) => ({ key: 'millrace.event.id', value: eventIdOf(n) });
  expect(searchTraces(db, { limit: 1, attribute: attribute(1000) })).toEqual([]);
  expect(searchTraces(db, { limit: 1, attribute: attribute(1001) })).toHaveLength(1);
  db.close();
});

test('all of it by age: terms and series go, too, and ids are not used again', () => {
  const writer = new StoreWriter({ directory, maxBytes: 100 * MiB, retentionMs: hourMs }, () => {});
  fill(writer, 0, 5000);
  while (writer.removeOld(now + 3 * hourMs, false));
  fill(writer, 5000, 5001);
  writer.close();
  const db = openForWriting(directory);
  expect(['traces', 'spans', 'series', 'logs'].map((what) => count(db, what))).toEqual([1, 8, 1, 1]);
  expect(db.prepare('SELECT id FROM traces').all()).toEqual([{ id: 5001 }]);
  // The blocks that were full are gone; the one being filled (traces 4096 and up) keeps its terms until it is full, too.
  expect(db.prepare('SELECT DISTINCT block FROM postings').all()).toEqual([{ block: 4 }]);
  expect(searchTraces(db, { limit: 10, service: 'flight-delays.sinks' })).toHaveLength(1);
  db.close();
});

test('series of which a slice does not reach all points go with them, not before', () => {
  const writer = new StoreWriter({ directory, maxBytes: 100 * MiB, retentionMs: hourMs }, () => {});
  const points = (name: string, atMs: number, many: number) =>
    Array.from({ length: many }, (_, k) => ({ ...origin, name, unit: '', attributes: {}, value: k, atMs: atMs + k }));
  for (const name of ['one', 'two', 'three'])
    writer.write({ spans: [], points: points(name, now - 1000, 15_000), logs: [] }, now);
  expect(writer.removeOld(now + 2 * hourMs, false)).toBe(true);
  // In between, one of them goes on.
  writer.write({ spans: [], points: points('one', now + 2 * hourMs, 5), logs: [] }, now + 2 * hourMs);
  while (writer.removeOld(now + 2 * hourMs, false));
  expect(writer.stats()).toMatchObject({ metricPoints: 5, dropped: {} });
  writer.close();
  const db = openForWriting(directory);
  expect([count(db, 'points'), count(db, 'series')]).toEqual([5, 1]);
  expect(db.prepare('SELECT count(*) AS n FROM points JOIN series ON series.id = points.series').get()!.n).toBe(5);
  db.close();
});

test('by size: the oldest go until it fits, the newest stay', () => {
  const writer = new StoreWriter({ directory, maxBytes: 4 * MiB, retentionMs: 1000 * hourMs }, () => {});
  for (let n = 0; n < 6000; n += 1000) {
    fill(writer, n, n + 1000);
    while (writer.removeOld(now, true));
    expect(writer.stats().bytes).toBeLessThanOrEqual(5 * MiB);
  }
  expect(writer.stats().spans).toBeGreaterThan(8 * 500);
  writer.close();
  const db = openForWriting(directory);
  const found = searchTraces(db, { limit: 100_000 });
  expect(found[0]!.eventId).toBe(eventIdOf(5999));
  expect(found.at(-1)!.startMs - found[0]!.startMs).toBe(-(found.length - 1) * 1000);
  db.close();
}, 60_000);

test('a bound that was lowered gives the space back to the disk', () => {
  const writer = new StoreWriter({ directory, maxBytes: 100 * MiB, retentionMs: 1000 * hourMs }, () => {});
  fill(writer, 0, 5000);
  expect(writer.stats().bytes).toBeGreaterThan(6 * MiB);
  writer.close();
  const db = openForWriting(directory);
  const retention = new Retention(db, { maxBytes: 6 * MiB, retentionMs: 1000 * hourMs });
  while (retention.step(now));
  expect(retention.fileBytes()).toBeLessThanOrEqual(6 * MiB);
  expect(count(db, 'traces')).toBeGreaterThanOrEqual(1500);
  db.close();
});

test('an empty store that is over its bound comes to an end', () => {
  const db = openForWriting(directory);
  const retention = new Retention(db, { maxBytes: 1, retentionMs: hourMs });
  for (let steps = 0; retention.step(now); steps++) expect(steps).toBeLessThan(100);
  db.close();
});

test('an open store removes by itself', async () => {
  const store = await openTelemetryStore({ directory, maxBytes: 16 * MiB });
  for (let n = 0; n < 9000; n++) {
    for (const { service, spans } of traceOf(n, Date.now() - 60_000 + n))
      store.addSpans({ service, instance: '' }, spans);
    if (n % 1000 === 999) await store.flush();
  }
  const deadline = Date.now() + 20_000;
  while (store.stats().bytes > 16 * MiB && Date.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 50));
  await store.close();
  expect((await stat(join(directory, 'telemetry.sqlite'))).size).toBeLessThanOrEqual(16 * MiB);
  const again = await openTelemetryStore({ directory });
  const [newest] = await again.searchTraces({ limit: 1 });
  expect(newest!.eventId).toBe(eventIdOf(8999));
  await again.close();
}, 60_000);
