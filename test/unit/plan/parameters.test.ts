import { expect, test } from '@jest/globals';
import type { BlueprintModule, ParameterSpec } from '../../../platform/model/blueprint.ts';
import { parameterChanges, resolveParameters } from '../../../platform/plan/parameters.ts';
import { goodInput, moduleOf } from './world.ts';

const parameters: Record<string, ParameterSpec> = {
  partitions: { type: 'integer', default: 4, minimum: 1, maximum: 64, doc: '' },
  ratio: { type: 'number', default: 0.01, minimum: 0, doc: '' },
  profile: { type: 'string', default: 'laptop', oneOf: ['laptop', 'server'], doc: '' },
  loop: { type: 'boolean', default: true, doc: '' },
};
const module: BlueprintModule = { ...moduleOf(goodInput), parameters };

test('defaults are filled in and text from the command line is converted', () => {
  expect(resolveParameters(module, { partitions: '8', loop: 'false' })).toEqual({
    partitions: 8,
    ratio: 0.01,
    profile: 'laptop',
    loop: false,
  });
});

test.each([
  [{ partitions: 'x' }, 'a whole number from 1 to 64'],
  [{ partitions: 65 }, 'a whole number from 1 to 64'],
  [{ partitions: '1.5' }, 'a whole number from 1 to 64'],
  [{ partitions: '' }, 'a whole number from 1 to 64'],
  [{ partitions: true }, 'a whole number from 1 to 64'],
  [{ ratio: '-1' }, 'a number of at least 0'],
  [{ ratio: 'Infinity' }, 'a number of at least 0'],
  [{ profile: 'phone' }, 'one of: laptop, server'],
  [{ loop: 'yes' }, 'true or false'],
])('%j is refused with the range', (given, range) => {
  expect(() => resolveParameters(module, given as Record<string, string>)).toThrow(
    expect.objectContaining({
      code: 'INVALID_PARAMETER',
      details: expect.objectContaining({ reason: `it must be ${range}` }),
    }),
  );
});

test('an unknown name is answered with the nearest', () => {
  expect(() => resolveParameters(module, { partition: 3 })).toThrow(
    expect.objectContaining({ code: 'UNKNOWN_PARAMETER', details: expect.objectContaining({ nearest: 'partitions' }) }),
  );
});

test('a name that every object has is unknown, too', () => {
  expect(() => resolveParameters(module, { toString: 'x' })).toThrow(
    expect.objectContaining({ code: 'UNKNOWN_PARAMETER' }),
  );
});

test('what a revision changes is told, old and new, with what goes back to its default', () => {
  const before = resolveParameters(module, { partitions: 8, loop: false, profile: 'server' });
  const after = resolveParameters(module, { loop: false, profile: 'server', ratio: '0.5' });
  expect(parameterChanges(module, after, before)).toEqual([
    { name: 'partitions', from: 8, to: 4, toDefault: true },
    { name: 'ratio', from: 0.01, to: 0.5, toDefault: false },
  ]);
  expect(parameterChanges(module, after, after)).toEqual([]);
  expect(parameterChanges(module, after, undefined)).toEqual([]);
});

test('a parameter that only one of the revisions has counts as changed', () => {
  const now = resolveParameters(module, {});
  const { ratio, ...rest } = now;
  expect(parameterChanges(module, now, { ...rest, gone: 'x' })).toEqual([
    { name: 'ratio', from: null, to: ratio, toDefault: true },
    { name: 'gone', from: 'x', to: null, toDefault: false },
  ]);
});
