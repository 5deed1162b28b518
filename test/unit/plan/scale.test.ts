import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { nextScale, scaledSpec } from '../../../platform/plan/scale.ts';
import { changed, deployed, goodInput, inputOf, planned } from './world.ts';

const withInstances = (instances: number) =>
  changed((blueprint) => {
    blueprint.services!.api!.instances = instances;
  });

test('a scale gives the service its instances, and leaves every other task as it is', () => {
  const first = planned(inputOf());
  const plan = planned({ ...deployed(inputOf(), first), scale: { api: 3 } });
  expect(plan.scaled).toEqual({ api: { instances: 3, declared: 2 } });
  const revisions = Object.entries(plan.taskRevisions);
  expect(revisions.filter(([, revision]) => revision === 2)).toEqual([['pp.api.2', 2]]);
  const moved = first.placements.filter(({ task, ports }) => {
    const now = plan.placements.find((each) => each.task === task);
    return JSON.stringify(now?.ports) !== JSON.stringify(ports);
  });
  expect(moved).toEqual([]);
});

test('fewer instances end when the others are ready', () => {
  const plan = planned({ ...deployed(inputOf(), planned(inputOf())), scale: { api: 1 } });
  const retire = plan.phases.find(({ name }) => name === 'retire');
  expect(retire?.steps.map(({ input }) => input)).toEqual([{ task: 'pp.api.1' }]);
  expect(retire?.steps[0]?.after).toContain('ready:pp.api.0');
});

test('it stays over later deploys, until the blueprint names another number', () => {
  const scaled = planned({ ...deployed(inputOf(), planned(inputOf())), scale: { api: 3 } });
  const again = planned(deployed(inputOf(), scaled));
  expect(again.placements.filter(({ demand }) => demand.group === 'pp.api')).toHaveLength(3);
  const renamed = planned(deployed(inputOf(withInstances(4)), scaled));
  expect(renamed.scaled).toBeUndefined();
  expect(renamed.placements.filter(({ demand }) => demand.group === 'pp.api')).toHaveLength(4);
});

test('what is no service is refused with the services there are', () => {
  for (const name of ['spark-driver', 'feed', 'nothing']) {
    expect(() => planned({ ...inputOf(), scale: { [name]: 2 } })).toThrow(
      expect.objectContaining({
        code: 'UNKNOWN_SERVICE',
        details: { name, pipeline: 'pp', known: ['ingress', 'api'] },
      }),
    );
  }
});

test('asking for what holds already changes nothing; asking for the blueprint’s number ends the scale', () => {
  const services = { api: { ...goodInput.services.api, instances: 2 } } as never;
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 50 }), (one, other) => {
      const first = nextScale('pp', { services }, { api: one });
      expect(nextScale('pp', { services }, {}, first)).toEqual(first);
      expect(nextScale('pp', { services }, { api: 2 }, first)).toEqual({});
      const second = nextScale('pp', { services }, { api: other }, first);
      expect(scaledSpec({ services } as never, second).services.api?.instances).toBe(other);
    }),
  );
});
