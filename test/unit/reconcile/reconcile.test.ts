import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { blueprintSpec } from '../../../platform/model/blueprint.ts';
import { canonical } from '../../../platform/reconcile/equal.ts';
import { type PipelineState, reconcile } from '../../../platform/reconcile/reconcile.ts';
import { changed, goodInput } from '../plan/world.ts';

const state = (input: Parameters<typeof blueprintSpec.parse>[0] = goodInput): PipelineState => ({
  spec: blueprintSpec.parse(input),
  sql: { late: 'SELECT 1' },
  frameworks: [{ framework: 'kafka', action: 'reuse' }],
});

function changeOf(desired: PipelineState, kind: string, name: string) {
  return reconcile(desired, state()).find((change) => change.kind === kind && change.name === name);
}

test('nothing there: all is installed, except a framework that is shared', () => {
  const changes = reconcile(state(), undefined);
  expect(changes[0]).toMatchObject({ kind: 'framework', bucket: 'keep', why: 'it runs; it is shared' });
  expect(new Set(changes.slice(1).map(({ bucket }) => bucket))).toEqual(new Set(['install']));
});

test('all there: all is kept', () => {
  expect(new Set(reconcile(state(), state()).map(({ bucket }) => bucket))).toEqual(new Set(['keep']));
});

describe('a part that differs', () => {
  test('topic: in place, with both values', () => {
    const desired = state(
      changed((s) => {
        s.topics.flights.partitions = 8;
      }),
    );
    expect(changeOf(desired, 'topic', 'flights')).toMatchObject({ bucket: 'updateInPlace', why: 'partitions 4 → 8' });
  });

  test('service: replaced, but only scaled when its instances differ', () => {
    const scaled = state(
      changed((s) => {
        s.services.api.instances = 3;
      }),
    );
    expect(changeOf(scaled, 'service', 'api')?.bucket).toBe('updateInPlace');
    const larger = state(
      changed((s) => {
        s.services.api.resources.memoryMiB = 300;
      }),
    );
    expect(changeOf(larger, 'service', 'api')).toMatchObject({ bucket: 'replace', why: 'resources changed' });
  });

  test('job: replaced when its SQL differs', () => {
    expect(changeOf({ ...state(), sql: { late: 'SELECT 2' } }, 'job', 'late')?.bucket).toBe('replace');
  });
});

test('for any two sets of flows, each name is in one bucket, and removed ones come last', () => {
  const names = fc.uniqueArray(fc.constantFrom<string>('aa', 'bb', 'cc', 'dd', 'ee'));
  fc.assert(
    fc.property(names, names, (wanted, there) => {
      const withFlows = (some: readonly string[]): PipelineState => {
        const flow = state().spec.flows.store!;
        return { ...state(), spec: { ...state().spec, flows: Object.fromEntries(some.map((name) => [name, flow])) } };
      };
      const changes = reconcile(withFlows(wanted), withFlows(there));
      const bucketOf = (name: string) =>
        !there.includes(name) ? 'install' : wanted.includes(name) ? 'keep' : 'remove';
      const flows = changes.filter(({ kind }) => kind === 'flow');
      expect(flows).toHaveLength(new Set([...wanted, ...there]).size);
      for (const { name, bucket } of flows) expect(bucket).toBe(bucketOf(name));
      const firstRemoved = changes.findIndex(({ bucket }) => bucket === 'remove');
      if (firstRemoved >= 0) expect(changes.slice(firstRemoved).every(({ bucket }) => bucket === 'remove')).toBe(true);
    }),
    { numRuns: 30 },
  );
});

test('canonical JSON does not depend on the order of keys', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      expect(canonical(Object.fromEntries(Object.entries(value).toReversed()))).toBe(canonical(value));
    }),
  );
});
