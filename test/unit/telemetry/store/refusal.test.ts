/** Files that are not ours, or not whole, are refused by name and left as they are. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, open, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { MillraceError } from '../../../../platform/errors.ts';
import { openTelemetryStore } from '../../../../platform/telemetry/store/open.ts';
import { traceIdOf, traceOf } from '../../../bench/telemetrySpans.ts';

let directory: string;
let file: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'millrace-store-'));
  file = join(directory, 'telemetry.sqlite');
});
afterEach(() => rm(directory, { recursive: true }));

async function filled(traces: number): Promise<void> {
  const store = await openTelemetryStore({ directory });
  for (let n = 0; n < traces; n++) {
    for (const { service, spans } of traceOf(n, Date.now())) store.addSpans({ service, instance: service }, spans);
  }
  await store.flush();
  await store.close();
}

/** Opening is refused with `code`, naming the file, and changes nothing. */
async function refused(code: string, reason: RegExp): Promise<void> {
  const before = await readFile(file);
  const thrown: unknown = await openTelemetryStore({ directory }).then(
    (store) => store.close(),
    (error) => error,
  );
  expect(thrown).toBeInstanceOf(MillraceError);
  const { message, next } = (thrown as MillraceError).toJSON();
  expect((thrown as MillraceError).code).toBe(code);
  expect(message).toContain(file);
  expect(message).toMatch(reason);
  expect(next).toContain(`mv ${directory} ${directory}.`);
  expect(before.equals(await readFile(file))).toBe(true);
}

test('text', async () => {
  await writeFile(file, 'not a database, but somebody wrote it with care\n'.repeat(10));
  await refused('TELEMETRY_STORE_CORRUPT', /does not begin as a SQLite file/);
});

test('the beginning of a database', async () => {
  await writeFile(file, 'SQLite format 3\0');
  await refused('TELEMETRY_STORE_CORRUPT', /ends after 16 bytes/);
});

test("another program's database", async () => {
  const db = new DatabaseSync(file);
  db.exec('CREATE TABLE theirs (a TEXT); INSERT INTO theirs VALUES (1)');
  db.close();
  await refused('TELEMETRY_STORE_FOREIGN', /another program/);
});

test('a later version of the store', async () => {
  await filled(1);
  const db = new DatabaseSync(file);
  db.exec('PRAGMA user_version = 99');
  db.exec('PRAGMA journal_mode = DELETE');
  db.close();
  await refused('TELEMETRY_STORE_FOREIGN', /version 99, where telemetry store version 1 belongs/);
});

test('a store that was cut short', async () => {
  await filled(200);
  await truncate(file, 100_000);
  await refused('TELEMETRY_STORE_CORRUPT', /cut short: 100000 of \d+ bytes/);
});

test('a store without one of its tables', async () => {
  await filled(1);
  const db = new DatabaseSync(file);
  db.exec('DROP TABLE postings; PRAGMA journal_mode = DELETE');
  db.close();
  await refused('TELEMETRY_STORE_CORRUPT', /its tables are/);
});

test('a store whose tables are overwritten with zeros', async () => {
  await filled(1);
  const handle = await open(file, 'r+');
  await handle.write(Buffer.alloc(16_000), 0, 16_000, 100);
  await handle.close();
  const identity = await open(file, 'r+');
  await identity.write(Buffer.from('MRTS'), 0, 4, 68);
  await identity.write(Buffer.from([0, 0, 0, 1]), 0, 4, 60);
  await identity.close();
  await refused('TELEMETRY_STORE_CORRUPT', /database/);
});

test('damage deep inside is told when it is met: searches are refused, what comes in is counted, nothing is reset', async () => {
  await filled(2000);
  const db = new DatabaseSync(file);
  const leaves = db
    .prepare("SELECT pageno FROM dbstat WHERE name = 'traces' AND pagetype = 'leaf' ORDER BY path")
    .all()
    .map((row) => row.pageno as number);
  db.close();
  const handle = await open(file, 'r+');
  // Opening looks at the first and the last one.
  for (const page of leaves.slice(5, -5)) await handle.write(Buffer.alloc(8192, 0x5a), 0, 8192, (page - 1) * 8192);
  await handle.close();
  const told: string[] = [];
  const store = await openTelemetryStore({ directory, log: (text) => told.push(text) });
  await expect(store.searchTraces({ limit: 5000 })).rejects.toMatchObject({ code: 'TELEMETRY_STORE_CORRUPT' });
  for (let n = 0; n < 2000; n++)
    for (const { service, spans } of traceOf(n, Date.now() - 1000)) store.addSpans({ service, instance: '' }, spans);
  await store.flush();
  expect(store.stats().dropped.corrupt).toBeGreaterThan(0);
  expect(told.join()).toContain(`mv ${directory} ${directory}.broken`);
  await store.close();
  expect((await readFile(file)).includes(Buffer.alloc(8192, 0x5a))).toBe(true);
});

test('a second one that would write is refused while the first is there, in this process and in another', async () => {
  const store = await openTelemetryStore({ directory });
  await expect(openTelemetryStore({ directory })).rejects.toMatchObject({ code: 'TELEMETRY_STORE_TAKEN' });
  const script = new URL('../../../fixtures/telemetryWriter.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, 'add', directory, '0'], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  await once(child, 'close');
  expect(said).toContain('TELEMETRY_STORE_TAKEN');
  await store.close();
  await (await openTelemetryStore({ directory })).close();
});

test('what a kill leaves while the file is being made is no obstacle', async () => {
  await writeFile(file, '');
  await filled(1);
  await rm(directory, { recursive: true });
  await mkdir(directory);
  const db = new DatabaseSync(file);
  db.exec('PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL');
  db.close();
  await filled(1);
  // A copy is a store as well.
  const copy = `${file}.copy`;
  await copyFile(file, copy);
  await copyFile(copy, file);
  const store = await openTelemetryStore({ directory });
  expect((await store.trace(traceIdOf(0)))?.spans).toHaveLength(8);
  await store.close();
});

test('a directory that can not be made', async () => {
  await writeFile(join(directory, 'file'), '');
  const within = join(directory, 'file', 'store');
  await expect(openTelemetryStore({ directory: within })).rejects.toMatchObject({
    code: 'TELEMETRY_STORE_UNAVAILABLE',
  });
});
