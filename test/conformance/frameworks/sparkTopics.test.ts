/** What a job's page of the ledger knows when its topic is another one, or was removed and made anew. On a real Spark. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { sampleOf } from '../../../platform/frameworks/spark/sample.ts';
import { addTallies } from '../../../platform/telemetry/conservation/tally.ts';
import { artifactsForTests } from './artifacts.ts';
import { end } from './runner.ts';
import { SparkPipeline } from './sparkPipeline.ts';
import { reading } from './sparkReadings.ts';

jest.setTimeout(600_000);

let pipeline: SparkPipeline;
beforeAll(async () => {
  pipeline = new SparkPipeline(await artifactsForTests(), 12370);
  await pipeline.start();
});
afterAll(async () => {
  await pipeline?.stop();
});

const { spec, sql } = sampleOf();
const { readings } = spec.topics;
/** The real-time job reads another topic; the windowed one goes on. */
const other = {
  spec: {
    ...spec,
    topics: { ...spec.topics, others: readings! },
    jobs: { ...spec.jobs, high: { ...spec.jobs.high!, input: { ...spec.jobs.high!.input, topic: 'others' } } },
  },
  sql: { ...sql, high: sql.high!.replace('FROM readings', 'FROM others') },
};

const some = (count: number) => Array.from({ length: count }, () => reading());
const make = (topic: string) =>
  pipeline.administer(async (admin) => {
    await admin.createTopics({ topics: [{ topic, numPartitions: 2, replicationFactor: 1 }], waitForLeaders: true });
  });

async function ledger(job: string) {
  return (await pipeline.stages()).find(({ ledger }) => ledger.stage === job)!.ledger;
}

/** Waits until the job has read as many, and what is too much would be read, too; gives its page. */
async function untilRead(job: string, count: number) {
  const read = async () => addTallies((await ledger(job)).cells.flatMap(({ tallies }) => tallies.in ?? [])).count;
  for (let tries = 0; tries < 900 && (await read()) < count; tries++) await sleep(200);
  await sleep(3000);
  expect([job, await read()]).toEqual([job, count]);
  return ledger(job);
}

const launch = async (revision: { spec: typeof spec; sql: typeof sql }) => {
  pipeline.launchRevision(revision.spec, revision.sql);
  await pipeline.untilReady();
};

it('knows all windows of each topic when a job goes to another topic and comes back', async () => {
  await pipeline.send(some(20));
  for (const job of ['high', 'means']) await untilRead(job, 20);
  await end(pipeline.task('driver'));
  for (const topic of ['sample.others', 'sample.others.dead']) await make(topic);
  await pipeline.send(some(10), 'sample.others');
  await launch(other);
  expect((await untilRead('high', 10)).unknownBefore).toBeUndefined();
  await pipeline.send(some(5));
  await untilRead('means', 25);
  await end(pipeline.task('driver'));
  await launch({ spec, sql });
  const { unknownBefore, fault } = await untilRead('high', 25);
  expect([unknownBefore, fault]).toEqual([undefined, undefined]);
});

it('has windows before as unknown, and reads all, when its topic was removed and made anew', async () => {
  await end(pipeline.task('driver'));
  await pipeline.administer(async (admin) => {
    await admin.deleteTopics({ topics: ['sample.readings'] });
    while ((await admin.listTopics()).includes('sample.readings')) await sleep(100);
  });
  await make('sample.readings');
  const removed = Date.now();
  await pipeline.send(some(8));
  pipeline.launch('driver');
  await pipeline.untilReady();
  for (const job of ['high', 'means']) {
    const { unknownBefore } = await untilRead(job, 8);
    expect(unknownBefore!.ms).toBeGreaterThanOrEqual(removed);
    expect(unknownBefore!.why).toContain('is of the topic sample.readings before that was removed and made anew');
  }
  await end(pipeline.task('driver'));
  await pipeline.send(some(8));
  pipeline.launch('driver');
  await pipeline.untilReady();
  for (const job of ['high', 'means']) await untilRead(job, 16);
});
