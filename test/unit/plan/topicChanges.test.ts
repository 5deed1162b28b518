/** What a schema may become while its topic holds records. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { blueprintSpec, type TopicSpec, topicSpec } from '../../../platform/model/blueprint.ts';
import { compileChecker } from '../../../platform/model/check.ts';
import type { Reason } from '../../../platform/model/cluster.ts';
import { type Field, type FieldType, fieldTypes } from '../../../platform/model/schema.ts';
import { checkDataChanges } from '../../../platform/plan/dataChanges.ts';
import { planPipeline } from '../../../platform/plan/plan.ts';
import { renderPlan } from '../../../platform/plan/render.ts';
import { standingOf } from '../../../platform/plan/standing.ts';
import { checkTopicChange } from '../../../platform/plan/topicChanges.ts';
import { changed, deployed, goodInput, inputOf, planned } from './world.ts';

const spec = blueprintSpec.parse(goodInput);
type Fields = Readonly<Record<string, Partial<Field> & { readonly type: FieldType }>>;
const topicOf = (fields: Fields, more: Partial<TopicSpec> = {}): TopicSpec =>
  topicSpec.parse({ schema: { name: 'flight', fields }, ...more });
const leaves = ({ text, children }: Reason): string[] => (children.length > 0 ? children.flatMap(leaves) : [text]);
const faultsOf = (before: Fields, after: Fields) =>
  checkTopicChange('flights', topicOf(before), topicOf(after), spec).flatMap(leaves);

const before: Fields = {
  airport: { type: 'string' },
  delay: { type: 'int' },
  note: { type: 'string', nullable: true },
};
const breaking: Readonly<Record<string, readonly [Fields, RegExp]>> = {
  'another type': [{ ...before, delay: { type: 'double' } }, /fields\.delay: is int, double asked/],
  'a wider type': [{ ...before, delay: { type: 'long' } }, /fields\.delay: is int, long asked/],
  'a removed field': [{ airport: before.airport!, note: before.note! }, /fields\.delay: is int, and is gone/],
  'a removed nullable field': [{ airport: before.airport!, delay: before.delay! }, /fields\.note: .*and is gone/],
  'a new required field': [{ ...before, gate: { type: 'string' } }, /fields\.gate: is new and required/],
  'a nullable field made required': [
    { ...before, note: { type: 'string' } },
    /fields\.note: is nullable, required asked/,
  ],
  'a field with the name of what every object has': [
    { ...before, ['constructor' as string]: { type: 'string' } },
    /fields\.constructor: is new/,
  ],
};
const harmless: Readonly<Record<string, Fields>> = {
  nothing: before,
  'a new nullable field': { ...before, gate: { type: 'string', nullable: true } },
  'a required field made nullable': { ...before, delay: { type: 'int', nullable: true } },
  'another doc': { ...before, delay: { type: 'int', doc: 'minutes' } },
};

describe('of a topic that holds records', () => {
  test.each(Object.entries(breaking))('%s is refused at its path', (_, [after, told]) => {
    expect(faultsOf(before, after)).toEqual([expect.stringMatching(told)]);
  });

  test.each(Object.entries(harmless))('%s is let through', (_, after) => {
    expect(faultsOf(before, after)).toEqual([]);
  });

  test('the tree names each change, who reads the topic, and what to do', () => {
    const [tree, ...more] = checkTopicChange('flights', topicOf(before), topicOf({ delay: { type: 'long' } }), spec);
    expect(more).toEqual([]);
    expect(tree?.text).toMatch(/topics\.flights: .* up to 24 hours old, .* by job late .*a topic of another name/);
    expect(tree?.children).toHaveLength(3);
  });

  test('a topic that is new, or not known as it was, is not compared', () => {
    expect(checkTopicChange('flights', undefined, topicOf(before), spec)).toEqual([]);
    const { current } = deployed(inputOf(), planned(inputOf()), 'failed');
    const other = blueprintSpec.parse(
      changed((s) => {
        s.topics.flights.schema.fields.delay.type = 'long' as 'int';
      }),
    );
    expect(checkDataChanges(other, standingOf(current))).toEqual([]);
  });
});

describe('a deploy', () => {
  const again = (change: Parameters<typeof changed>[0]) =>
    planPipeline(deployed(inputOf(changed(change)), planned(inputOf())));

  test('that changes the type of a field is refused, with the way out', () => {
    const outcome = again((s) => {
      const wide = { ...s.topics.flights.schema.fields, delay: { type: 'long' as 'int' } };
      s.topics.flights = { ...s.topics.flights, schema: { name: 'flight', fields: wide } };
      s.datasets.flights.fields.delay.type = 'long' as 'int';
    });
    expect(outcome).toMatchObject({ refused: true, help: expect.stringContaining('millrace destroy pp') });
    expect(renderPlan(outcome).replaceAll(/\s+/g, ' ')).toContain('is int, long asked');
  });

  test('that gives a topic another key goes on, and tells what becomes of the order', () => {
    const outcome = again((s) => {
      s.topics.late.key = 'delay';
    });
    const late =
      'refused' in outcome ? undefined : outcome.data.find(({ name, kind }) => name === 'late' && kind === 'topic');
    expect(late).toMatchObject({ effect: 'keep', text: expect.stringContaining('key changes from airport to delay') });
    expect(renderPlan(outcome)).toContain('its key changes from airport to delay');
    const same = planned(deployed(inputOf(), planned(inputOf())));
    expect(renderPlan(same)).not.toContain('its key changes');
  });
});

/** Few names, so that two schemas share some. */
const someFields = fc.dictionary(
  fc.constantFrom('a', 'b', 'c', 'd'),
  fc.record({ type: fc.constantFrom(...fieldTypes), nullable: fc.boolean() }),
  { minKeys: 1 },
);
const samples: Readonly<Record<FieldType, fc.Arbitrary<unknown>>> = {
  string: fc.string(),
  int: fc.integer(),
  long: fc.maxSafeInteger(),
  double: fc.double({ noNaN: true, noDefaultInfinity: true }),
  boolean: fc.boolean(),
  timestamp: fc.constant('2026-11-23T09:30:00.000Z'),
};
const recordOf = (fields: Fields) =>
  fc.record(
    Object.fromEntries(
      Object.entries(fields).map(([name, { type, nullable }]) => {
        return [name, nullable ? fc.option(samples[type]) : samples[type]];
      }),
    ),
    { requiredKeys: Object.keys(fields).filter((name) => !fields[name]!.nullable) },
  );

test('for any two schemas: what is let through takes every record and every sender of before', () => {
  const cases = fc
    .record({ from: someFields, to: someFields })
    .chain((schemas) => fc.record({ schemas: fc.constant(schemas), row: recordOf(schemas.from) }));
  fc.assert(
    fc.property(cases, ({ schemas: { from, to }, row }) => {
      expect(compileChecker(topicOf(from).schema)(row)).toBeUndefined();
      if (faultsOf(from, to).length === 0) expect(compileChecker(topicOf(to).schema)(row)).toBeUndefined();
    }),
    { numRuns: 2000 },
  );
});

test('for any schema: itself and any growth by nullable fields are let through, and each other change has its leaf', () => {
  fc.assert(
    fc.property(someFields, someFields, (from, more) => {
      const grown = Object.fromEntries(
        Object.entries(more).map(([name, field]) => [name, { ...field, nullable: true }]),
      );
      expect(faultsOf(from, from)).toEqual([]);
      expect(faultsOf(from, { ...grown, ...from })).toEqual([]);
      for (const name of Object.keys(from)) {
        const { [name]: _gone, ...rest } = from;
        expect(faultsOf(from, rest)).toEqual([expect.stringContaining(`fields.${name}:`)]);
      }
    }),
  );
});
