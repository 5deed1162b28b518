/** The book of a Spark job on disk, in processes that end or are killed between any two of its steps. No server. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import type { StageSnapshot } from '../../../platform/telemetry/conservation/cell.ts';
import { artifactsForTests } from './artifacts.ts';
import { compileBesideRunner } from './runnerJava.ts';

jest.setTimeout(120_000);

let java: string;
let classPath: string;
let classes: string;
let directory: string;
beforeAll(async () => {
  const artifacts = await artifactsForTests();
  java = artifacts.java;
  classes = mkdtempSync(join(tmpdir(), 'spark-book-classes-'));
  classPath = compileBesideRunner(artifacts, join(import.meta.dirname, 'sparkBook', 'BookTrial.java'), classes);
});
afterAll(() => rmSync(classes, { recursive: true, force: true }));
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'spark-book-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

interface Life {
  readonly topic?: string;
  readonly topicId?: string;
  /** Offsets of the oldest record of the topic, and of the next one. */
  readonly oldest?: number;
  readonly end: number;
  /** Counted in this life: records of these offsets. */
  readonly from: number;
  readonly to: number;
}

type Page = StageSnapshot & { readonly in: number; readonly position: number };

function commandOf({ topic = 'topic', topicId = 'one', oldest = 0, end, from, to }: Life): string[] {
  const options = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-cp', classPath, 'millrace.spark.BookTrial'];
  return [...options, directory, topic, topicId, ...[oldest, end, from, to].map(String)];
}

function live(life: Life): Page {
  return JSON.parse(execFileSync(java, commandOf(life), { encoding: 'utf8' })) as Page;
}

const file = () => join(directory, 'job@topic.json');
const changes = () => join(directory, 'job@topic.changes.ndjson');

it('counts on from one life to the next', () => {
  expect(live({ end: 10, from: 0, to: 10 })).toMatchObject({ in: 10, position: 10, completeFromMs: 0 });
  const page = live({ end: 15, from: 10, to: 15 });
  expect(page).toMatchObject({ in: 15, position: 15 });
  expect([page.unknownBefore, page.fault]).toEqual([undefined, undefined]);
});

it('knows what it has counted of a topic when its job comes back from another one', () => {
  live({ end: 10, from: 0, to: 10 });
  const other = live({ topic: 'other', topicId: 'two', end: 4, from: 0, to: 4 });
  expect(other).toMatchObject({ in: 4, position: 4 });
  const back = live({ end: 15, from: 10, to: 15 });
  expect(back).toMatchObject({ in: 15, position: 15 });
  expect([other.unknownBefore, back.unknownBefore]).toEqual([undefined, undefined]);
});

it('takes over the one book that earlier versions kept of a job, as that of its topic', () => {
  for (const [from, to] of [
    [0, 5],
    [5, 10],
  ] as const)
    live({ end: 10, from, to });
  renameSync(file(), join(directory, 'job.json'));
  writeFileSync(join(directory, 'job.changes.ndjson'), '{"cut o');
  expect(live({ topic: 'other', topicId: 'two', end: 4, from: 0, to: 4 })).toMatchObject({ in: 4, position: 4 });
  expect(live({ end: 15, from: 10, to: 15 })).toMatchObject({ in: 15, position: 15 });
  expect(readdirSync(directory).filter((name) => !name.includes('@'))).toEqual([]);
});

it('has earlier windows as unknown where it can not be read, and keeps the file beside the new one', () => {
  live({ end: 10, from: 0, to: 10 });
  const spoilt = readFileSync(file(), 'utf8').slice(0, 100);
  writeFileSync(file(), spoilt);
  const before = Date.now();
  const page = live({ end: 15, from: 10, to: 15 });
  expect(page).toMatchObject({ in: 5, position: 15 });
  expect(page.unknownBefore!.ms).toBeGreaterThanOrEqual(before);
  expect(page.unknownBefore!.why).toContain(`its journal ${file()} could not be read (`);
  expect(page.unknownBefore!.why).toContain(`it lies as ${file()}.unread`);
  expect(page.completeFromMs).toBeGreaterThanOrEqual(page.unknownBefore!.ms);
  expect(readFileSync(`${file()}.unread`, 'utf8')).toBe(spoilt);
  expect(live({ end: 20, from: 15, to: 20 })).toMatchObject({ in: 10, unknownBefore: page.unknownBefore });
});

it.each(['once', 'when another one lies there as unread'])('replaces a directory of its name %s', (times) => {
  for (let time = 0; time < (times === 'once' ? 1 : 2); time++) {
    rmSync(file(), { recursive: true, force: true });
    mkdirSync(file());
    expect(live({ end: 5, from: 0, to: 5 }).unknownBefore!.why).toContain(`it lies as ${file()}.unread`);
  }
  expect(live({ end: 10, from: 5, to: 10 })).toMatchObject({ in: 10, position: 10 });
});

it('is no new one when it is killed between putting an unreadable file aside and writing the next', async () => {
  live({ end: 10, from: 0, to: 10 });
  writeFileSync(file(), 'spoilt');
  // Opening it waits until somebody reads: here the process stands still.
  execFileSync('mkfifo', [`${file()}.new`]);
  const life = spawn(java, commandOf({ end: 15, from: 10, to: 15 }), { stdio: 'ignore' });
  while (!existsSync(`${file()}.unread`)) await sleep(10);
  const ended = once(life, 'exit');
  life.kill('SIGKILL');
  await ended;
  rmSync(`${file()}.new`);
  const page = live({ end: 15, from: 10, to: 15 });
  expect(page.unknownBefore?.why).toContain(`its journal ${file()} could not be read (`);
  expect(page).toMatchObject({ in: 5, position: 15 });
});

it('counts nothing of before when it is killed between writing the next file and removing the changes of the old one', () => {
  for (let life = 0; life < 3; life++) live({ end: 30, from: life * 10, to: life * 10 + 10 });
  // Of one life that has settled more than once.
  const old = join(directory, 'old');
  writeFileSync(old, changeOf(readFileSync(file(), 'utf8'), 7));
  writeFileSync(file(), 'spoilt');
  const { unknownBefore } = live({ end: 30, from: 30, to: 30 });
  copyFileSync(old, changes());
  expect(live({ end: 35, from: 30, to: 35 })).toMatchObject({ in: 5, unknownBefore });
});

/** The line of changes that a file of a book would be as the settlement of this number. */
function changeOf(content: string, settlement: number): string {
  return `${JSON.stringify({ ...JSON.parse(content), settlement })}\n`;
}

it.each([
  ['of another id, though it has as many records', { topicId: 'two', end: 10 }, 'one'],
  ['that ends before what was read, where its id was not kept', { topicId: 'two', end: 4 }, undefined],
])('begins anew, and has earlier windows as unknown, for a topic %s', (_, topic, kept) => {
  live({ end: 10, from: 0, to: 10 });
  const { topicId, ...others } = JSON.parse(readFileSync(file(), 'utf8'));
  expect(topicId).toBe('one');
  if (kept === undefined) writeFileSync(file(), JSON.stringify(others));
  const page = live({ ...topic, from: 0, to: 4 });
  expect(page).toMatchObject({ in: 4, position: 4 });
  const what = `its journal ${file()} is of the topic topic before that was removed and made anew`;
  expect(page.unknownBefore!.why).toContain(what);
  expect(page.completeFromMs).toBeGreaterThanOrEqual(page.unknownBefore!.ms);
  expect(live({ topicId: 'two', end: 12, from: 4, to: 12 })).toMatchObject({
    in: 12,
    unknownBefore: page.unknownBefore,
  });
});

it('has windows as unknown of which Kafka had deleted records before it was begun, and none that it has counted', () => {
  const page = live({ oldest: 1_700_000_000_000, end: 1_700_000_000_005, from: 0, to: 5 });
  expect(page.unknownBefore).toEqual({
    ms: 1_700_000_010_000,
    why: 'Kafka had deleted records of the topic topic before the job began to read it',
  });
  rmSync(directory, { recursive: true });
  live({ end: 10, from: 0, to: 10 });
  expect(live({ oldest: 5, end: 15, from: 10, to: 15 }).unknownBefore).toBeUndefined();
});
