import { describe, expect, test } from '@jest/globals';
import { type BlueprintInput, type BlueprintSpec, blueprintSpec } from '../../../platform/model/blueprint.ts';
import type { Plan } from '../../../platform/model/plan.ts';
import { checkpointConsequences, planCheckpoints, recordedCheckpoints } from '../../../platform/plan/checkpoints.ts';
import { keepsState, queryShapes } from '../../../platform/plan/jobShape.ts';
import { type StandingPipeline, standingOf } from '../../../platform/plan/standing.ts';
import { deployed, goodInput, inputOf, planned } from './world.ts';

const windowed: BlueprintInput['jobs'] = {
  ...goodInput.jobs,
  counts: {
    sqlFile: 'counts.sql',
    mode: 'micro-batch',
    input: { topic: 'flights', watermarkMs: 600_000, deduplicate: true },
    references: { airports: 'flights' },
    output: { topic: 'late' },
    triggerMs: 500,
  },
};
const texts = {
  late: 'SELECT airport FROM flights WHERE delay >= 30',
  counts: "SELECT airport, count(*) AS delay FROM flights GROUP BY airport, window(_event_time, '15 minutes')",
};
type Texts = Readonly<Record<string, string>>;
const specOf = (change: (spec: BlueprintSpec) => void = () => undefined) => {
  const spec = blueprintSpec.parse(structuredClone({ ...goodInput, jobs: windowed }));
  change(spec);
  return spec;
};
const shapesOf = (spec: BlueprintSpec, sql: Texts = texts) => queryShapes(spec, sql);

/** What stands after a plan with these checkpoints. */
function standingAfter(
  spec: BlueprintSpec,
  sql: Texts,
  before: StandingPipeline = standingOf(undefined),
): StandingPipeline {
  const checkpoints = planCheckpoints(spec, sql, before);
  const plan = { pipeline: 'pp', spec, sql, checkpoints } as unknown as Plan;
  return { ...standingOf(undefined), revision: before.revision + 1, spec, plan, installed: true };
}

describe('the shape of a job with state', () => {
  const { counts } = shapesOf(specOf());
  const changes: readonly (readonly [string, (spec: BlueprintSpec) => void])[] = [
    ['watermark', (spec) => Object.assign(spec.jobs.counts!.input, { watermarkMs: 60_000 })],
    ['deduplication', (spec) => Object.assign(spec.jobs.counts!.input, { deduplicate: false })],
    ['a field of the input', (spec) => Object.assign(spec.topics.flights!.schema.fields.delay!, { nullable: true })],
    ['the topic', (spec) => Object.assign(spec.jobs.counts!.input, { topic: 'late' })],
    ['the output', (spec) => Object.assign(spec.jobs.counts!.output, { topic: 'flights' })],
    ['a reference', (spec) => Object.assign(spec.datasets.flights!, { file: 'others.json' })],
  ];
  test.each(changes)('changes with %s', (_, change) => {
    expect(shapesOf(specOf(change)).counts!.shape).not.toBe(counts!.shape);
  });
  test('changes with the SQL, but not with its comments and spaces', () => {
    const shape = (sql: string) => shapesOf(specOf(), { ...texts, counts: sql }).counts!.shape;
    expect(shape(texts.counts.replace('15', '5'))).not.toBe(counts!.shape);
    expect(shape(`-- counts\n${texts.counts.replaceAll(', ', ' ,\n  ')}`)).toBe(counts!.shape);
  });
  test('stays as it is with more partitions, another trigger, a documented field, another job', () => {
    const spec = specOf(({ topics, jobs }) => {
      topics.flights!.partitions = 8;
      topics.flights!.schema.fields.delay!.doc = 'minutes';
      jobs.counts!.triggerMs = 5000;
      jobs.late!.triggerMs = 5000;
    });
    expect(shapesOf(spec, { ...texts, late: 'SELECT 1' }).counts).toEqual(counts);
  });
});

describe('whether a micro-batch job keeps state', () => {
  const job = { mode: 'micro-batch', input: { topic: 'flights', watermarkMs: 0, deduplicate: false } } as const;
  test.each([
    'SELECT upper(airport) AS airport, CAST(delay AS INT) AS delay FROM flights WHERE delay IN (1, 2)',
    'SELECT f.airport, p.name FROM flights f LEFT JOIN places p ON (p.airport = f.airport)',
    "SELECT airport, 'count(*) GROUP BY' AS note FROM flights -- DISTINCT",
  ])('no: %s', (sql) => expect(keepsState(job, sql)).toBe(false));
  test.each([
    'SELECT count(*) AS n FROM flights',
    'SELECT DISTINCT airport FROM flights',
    'SELECT airport FROM flights GROUP BY airport',
    'SELECT my_aggregate(delay) AS n FROM flights',
    'SELECT a.airport FROM flights a JOIN flights b ON a.airport = b.airport',
    'SELECT airport FROM flights UNION ALL SELECT airport FROM places',
  ])('yes, or in doubt: %s', (sql) => expect(keepsState(job, sql)).toBe(true));
  test('yes when it drops duplicates; a real-time job never does', () => {
    const sql = 'SELECT airport FROM flights';
    expect(keepsState({ ...job, input: { ...job.input, deduplicate: true } }, sql)).toBe(true);
    expect(keepsState({ ...job, mode: 'realtime' }, texts.counts)).toBe(false);
  });
});

describe('a redeploy', () => {
  const first = standingAfter(specOf(), texts);
  const other = { ...texts, counts: texts.counts.replace('15', '5') };
  const directory = (standing: StandingPipeline, name = 'counts') => standing.plan!.checkpoints![name]!.directory;
  const told = (spec: BlueprintSpec, sql: Texts, before: StandingPipeline) =>
    checkpointConsequences(spec, sql, before).map(({ name, effect, text }) => `${effect} ${name}: ${text}`);

  test('that changes nothing goes on where it was', () => {
    expect(planCheckpoints(specOf(), texts, first)).toEqual(first.plan!.checkpoints);
    expect(told(specOf(), texts, first)).toEqual([
      'keep late: goes on where it was',
      'keep counts: goes on where it was',
    ]);
  });
  test('with other windows rebuilds the state in a new place, and says so; the one before stays', () => {
    const second = standingAfter(specOf(), other, first);
    expect(directory(second)).not.toBe(directory(first));
    expect(second.plan!.checkpoints!.counts!.former!.directory).toBe(directory(first));
    expect(told(specOf(), other, first)[1]).toMatch(
      /^rebuild counts: state is rebuilt from the oldest record of topic flights on: results are written again/,
    );
  });
  test('back to the revision before goes on in its place; a third state pushes the oldest out', () => {
    const second = standingAfter(specOf(), other, first);
    const third = standingAfter(specOf(), texts, second);
    expect(directory(third)).toBe(directory(first));
    expect(third.plan!.checkpoints!.counts!.former!.directory).toBe(directory(second));
    expect(told(specOf(), texts, second)[1]).toMatch(/^keep counts: goes back to the checkpoint/);
    const fourth = standingAfter(specOf(), { ...texts, counts: texts.counts.replace('15', '60') }, second);
    expect(fourth.plan!.checkpoints!.counts!.former!.directory).toBe(directory(second));
    expect(told(specOf(), texts, fourth)[1]).toMatch(/^rebuild/);
  });
  test('with other SQL of a job without state keeps its offsets', () => {
    const sql = { ...texts, late: texts.late.replace('30', '60') };
    expect(planCheckpoints(specOf(), sql, first).late).toEqual(first.plan!.checkpoints!.late);
    expect(told(specOf(), sql, first)[0]).toMatch(
      /^keep late: goes on where it was in topic flights: the change holds/,
    );
  });
  test('of a job without state in another mode begins at the offsets it had; on another topic, anew', () => {
    const plain = { ...texts, counts: texts.late };
    const batch = specOf(({ jobs }) => Object.assign(jobs.late!, { mode: 'micro-batch' }));
    const { late } = planCheckpoints(batch, plain, first);
    expect(late).toMatchObject({ stateful: false, from: [directory(first, 'late')] });
    expect(late!.directory).not.toBe(directory(first, 'late'));
    const elsewhere = specOf(({ jobs }) => Object.assign(jobs.late!.input, { topic: 'late' }));
    expect(planCheckpoints(elsewhere, texts, first).late!.from).toEqual([]);
    expect(told(elsewhere, texts, first)[0]).toBe('rebuild late: starts anew, from the oldest record of topic late on');
  });
  test('without the job that wrote the dead letters lets a query of their own go on at its offsets', () => {
    const { counts } = specOf().jobs;
    const less = specOf((spec) => Object.assign(spec, { jobs: { counts } }));
    const second = standingAfter(less, texts, first);
    expect(second.plan!.checkpoints!['flights.dead']).toMatchObject({ from: [directory(first, 'late')] });
    expect(directory(second)).toBe(directory(first));
    expect(told(less, texts, first)[1]).toMatch(/^keep late: no longer used/);
    expect(directory(standingAfter(specOf(), texts, second), 'late')).toBe(directory(first, 'late'));
  });
  test('without any job loses the checkpoints with the driver', () => {
    const none = specOf((spec) => Object.assign(spec, { jobs: {} }));
    expect(planCheckpoints(none, {}, first)).toEqual({});
    expect(told(none, {}, first)[0]).toMatch(/^delete late/);
  });
});

test('a plan of before checkpoints had shapes keeps its places, and its driver runs on', () => {
  const input = inputOf();
  const { checkpoints: _, ...old } = planned(input);
  expect(recordedCheckpoints(old).late!.directory).toBe('late');
  const again = planned(deployed(input, old));
  expect(again.checkpoints!.late!.directory).toBe('late');
  expect(again.taskRevisions['pp.spark-driver.0']).toBe(1);
});

test('after a destroy that kept the data the jobs go on; after a failed first deploy they start anew', () => {
  const input = inputOf();
  const first = planned(input);
  const effects = (state: 'stopped' | 'failed') =>
    planned(deployed(input, first, state)).data.flatMap(({ kind, effect }) => (kind === 'checkpoint' ? [effect] : []));
  expect(effects('stopped')).toEqual(['keep']);
  expect(effects('failed')).toEqual(['create']);
});
