import { expect, test } from '@jest/globals';
import { type SparkOptions, sparkOptions } from '../../../platform/frameworks/spark/spec.ts';
import { blueprintSpec } from '../../../platform/model/blueprint.ts';
import { planPipeline } from '../../../platform/plan/plan.ts';
import { checkSparkRoom } from '../../../platform/plan/sparkRoom.ts';
import { changed, goodInput, inputOf } from './world.ts';

const spec = blueprintSpec.parse(goodInput);
const partitions = spec.topics.flights!.partitions;
const neighbours = (...names: readonly string[]) => names.map((pipeline) => ({ pipeline, spec }));
const check = (options: Partial<SparkOptions>, ...names: readonly string[]) =>
  checkSparkRoom({ pipeline: 'mine', spec }, sparkOptions.parse(options), neighbours(...names));

test('with the defaults two pipelines have room, and a third is told who holds it', () => {
  expect(check({})).toBeUndefined();
  expect(check({}, 'first')).toBeUndefined();
  const refused = check({}, 'first', 'second');
  expect(refused?.reason).toMatchObject({ ok: false, text: 'Spark has no room for the jobs of mine' });
  const [fault] = refused!.reason.children;
  expect(fault?.text).toBe('executors: ask 1, 0 of 2 free: first holds 1, second holds 1');
  expect(refused!.help).toMatch(
    /^Destroy another pipeline \(millrace destroy first\), or let a blueprint ask for more/,
  );
});

test('more memory, or more workers, has room for more', () => {
  const names = ['first', 'second', 'third'];
  expect(check({ workerMemoryMiB: 4 * 208 }, ...names)).toBeUndefined();
  expect(check({ workers: 2 }, ...names)).toBeUndefined();
  expect(check({ workers: 2 }, ...names, 'fourth')).toBeDefined();
});

test('slots are counted, too: a real-time job holds one for each partition', () => {
  const slots = partitions + 2;
  expect(check({ workerCores: 2 * slots }, 'first')).toBeUndefined();
  const refused = check({ workerCores: 2 * slots - 1 }, 'first');
  const text = `slots: ask ${slots}, ${slots - 1} of ${2 * slots - 1} free: first holds ${slots}`;
  expect(refused?.reason.children.map((child) => child.text)).toEqual([text]);
});

test('a plan without room is refused; one without jobs asks for none, and holds none', () => {
  const full = planPipeline(inputOf(undefined, { neighbours: neighbours('first', 'second') }));
  expect(full).toMatchObject({ refused: true, summary: 'Spark has no room for the jobs of pp' });
  const jobless = { ...spec, jobs: {} };
  const idle = [{ pipeline: 'first', spec: jobless }, ...neighbours('second')];
  expect(planPipeline(inputOf(undefined, { neighbours: idle }))).not.toHaveProperty('refused');
  const options = sparkOptions.parse({});
  expect(checkSparkRoom({ pipeline: 'mine', spec: jobless }, options, neighbours('first', 'second'))).toBeUndefined();
});

test('what could never fit is told without anybody else to destroy', () => {
  const wide = blueprintSpec.parse(changed(({ topics }) => Object.assign(topics.flights, { partitions: 64 })));
  const refused = checkSparkRoom({ pipeline: 'mine', spec: wide }, sparkOptions.parse({ workerCores: 16 }), []);
  expect(refused?.reason.children.map(({ text }) => text)).toEqual([
    'executors: ask 5, 2 of 2 free',
    'slots: ask 70, 16 of 16 free',
  ]);
  expect(refused?.help).toMatch(/^Let a blueprint ask/);
});
