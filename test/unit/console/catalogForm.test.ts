import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { deployBody, type ParameterInfo } from '../../../platform/api/contract/control.ts';
import {
  defaultValues,
  deployBodyOf,
  formFaults,
  marksOf,
  nameFault,
  parameterFault,
  standingOf,
  startValues,
} from '../../../platform/console/app/pages/catalog/form.ts';
import { planOf, refusalOf } from '../../../platform/console/app/pages/catalog/refusal.ts';
import type { BlueprintModule, ParameterSpec } from '../../../platform/model/blueprint.ts';
import { name } from '../../../platform/model/names.ts';
import { resolveParameters } from '../../../platform/plan/parameters.ts';

function info(given: Partial<ParameterInfo> & Pick<ParameterInfo, 'name' | 'type' | 'default'>): ParameterInfo {
  return { doc: '', min: null, max: null, values: null, ...given };
}
const partitions = info({ name: 'partitions', type: 'integer', default: 4, min: 1, max: 64 });
const ratio = info({ name: 'ratio', type: 'number', default: 0.01, min: 0 });
const profile = info({ name: 'profile', type: 'enum', default: 'laptop', values: ['laptop', 'server'] });
const dedupe = info({ name: 'dedupe', type: 'boolean', default: true });
const label = info({ name: 'label', type: 'string', default: '' });
const all = [partitions, ratio, profile, dedupe, label];

describe('form of parameters', () => {
  test.each([
    [partitions, '0', 'It must be a whole number from 1 to 64.'],
    [partitions, '1.5', 'It must be a whole number from 1 to 64.'],
    [partitions, '', 'It must be a whole number from 1 to 64.'],
    [partitions, '64', undefined],
    [ratio, '-1', 'It must be a number of at least 0.'],
    [ratio, '1e-3', undefined],
    [profile, 'desktop', 'It must be one of: laptop, server.'],
    [dedupe, 'yes', 'It must be true or false.'],
    [label, '<b>', undefined],
  ])('%o as "%s": %s', (parameter, raw, fault) => expect(parameterFault(parameter, raw)).toBe(fault));

  test('accepts exactly what the planner accepts', () => {
    const specOf = ({ type, min, max, values, default: fallback }: ParameterInfo) => ({
      type: type === 'enum' ? 'string' : type,
      default: fallback,
      doc: '',
      ...(min !== null && { minimum: min }),
      ...(max !== null && { maximum: max }),
      ...(values !== null && { oneOf: values }),
    });
    const parameters = Object.fromEntries(all.map((each) => [each.name, specOf(each) as ParameterSpec]));
    const module = { name: 'test', parameters } as unknown as BlueprintModule;
    const raw = fc.oneof(
      fc.string({ maxLength: 8 }),
      fc.integer().map(String),
      fc.double().map(String),
      fc.constantFrom('true', 'laptop', ' 3 ', '+4'),
    );
    fc.assert(
      fc.property(fc.constantFrom(...all), raw, (parameter, value) => {
        const planned = () => resolveParameters(module, { [parameter.name]: value });
        if (parameterFault(parameter, value) === undefined) expect(planned).not.toThrow();
        else expect(planned).toThrow(expect.objectContaining({ code: 'INVALID_PARAMETER' }));
      }),
    );
  });
  test('accepts exactly the names that the model accepts', () => {
    const text = fc.stringMatching(/^[a-zA-Z0-9_. -]{1,45}$/);
    fc.assert(fc.property(text, (each) => expect(nameFault(each) === undefined).toBe(name.safeParse(each).success)));
    expect(nameFault('')).toBeUndefined();
  });
  test('faults are counted, and only changes are sent', () => {
    const values = { ...defaultValues(all), partitions: ' 8 ', label: 'x' };
    expect(formFaults(all, 'my-flights', values).count).toBe(0);
    expect(formFaults(all, 'My', { ...values, ratio: 'x' })).toMatchObject({
      count: 2,
      parameters: { ratio: expect.any(String) },
    });
    const body = deployBodyOf('flight-delays', all, 'my-flights', values);
    expect(body).toEqual({
      blueprint: 'flight-delays',
      name: 'my-flights',
      parameters: { partitions: '8', label: 'x' },
    });
    expect(deployBody.parse(body)).toEqual(body);
  });
});

describe('form of a next revision', () => {
  const deployed = { pipeline: 'pp', blueprint: 'flights', revision: 3 };
  const standing = standingOf('flights', { ...deployed, parameters: { partitions: 8, dedupe: false, gone: 'x' } });

  test('begins with what the pipeline has, and with defaults for what it does not have yet', () => {
    expect(startValues(all, standing)).toEqual({ ...defaultValues(all), partitions: '8', dedupe: 'false' });
    expect(startValues(all, undefined)).toEqual(defaultValues(all));
    expect(standingOf('others', { ...deployed, parameters: { partitions: 8 } })).toBeUndefined();
  });
  test('a change of one field sends the others as they are', () => {
    const values = { ...startValues(all, standing), ratio: '0.5' };
    const { parameters } = deployBodyOf('flights', all, 'pp', values);
    expect(parameters).toEqual({ partitions: '8', dedupe: 'false', ratio: '0.5' });
  });
  test('whatever the pipeline has: untouched, the form asks for the same again', () => {
    const present = fc.record({
      partitions: fc.integer({ min: 1, max: 64 }),
      ratio: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
      profile: fc.constantFrom('laptop', 'server'),
      dedupe: fc.boolean(),
      label: fc.constantFrom('', 'x', 'a b'),
    });
    const specs = all.map((each) => [
      each.name,
      { type: each.type === 'enum' ? 'string' : each.type, default: each.default },
    ]);
    const module = { name: 'test', parameters: Object.fromEntries(specs) } as unknown as BlueprintModule;
    fc.assert(
      fc.property(present, (parameters) => {
        const values = startValues(all, standingOf('flights', { ...deployed, parameters }));
        expect(resolveParameters(module, deployBodyOf('flights', all, 'pp', values).parameters)).toEqual(parameters);
      }),
    );
  });
  test('marks what differs from the present and from the default', () => {
    expect(marksOf(partitions, '8', standing)).toEqual({ changed: false, offDefault: true, present: undefined });
    expect(marksOf(partitions, '4', standing)).toEqual({ changed: true, offDefault: false, present: '8' });
    expect(marksOf(partitions, ' 9 ', standing)).toEqual({ changed: true, offDefault: true, present: '8' });
    expect(marksOf(ratio, '0.5', standing)).toEqual({ changed: true, offDefault: true, present: undefined });
    expect(marksOf(partitions, '4', undefined)).toEqual({ changed: false, offDefault: false, present: undefined });
  });
});

describe('preview', () => {
  test('a refusal keeps its tree', () => {
    const reason = { ok: false, text: 'a', children: [{ ok: true, text: 'b', children: [] }] };
    expect(refusalOf({ refused: true, pipeline: 'p', summary: 's', reason, help: 'h' })).toEqual({
      summary: 's',
      reason,
      help: 'h',
    });
    expect(refusalOf({ pipeline: 'p' })).toBeUndefined();
  });
  test('frameworks come up first; parameters are text', () => {
    const phase = { name: 'tasks', strategy: 'serial', steps: [{ label: 'start' }] };
    const plan = {
      pipeline: 'p',
      revision: 2,
      frameworks: [{ framework: 'kafka', phases: [phase] }],
      phases: [phase],
      parameterChanges: [
        { name: 'dedupe', from: true, to: false, toDefault: false },
        { name: 'new', from: null },
      ],
      changes: [{ bucket: 'keep', kind: 'topic', name: 't', why: '' }],
      data: [],
    };
    expect(planOf(plan).phases).toEqual([
      { name: 'kafka: tasks', steps: ['start'] },
      { name: 'tasks', steps: ['start'] },
    ]);
    expect(planOf(plan).parameters).toEqual([
      { name: 'dedupe', from: 'true', to: 'false', toDefault: false },
      { name: 'new', from: null, to: null, toDefault: false },
    ]);
    expect(planOf(plan).changes[0]).toMatchObject({ bucket: 'keep', name: 't' });
  });
  test('any JSON is read without a fault', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(planOf(value).phases).toBeDefined();
        refusalOf({ refused: true, reason: value });
      }),
    );
  });
});
