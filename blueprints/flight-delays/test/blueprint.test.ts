import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compileChecker } from '../../../platform/model/check.ts';
import { newMark } from '../../../platform/verify/markedEvents.ts';
import { blueprint } from '../blueprint.ts';

const folder = join(import.meta.dirname, '..');
const repoRoot = join(folder, '..', '..');
const defaults = Object.fromEntries(Object.entries(blueprint.parameters).map(([name, spec]) => [name, spec.default]));
const spec = blueprint.build(defaults);

const anyParameters = fc.record(
  Object.fromEntries(
    Object.entries(blueprint.parameters).map(([name, { type, minimum, maximum }]) => {
      const [min, max] = [minimum ?? 0, maximum ?? 1];
      return [name, type === 'integer' ? fc.integer({ min, max }) : fc.double({ min, max, noNaN: true })];
    }),
  ),
);

test('every allowed parameter gives a valid spec, and a marked event of it is a severe delay', () => {
  fc.assert(
    fc.property(anyParameters, (parameters) => {
      const { verify } = blueprint.build(parameters);
      expect(Number(verify.event.delay_minutes)).toBeGreaterThanOrEqual(Number(parameters.severeDelayMinutes));
    }),
    { numRuns: 50 },
  );
});

test('every record of the real data set is an event of the topic', () => {
  const { npmPackage, file, fields } = spec.datasets['flight-records']!;
  const rows = JSON.parse(readFileSync(join(repoRoot, 'node_modules', npmPackage, file), 'utf8')) as unknown[];
  const check = compileChecker(spec.topics.flights!.schema);
  const events = rows.map((row) =>
    Object.fromEntries(
      Object.entries(fields).map(([name, { from }]) => [name, (row as Record<string, unknown>)[from]]),
    ),
  );
  expect(events.length).toBe(20_000);
  expect(events.filter((event) => check(event) !== undefined)).toEqual([]);
});

test('every airport of the real data has a row in the airports file', () => {
  const read = (file: string) => readFileSync(join(repoRoot, 'node_modules', 'vega-datasets', file), 'utf8');
  const known = new Set(
    read('data/airports.csv')
      .split('\n')
      .map((line) => line.slice(0, line.indexOf(','))),
  );
  const flights = JSON.parse(read(spec.datasets['flight-records']!.file)) as { origin: string }[];
  expect(flights.filter(({ origin }) => !known.has(origin))).toEqual([]);
  expect(Object.values(spec.datasets.airports!.fields).map(({ from }) => from)).toEqual([
    'iata',
    'name',
    'city',
    'state',
  ]);
});

test('a mark is no airport code, so that a verification raises no alert and shows on no board', () => {
  const [, pattern] = /RLIKE '([^']+)'/.exec(readFileSync(join(folder, 'jobs', 'severe-delays.sql'), 'utf8'))!;
  expect('SFO').toMatch(new RegExp(pattern!));
  fc.assert(fc.property(fc.integer({ min: 0, max: 4e12 }), (nowMs) => !new RegExp(pattern!).test(newMark(nowMs))));
});
