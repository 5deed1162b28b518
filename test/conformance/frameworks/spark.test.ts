import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { sparkJars } from '../../../platform/frameworks/spark/jars.ts';
import { sparkPackage } from '../../../platform/frameworks/spark/package.ts';
import { sparkSlots } from '../../../platform/frameworks/spark/room.ts';
import { sampleOf } from '../../../platform/frameworks/spark/sample.ts';
import { parsePathwayHeader } from '../../../platform/telemetry/pathway/header.ts';
import { pathwayId } from '../../../platform/telemetry/pathway/pathways.ts';
import { artifactsForTests } from './artifacts.ts';
import { end, untilReady, visibleText } from './runner.ts';
import { SparkPipeline } from './sparkPipeline.ts';
import { parent, reading, SentReadings } from './sparkReadings.ts';

jest.setTimeout(600_000);

const sent = new SentReadings();
const send = (events: readonly ReturnType<typeof reading>[]) => sent.send(pipeline, events);

let pipeline: SparkPipeline;
beforeAll(async () => {
  pipeline = new SparkPipeline(await artifactsForTests(), 12330);
  await pipeline.start();
});
afterAll(async () => {
  await pipeline?.stop();
});

/** Sum over windows of the newest count of each: what the windowed job has counted. */
function counted(): number {
  const newest = new Map<string, number>();
  for (const { value, headers } of pipeline.out.get('sample.means')!)
    newest.set(headers.ce_id!, JSON.parse(value!).readings);
  return [...newest.values()].reduce((sum, each) => sum + each, 0);
}

const results = () => new Set(pipeline.out.get('sample.high')!.map(({ headers }) => headers.ce_id!));
const allRead = () => [...sent.high].every((id) => results().has(id)) && counted() >= sent.all.size;

/** Sends for `seconds` at 100 a second, every tenth twice, while `meanwhile` runs; then waits until all are counted. */
async function flowing(seconds: number, meanwhile: () => Promise<void>): Promise<void> {
  const work = meanwhile();
  for (let tick = 0; tick < seconds * 10; tick++) {
    const batch = Array.from({ length: 10 }, () => reading());
    await send([...batch, batch[0]!]);
    await sleep(100);
  }
  await work;
  await pipeline.until(
    `${sent.all.size} events in both outputs (${results().size} read, ${counted()} counted)`,
    allRead,
  );
  // Whatever was counted twice would come with the next batches.
  await sleep(3000);
  expect(counted()).toBe(sent.all.size);
}

/** Task slots that applications hold, as the master counts them. */
async function slotsUsed(): Promise<number> {
  const { access } = pipeline.spark;
  const { address, ports } = pipeline.spark.context(0).placement;
  const headers = { authorization: `Bearer ${access.secret('web')}` };
  const response = await fetch(`http://${address}:${ports.web}/json/`, { headers });
  return ((await response.json()) as { coresused: number }).coresused;
}

describe('spark 4.1.1', () => {
  it('refuses a server that does not take our password, and one of another installation', async () => {
    const { access } = pipeline.spark;
    const { placement } = pipeline.spark.context(0);
    const asked = [
      { ...access, secret: () => 'wrong' },
      { ...access, identity: 'another' },
    ].map((other) => sparkPackage.ready(other, placement));
    for (const each of asked) await expect(each).rejects.toMatchObject({ code: 'WRONG_IDENTITY' });
  });

  it('shows no secret in command lines, environments or logs, and keeps its files to their owner', () => {
    const secrets = [...pipeline.spark.secrets(), ...pipeline.kafka.secrets()];
    for (const part of ['master', 'worker', 'driver']) {
      const task = pipeline.task(part);
      const visible = `${visibleText(task)}\n${readFileSync(task.logFile, 'utf8')}`;
      for (const secret of secrets) expect(visible.includes(secret)).toBe(false);
      for (const { path, content } of task.spec.files) {
        if (secrets.some((secret) => content.includes(secret)))
          expect(statSync(join(task.directory, path)).mode & 0o777).toBe(0o600);
      }
    }
  });

  it('finds every jar that its class path names', async () => {
    const { sparkLib } = await artifactsForTests();
    expect(sparkJars.filter((jar) => !existsSync(join(sparkLib, jar)))).toEqual([]);
  });

  it('filters in real time and hands on key, envelope and trace', async () => {
    const [high, low] = [reading(), reading(undefined, 5)];
    await send([high, low]);
    await pipeline.until('the record', () => results().has(high.key));
    const [record] = pipeline.out.get('sample.high')!.filter(({ key }) => key === high.key);
    expect(JSON.parse(record!.value!)).toEqual(JSON.parse(high.value));
    const { 'millrace-pathway': sentOn, ...others } = high.headers;
    expect(record!.headers).toMatchObject({ ...others, ce_specversion: '1.0', 'millrace-job': 'high' });
    const [came, goes] = [parsePathwayHeader(sentOn), parsePathwayHeader(record!.headers['millrace-pathway'])];
    expect(goes).toMatchObject({ pathway: pathwayId(parent, 'job:high'), originMs: came!.originMs });
    expect(goes!.previousMs).toBeGreaterThanOrEqual(came!.previousMs);
    expect(record!.headers['millrace-job-at']).toMatch(/^\d+:\d+$/);
    expect(Number(record!.headers['millrace-job-in'])).toBeGreaterThan(1_600_000_000_000);
    expect(results().has(low.key)).toBe(false);
    await pipeline.until('both counted', () => counted() === 2);
  });

  it('sends every record that does not fit to the dead-letter topic, with its reason, once', async () => {
    const { key, headers, value } = reading();
    const good = JSON.parse(value) as Record<string, unknown>;
    const { place: _, ...placeless } = good;
    const cases: [string, string | null, Record<string, string>][] = [
      ['null-value', null, headers],
      ['empty-value', '', headers],
      ['bad-json', '{"place":', headers],
      ['not-an-object', '[]', headers],
      ['wrong-type', JSON.stringify({ ...good, value: '11' }), headers],
      ['wrong-type', JSON.stringify({ ...good, at: 7 }), headers],
      ['bad-time', JSON.stringify({ ...good, at: 'yesterday' }), headers],
      ['bad-time', JSON.stringify({ ...good, at: '+300000-01-01T00:00:00Z' }), headers],
      ['bad-json', '  ', headers],
      ['too-large', JSON.stringify({ ...good, note: 'x'.repeat(262_144) }), headers],
      ['missing-field', JSON.stringify(placeless), headers],
      ['missing-id', JSON.stringify(good), { ce_time: headers.ce_time }],
      ['bad-time', JSON.stringify(good), { ce_id: key, ce_time: 'now' }],
    ];
    await pipeline.send(cases.map(([reason, value, headers]) => ({ key: reason, value, headers })));
    const dead = pipeline.out.get('sample.readings.dead')!;
    await pipeline.until('the dead letters', () => dead.length >= cases.length);
    const reasons = dead.map(({ headers }) => headers['millrace-reason']);
    expect(reasons.toSorted()).toEqual(cases.map(([reason]) => reason).toSorted());
    for (const { key, value, headers } of dead) {
      expect(headers['millrace-reason']).toBe(key);
      expect(cases.some(([reason, original]) => reason === key && original === value)).toBe(true);
      expect(headers['millrace-detail']).not.toBe('');
    }
  });

  it('sorts out what has no key, and cuts what its dead-letter topic would refuse, instead of ending', async () => {
    const dead = pipeline.out.get('sample.readings.dead')!;
    const before = dead.length;
    const { value, headers } = reading();
    const large = 'x'.repeat(1_030_000);
    await pipeline.send([{ value, headers }]);
    await pipeline.send([{ key: 'large', value: large, headers: { ...headers, long: 'y'.repeat(3000) } }]);
    await pipeline.until('both dead letters', () => dead.length >= before + 2);
    const [keyless] = dead.filter(({ headers }) => headers['millrace-reason'] === 'missing-key');
    expect(keyless!.value).toBe(value);
    const [cut] = dead.filter(({ key }) => key === 'large');
    expect(cut!.headers).toMatchObject({ 'millrace-reason': 'too-large', 'millrace-value-cut-from': '1030000' });
    expect(cut!.headers.long).toBeUndefined();
    expect(cut!.value).toBe(large.slice(0, 16_384));
    const { queries } = (await pipeline.health())!;
    expect(queries.map(({ state }) => state)).not.toContain('restarting');
  });

  it('counts each event once though some come twice', () => flowing(3, async () => undefined));

  it('loses and doubles nothing when the driver is killed, and the executors of the dead one free their slots', () =>
    flowing(8, async () => {
      await sleep(2000);
      await end(pipeline.task('driver'), 'SIGKILL');
      pipeline.launch('driver');
      await pipeline.untilReady();
      expect(await slotsUsed()).toBe(sparkSlots(sampleOf().spec));
    }));

  it('loses and doubles nothing when a worker is killed with its executors', () =>
    flowing(8, async () => {
      await sleep(2000);
      await end(pipeline.task('worker'), 'SIGKILL');
      pipeline.launch('worker');
      const { access } = pipeline.spark;
      await untilReady(sparkPackage, access, pipeline.spark.context(1).placement, pipeline.task('worker'));
    }));

  it('goes on without its master, which knows worker and application again after kill -9', () =>
    flowing(8, async () => {
      await sleep(2000);
      await end(pipeline.task('master'), 'SIGKILL');
      pipeline.launch('master');
      const { access } = pipeline.spark;
      for (const at of [0, 1])
        await untilReady(sparkPackage, access, pipeline.spark.context(at).placement, pipeline.task('master'));
      await end(pipeline.task('worker'), 'SIGKILL');
      pipeline.launch('worker');
    }));

  it('loses and doubles nothing when the broker is killed', () =>
    flowing(8, async () => {
      await sleep(2000);
      await end(pipeline.task('kafka'), 'SIGKILL');
      await sleep(1000);
      pipeline.launch('kafka');
    }));

  it('ends its batches on SIGTERM, with code 0: the next driver repeats nothing and loses nothing', async () => {
    const before = pipeline.out.get('sample.high')!.length;
    const old = new Set(sent.high);
    await flowing(6, async () => {
      await sleep(3000);
      await end(pipeline.task('driver'));
      expect(pipeline.task('driver').process.exitCode).toBe(0);
      pipeline.launch('driver');
      await pipeline.untilReady();
    });
    const times = new Map<string, number>();
    for (const { headers } of pipeline.out.get('sample.high')!.slice(before))
      times.set(headers.ce_id!, (times.get(headers.ce_id!) ?? 0) + 1);
    expect([...old].filter((id) => times.has(id))).toEqual([]);
    // `flowing` sends one of ten twice.
    const sums = [...times.values()].toSorted();
    expect(sums).toEqual(sums.map((_, at) => (at < sums.length * 0.9 ? 1 : 2)));
    await end(pipeline.task('driver'));
  });
});
