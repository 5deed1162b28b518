/** Stages whose tasks end with what they had counted: the ledger must not take that for a fault. */
import { expect, test } from '@jest/globals';
import { countedFrom, notYetMs, settledFrom } from '../../../platform/activities/countedFrom.ts';
import { changed, deployed, inputOf, planned } from '../plan/world.ts';

const ingresses = (instances: number) =>
  inputOf(
    changed((blueprint) => {
      Object.assign(blueprint.services.ingress, { instances });
    }),
  );

test('an ingress with fewer instances, and a flow of another group, are counted anew from the end of the deploy on', () => {
  const first = planned(ingresses(2));
  const { current } = deployed(ingresses(2), first);
  const fewer = planned({ ...deployed(ingresses(1), first) });
  expect(countedFrom(current, fewer)).toEqual({ ingress: notYetMs });
  expect(settledFrom(countedFrom(current, fewer), 5000)).toEqual({ ingress: 5000 });
  const moved = changed((blueprint) => {
    Object.assign(blueprint.flows.store, { group: 'other' });
  });
  const { current: one } = deployed(inputOf(), planned(inputOf()));
  expect(Object.keys(countedFrom(one, planned(deployed(inputOf(moved), planned(inputOf())))))).toContain('store');
});

test('what stays, or grows, goes on as it was counted, and what was gone before is remembered', () => {
  const first = planned(ingresses(1));
  const { current } = deployed(ingresses(1), first);
  const more = planned(deployed(ingresses(2), first));
  expect(countedFrom(undefined, more)).toEqual({});
  expect(countedFrom(current, more)).toEqual({});
  expect(countedFrom({ ...current!, countedFromMs: { ingress: 7 } }, more)).toEqual({ ingress: 7 });
  expect(settledFrom({ ingress: 7 }, 5000)).toEqual({ ingress: 7 });
});
