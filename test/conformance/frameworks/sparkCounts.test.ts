/** What Spark counts of the events that pass its jobs: for the ledger, for their pathways, and of what is broken on purpose. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { balance } from '../../../platform/telemetry/conservation/balance.ts';
import { type TallyKind, windowMs } from '../../../platform/telemetry/conservation/cell.ts';
import type { LedgerStage } from '../../../platform/telemetry/conservation/report.ts';
import { addTallies, eventHash, Tally } from '../../../platform/telemetry/conservation/tally.ts';
import { pathwayId } from '../../../platform/telemetry/pathway/pathways.ts';
import type { StageReport } from '../../../platform/telemetry/stageMeter.ts';
import { artifactsForTests } from './artifacts.ts';
import { end } from './runner.ts';
import { SparkPipeline } from './sparkPipeline.ts';
import { parent, reading, SentReadings } from './sparkReadings.ts';

jest.setTimeout(600_000);

const sent = new SentReadings();
let pipeline: SparkPipeline;
beforeAll(async () => {
  pipeline = new SparkPipeline(await artifactsForTests(), 12330);
  await pipeline.start();
});
afterAll(async () => {
  await pipeline?.stop();
});

async function page(job: string): Promise<StageReport> {
  return (await pipeline.stages()).find(({ ledger }) => ledger.stage === job)!;
}

function hashText(id: string): string {
  const { high, low } = eventHash(id);
  return [high, low].map((half) => half.toString(16).padStart(8, '0')).join('');
}

function tallyOf(ids: ReadonlySet<string>) {
  const tally = new Tally();
  for (const id of ids) tally.add(eventHash(id));
  return tally.value();
}

async function counted(kind: TallyKind, job: string) {
  const { cells } = (await page(job)).ledger;
  return addTallies(cells.flatMap(({ tallies }) => tallies[kind] ?? []));
}

/** Waits until as many are counted, and what is too much would be, too. */
async function reaches(kind: TallyKind, job: string, ids: ReadonlySet<string>): Promise<void> {
  const expected = tallyOf(ids);
  for (let tries = 0; tries < 900 && (await counted(kind, job)).count < expected.count; tries++) await sleep(200);
  expect({ job, kind, ...(await counted(kind, job)) }).toEqual({ job, kind, ...expected });
}

async function allCounted(): Promise<void> {
  await reaches('in', 'high', sent.all);
  await reaches('out', 'high', sent.high);
  await reaches('filtered', 'high', new Set([...sent.all].filter((id) => !sent.high.has(id))));
  await reaches('in', 'means', sent.all);
  await reaches('aggregated', 'means', sent.all);
}

const some = (count = 50) => Array.from({ length: count }, (_, at) => reading(undefined, at % 2 === 0 ? 11 : 5));

async function startDriver(): Promise<void> {
  pipeline.launch('driver');
  await pipeline.untilReady();
}

/** Directory of the checkpoint of a job. */
function checkpointOf(job: string): string {
  const name = pipeline.checkpoints().find((each) => each.startsWith(`${job}.`))!;
  return join(pipeline.task('driver').directory, 'data', 'checkpoints', name);
}

const ledgerDir = () => join(pipeline.task('driver').directory, 'data', 'conservation');

/** Batches that Spark has begun (`offsets`) or ended (`commits`). */
const numbersIn = (job: string, log: 'offsets' | 'commits') =>
  readdirSync(join(checkpointOf(job), log))
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .toSorted((a, b) => a - b);

describe('spark counts', () => {
  it('counts each event for the ledger, with the hashes that the other stages count with', async () => {
    const events = Array.from({ length: 50 }, (_, at) => reading(`zähler-${at}`, at % 2 === 0 ? 11 : 5));
    await sent.send(pipeline, events);
    await allCounted();
  });

  it('keeps how late its events were, and the trace of a sampled one beside each latency', async () => {
    const { checkpoint } = await page('high');
    expect(checkpoint).toMatchObject({ checkpoint: 'job:high', withoutHeader: 0, overflowed: false });
    const [pathway] = checkpoint.pathways;
    expect(pathway).toMatchObject({ pathway: pathwayId(parent, 'job:high'), parent, negativeEdge: 0 });
    for (const { count, minMs, maxMs, exemplars } of [pathway!.edge, pathway!.endToEnd]) {
      expect(count).toBe(sent.high.size);
      expect(exemplars.length).toBeGreaterThan(0);
      for (const { valueMs, atMs, traceId, spanId } of exemplars) {
        expect([traceId, spanId]).toEqual(['a'.repeat(32), 'b'.repeat(16)]);
        expect(valueMs).toBeGreaterThanOrEqual(minMs);
        expect(valueMs).toBeLessThanOrEqual(maxMs);
        expect(atMs).toBeLessThanOrEqual(pathway!.lastPassedMs);
      }
    }
  });

  it('counts each once when the driver dies between the settlement of a batch and its commit', async () => {
    await sent.send(pipeline, some());
    await allCounted();
    await end(pipeline.task('driver'));
    for (const job of ['high', 'means']) {
      const last = numbersIn(job, 'commits').at(-1)!;
      rmSync(join(checkpointOf(job), 'commits', String(last)));
      // A real-time batch has its end only when it has ended.
      if (job === 'high') rmSync(join(checkpointOf(job), 'offsets', String(last)));
      // Half a line of a settlement that was being written.
      appendFileSync(
        join(ledgerDir(), `${job === 'high' ? 'high@sample.readings' : basename(checkpointOf(job))}.changes.ndjson`),
        '{"sett',
      );
    }
    await startDriver();
    await sent.send(pipeline, some());
    await allCounted();
  });

  it('counts each once when the driver dies as soon as a batch is committed, however long its counts take to be written', async () => {
    const committed = () => numbersIn('means', 'commits').at(-1);
    while (numbersIn('means', 'offsets').at(-1) !== committed()) await sleep(20);
    // The first settlement of a driver writes all, later ones a line: to a file that takes none until somebody reads it.
    const changes = join(ledgerDir(), `${basename(checkpointOf('means'))}.changes.ndjson`);
    rmSync(changes, { force: true });
    execFileSync('mkfifo', [changes]);
    const before = committed();
    const results = pipeline.out.get('sample.means')!;
    const written = results.length;
    await sent.send(pipeline, some());
    await pipeline.until('results of the batch', () => results.length > written);
    // A commit that does not wait for the counts is there in a moment.
    for (let tries = 0; tries < 150 && committed() === before; tries++) await sleep(20);
    const isEarly = committed() !== before;
    const line = await readFile(changes);
    rmSync(changes);
    writeFileSync(changes, line);
    while (committed() === before) await sleep(1);
    await end(pipeline.task('driver'), 'SIGKILL');
    // Where the machine has stood still for so long that the driver has given up waiting, it has said so.
    const waited = !readFileSync(pipeline.task('driver').logFile, 'utf8').includes('the ledger goes on without');
    expect({ isEarly: isEarly && waited }).toEqual({ isEarly: false });
    await startDriver();
    await allCounted();
  });

  it.each([
    ['drop', 'high', ['high'], 'lost'],
    ['duplicate', 'job', ['high', 'means'], 'doubled'],
  ] as const)('%s:%s is named by the ledger in %s', async (action, stage, jobs, kind) => {
    await end(pipeline.task('driver'));
    pipeline.sabotage = { action, stage, event: 7 };
    await startDriver();
    const startMs = Date.now();
    const events = Array.from({ length: 40 }, (_, at) => reading(undefined, at % 2 === 0 ? 11 : 5));
    await pipeline.send(events);
    const ended = async (job: string) => {
      const cells = (await page(job)).ledger.cells.filter(({ originMs }) => originMs + windowMs > startMs);
      return addTallies(cells.flatMap(({ tallies }) => [tallies.in ?? [], tallies.filtered ?? []].flat())).count;
    };
    for (let tries = 0; tries < 300 && ((await ended('high')) < 60 || (await ended('means')) < 40); tries++)
      await sleep(200);
    const stages = await Promise.all(
      ['high', 'means'].map(async (job): Promise<LedgerStage> => {
        const kindOf = job === 'high' ? 'filter' : 'aggregate';
        return { name: job, job: kindOf, reads: 'readings', pages: [(await page(job)).ledger], drained: true };
      }),
    );
    const { windows } = balance(stages, Date.now() + 60_000);
    const faults = windows.filter(({ originMs }) => originMs + windowMs > startMs).flatMap(({ faults }) => faults);
    expect(faults.map(({ stage, kind, events }) => ({ stage, kind, events }))).toEqual(
      jobs.map((job) => ({ stage: job, kind, events: 1 })),
    );
    const hashes = events.map(({ key }) => hashText(key));
    for (const { hash } of faults) expect(hashes).toContain(hash);
  });

  it('tells from when on it counts where what it counted can not be read, with the name of the file, also after one more start', async () => {
    pipeline.sabotage = undefined;
    // Written down with each batch; the other job's lasts for minutes.
    const directory = join(pipeline.task('driver').directory, 'data', 'conservation');
    const written = () =>
      (existsSync(directory) ? readdirSync(directory) : []).find((name) => /^means.*\.json$/.test(name));
    for (let tries = 0; tries < 300 && written() === undefined; tries++) await sleep(200);
    const file = join(directory, written()!);
    const restart = async (spoil: () => void) => {
      await end(pipeline.task('driver'));
      spoil();
      pipeline.launch('driver');
      await pipeline.untilReady();
      return (await page('means')).ledger;
    };
    const before = Date.now();
    const { unknownBefore, fault } = await restart(() => truncateSync(file, 100));
    expect(fault).toBeUndefined();
    expect(unknownBefore!.ms).toBeGreaterThanOrEqual(before);
    expect(unknownBefore!.why).toContain(`its journal ${file} could not be read (`);
    expect(existsSync(`${file}.unread`)).toBe(true);
    expect((await page('high')).ledger.unknownBefore).toBeUndefined();
    expect((await restart(() => {})).unknownBefore).toEqual(unknownBefore);
  });
});
