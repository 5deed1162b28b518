/** A job that changes between two starts of its driver, on a real Spark: what becomes of its state and its offsets. */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { sampleOf } from '../../../platform/frameworks/spark/sample.ts';
import { artifactsForTests } from './artifacts.ts';
import { end } from './runner.ts';
import { SparkPipeline } from './sparkPipeline.ts';

jest.setTimeout(420_000);

let pipeline: SparkPipeline;
beforeAll(async () => {
  pipeline = new SparkPipeline(await artifactsForTests(), 12350);
  await pipeline.start();
});
afterAll(async () => {
  await pipeline?.stop();
});

const { spec, sql } = sampleOf();
const place = `place-${randomUUID()}`;
/** Another length of windows; results under ids of their own, which tell the revisions apart. */
const windowed = (length: string, id: string) =>
  sql.means!.replace('15 minutes', length).replace("concat(m.place, '@'", `concat('${id}@'`);
const hourly = { high: sql.high!.replace('>= 10', '>= 20'), means: windowed('1 hour', 'hour') };
const daily = { ...hourly, means: windowed('1 day', 'day') };

/** Distinct good events, and records (some events come twice), that were sent so far. */
let [events, records] = [0, 0];
async function send(count: number, value: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => randomUUID() as string);
  const at = new Date().toISOString();
  const all = [...ids, ids[0]!].map((id) => {
    const headers = { ce_id: id, ce_time: at };
    return { key: id, value: JSON.stringify({ place, at, value, note: null }), headers };
  });
  await pipeline.send(all);
  events += count;
  records += all.length;
  return ids;
}

/** Sum over the windows of a revision of the newest count of each. */
function counted(id: string): number {
  const newest = new Map<string, number>();
  for (const { value, headers } of pipeline.out.get('sample.means')!) {
    if (headers.ce_id!.startsWith(`${id}@`)) newest.set(headers.ce_id!, JSON.parse(value!).readings);
  }
  return [...newest.values()].reduce((sum, each) => sum + each, 0);
}

async function untilCounted(id: string, expected = events): Promise<void> {
  await pipeline.until(`${expected} counted by ${id}`, () => counted(id) >= expected);
  // Whatever was counted twice would come with the next batches.
  await sleep(3000);
  expect(counted(id)).toBe(expected);
}

const passed = (id: string) => pipeline.out.get('sample.high')!.filter(({ headers }) => headers.ce_id === id).length;
const query = async (job: string) => (await pipeline.health())!.queries.find((each) => each.job === job)!;
const kill = () => end(pipeline.task('driver'), 'SIGKILL');
const isThere = (directory: string) =>
  existsSync(join(pipeline.task('driver').directory, 'data', 'checkpoints', directory, 'commits', '0'));

/** Directories of the windowed job, in the order in which its revisions made them. */
const made: string[] = [];
const remember = () =>
  made.push(...pipeline.checkpoints().filter((name) => /^means\./.test(name) && !made.includes(name)));

describe('a job that changes', () => {
  it('rebuilds its state when the windows change, though the driver is killed on the way', async () => {
    const before = await send(40, 15);
    await untilCounted(place);
    remember();
    await kill();
    pipeline.launchRevision(spec, hourly);
    await pipeline.untilReady();
    await kill();
    pipeline.launch('driver');
    await pipeline.untilReady();
    const [low, high] = [await send(20, 15), await send(10, 25)];
    await untilCounted('hour');
    remember();
    expect(pipeline.checkpoints()).toEqual(expect.arrayContaining(made));
    // Without state only the rule changes, from here on.
    await pipeline.until('the high ones', () => high.every((id) => passed(id) > 0));
    expect(before.every((id) => passed(id) > 0)).toBe(true);
    expect(low.some((id) => passed(id) > 0)).toBe(false);
  });

  it('goes back to its own state with the revision before, and reads only what came since', async () => {
    await end(pipeline.task('driver'));
    pipeline.launchRevision(spec, sql);
    await pipeline.untilReady();
    await send(5, 5);
    await untilCounted(place);
    expect((await query('means')).inputRows).toBeLessThan(records);
    expect(pipeline.checkpoints()).toEqual(expect.arrayContaining(made));
  });

  it('keeps the state before the last change, and removes older ones once the new one flows', async () => {
    await end(pipeline.task('driver'));
    pipeline.launchRevision(spec, daily);
    await pipeline.untilReady();
    await untilCounted('day');
    await send(5, 5);
    await untilCounted('day');
    remember();
    const [first, second, third] = made;
    await pipeline.until('the removal', () => !pipeline.checkpoints().some((name) => name.includes(second!)));
    expect([first!, third!].every(isThere)).toBe(true);
  });

  it('says how much was deleted before it was read, and goes on after that', async () => {
    await end(pipeline.task('driver'));
    const counts = events;
    await send(7, 25);
    await pipeline.deleteRecords();
    const late = await send(6, 25);
    pipeline.launch('driver');
    await pipeline.untilReady();
    await untilCounted('day', counts + 6);
    await pipeline.until('the late ones', () => late.every((id) => passed(id) > 0));
    expect((await query('means')).skippedRecords).toBe(8);
    expect((await query('high')).skippedRecords).toBeGreaterThanOrEqual(8);
    events = counts + 6;
  });

  it('hands the dead letters on to a query of their own when the real-time job goes', async () => {
    const dead = pipeline.out.get('sample.readings.dead')!;
    const times = (key: string) => dead.filter((each) => each.key === key).length;
    await pipeline.send([{ key: 'before', value: 'not JSON' }]);
    await pipeline.until('the first', () => times('before') > 0);
    await end(pipeline.task('driver'));
    await pipeline.send([{ key: 'between', value: 'not JSON' }]);
    pipeline.launchRevision({ ...spec, jobs: { means: spec.jobs.means! } }, { means: daily.means });
    await pipeline.untilReady();
    await pipeline.send([{ key: 'after', value: 'not JSON' }]);
    await pipeline.until('the others', () => times('between') > 0 && times('after') > 0);
    await send(3, 5);
    await untilCounted('day');
    expect([times('between'), times('after')]).toEqual([1, 1]);
  });
});
