import { expect, test } from '@jest/globals';
import { physical, pipelineName } from '../../../platform/model/names.ts';

test('a keyspace has no dash, because CQL takes none unquoted', () => {
  expect(physical.keyspace('flight-delays')).toBe('flight_delays');
});

test.each(['ab', 'flight-delays', 'a1-b2', 'a'.repeat(40)])('a pipeline may be called %s', (name) => {
  expect(pipelineName(name)).toBe(name);
});

test.each([
  '',
  'a',
  'é',
  'Bad',
  'bad name',
  '../bad',
  '..',
  'a/b',
  'a--b',
  '-a',
  'a-',
  '1a',
  'a_b',
  'a.b',
  'a\n',
  'a'.repeat(41),
])('no pipeline may be called %j', (name) => {
  const refusal = { code: 'INVALID_NAME', message: `"${name}" can not be the name of a pipeline.` };
  expect(() => pipelineName(name)).toThrow(expect.objectContaining(refusal));
});

test('a long name is told by its beginning', () => {
  expect(() => pipelineName('x'.repeat(300))).toThrow(`"${'x'.repeat(60)}…" can not be the name of a pipeline.`);
});
