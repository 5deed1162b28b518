import { describe, expect, test } from '@jest/globals';
import { Allocator } from '../../../platform/allocate/allocator.ts';
import type { Algorithm } from '../../../platform/allocate/fitTree.ts';
import type { Ask, Constraint } from '../../../platform/model/allocation.ts';
import type { Offer } from '../../../platform/model/cluster.ts';
import { ask, node, task } from './made.ts';

function cluster(nodes: readonly Omit<Offer, 'groups'>[], algorithm?: Algorithm): Allocator {
  const allocator = new Allocator(algorithm);
  for (const each of nodes) allocator.addNode(each);
  return allocator;
}

/** Node by task. */
function placed(allocator: Allocator, ...asks: readonly Ask[]): Record<string, string> {
  for (const each of asks) allocator.submit(each);
  return Object.fromEntries(allocator.cycle().placements.map((each) => [each.task, each.node]));
}

const zones = [
  node('a', 4000, { zone: 'north', rack: 'r1' }),
  node('b', 4000, { zone: 'north', rack: 'r2' }),
  node('c', 4000, { zone: 'south', rack: 'r3' }),
  node('d', 4000),
];

describe('constraints', () => {
  const where = (count: number, constraint: Constraint, memoryMiB = 100) => {
    const asks = Array.from({ length: count }, (_, n) =>
      ask([task(`k.${n}`, memoryMiB, { constraints: [constraint] })]),
    );
    return Object.values(placed(cluster(zones), ...asks)).toSorted();
  };

  test('UNIQUE: no two on one value', () => {
    expect(where(9, { attribute: 'node', operator: 'UNIQUE' })).toEqual(['a', 'b', 'c', 'd']);
    expect(where(9, { attribute: 'zone', operator: 'UNIQUE' })).toEqual(['a', 'c']);
  });

  test('MAX_PER: no more than that on one value', () => {
    expect(where(9, { attribute: 'zone', operator: 'MAX_PER', count: 2 })).toEqual(['a', 'a', 'c', 'c']);
  });

  test('CLUSTER: all on one value, that of the first or the one that is given', () => {
    expect(new Set(where(6, { attribute: 'rack', operator: 'CLUSTER' }, 1000))).toEqual(new Set(['a']));
    expect(where(6, { attribute: 'rack', operator: 'CLUSTER' }, 1000)).toHaveLength(4);
    expect(where(2, { attribute: 'zone', operator: 'CLUSTER', value: 'south' })).toEqual(['c', 'c']);
  });

  test('GROUP_BY: as many on each value, within one', () => {
    expect(where(4, { attribute: 'zone', operator: 'GROUP_BY' })).toEqual(['a', 'a', 'c', 'c']);
    // The south takes three of them: the north gets no more than one above.
    expect(where(9, { attribute: 'zone', operator: 'GROUP_BY' }, 1300)).toEqual(['a', 'a', 'a', 'b', 'c', 'c', 'c']);
  });

  test('GROUP_BY with a count waits for values that are not there yet', () => {
    const constraints: Constraint[] = [{ attribute: 'zone', operator: 'GROUP_BY', count: 3 }];
    const allocator = cluster(zones);
    const asks = [0, 1, 2].map((n) => ask([task(`k.${n}`, 100, { constraints })]));
    expect(Object.values(placed(allocator, ...asks))).toEqual(['a', 'c']);
    allocator.addNode(node('e', 4000, { zone: 'east' }));
    expect(placed(allocator)).toEqual({ 'k.2': 'e' });
  });

  test('LIKE, UNLIKE and IS look at the whole value; only UNLIKE takes a node without it', () => {
    expect(new Set(where(9, { attribute: 'rack', operator: 'LIKE', pattern: 'r[12]' }, 2000))).toEqual(
      new Set(['a', 'b']),
    );
    expect(where(9, { attribute: 'rack', operator: 'LIKE', pattern: 'r' })).toEqual([]);
    expect(new Set(where(9, { attribute: 'zone', operator: 'UNLIKE', pattern: 'north' }, 2000))).toEqual(
      new Set(['c', 'd']),
    );
    expect(where(2, { attribute: 'zone', operator: 'IS', value: 'south' })).toEqual(['c', 'c']);
  });
});

test('binpack leaves the roomy node free, spread takes it', () => {
  const nodes = [node('a', 4000), node('b', 600)];
  expect(placed(cluster(nodes, 'binpack'), ask([task('k.0', 500)]))).toEqual({ 'k.0': 'b' });
  expect(placed(cluster(nodes, 'spread'), ask([task('k.0', 500)]))).toEqual({ 'k.0': 'a' });
});

test('tasks that spread go apart as long as there are nodes, then together', () => {
  const asks = [0, 1, 2].map((n) => ask([task(`k.${n}`, 100, { spread: true })]));
  const { 'k.0': first, 'k.1': second, 'k.2': third } = placed(cluster([node('a', 4000), node('b', 4000)]), ...asks);
  expect(first).not.toBe(second);
  expect(third).toBeDefined();
});

test('a gang waits as a whole until there is room for all of it, and leaves the room to others meanwhile', () => {
  const allocator = cluster([node('a', 1000)]);
  const gang = ask([task('g.0', 600), task('g.1', 600)]);
  expect(placed(allocator, gang, ask([task('k.0', 600)]))).toEqual({ 'k.0': 'a' });
  allocator.addNode(node('b', 1000));
  expect(placed(allocator)).toEqual({});
  allocator.end('k.0');
  expect(Object.values(placed(allocator)).toSorted()).toEqual(['a', 'b']);
});

test('a gang that stays together is tried at every value, not only at the one that is best for its first task', () => {
  const constraints: Constraint[] = [{ attribute: 'rack', operator: 'CLUSTER' }];
  const gang = ask([0, 1].map((n) => task(`g.${n}`, 600, { constraints })));
  const nodes = [node('a', 700, { rack: 'r1' }), node('b', 1000, { rack: 'r2' }), node('c', 1000, { rack: 'r2' })];
  expect(Object.values(placed(cluster(nodes), gang)).toSorted()).toEqual(['b', 'c']);
});

describe('places that stay', () => {
  const broker = task('kafka.broker.0', 600, { volumes: ['log'] });

  test('the place of a task with a volume is kept when it ends: room and ports', () => {
    const allocator = cluster([node('a', 1000)]);
    allocator.submit(ask([broker]));
    const [first] = allocator.cycle().placements;
    allocator.end('kafka.broker.0');
    expect(placed(allocator, ask([task('k.0', 600)]))).toEqual({});
    allocator.addNode(node('b', 601));
    expect(placed(allocator)).toEqual({ 'k.0': 'b' });
    allocator.submit(ask([broker]));
    expect(allocator.cycle().placements).toEqual([first]);
  });

  test('it waits for its node when that is lost, though others have room, and goes on when it is back', () => {
    const allocator = cluster([node('a', 1000)]);
    placed(allocator, ask([broker]));
    expect(allocator.removeNode('a').map(({ task }) => task)).toEqual(['kafka.broker.0']);
    allocator.addNode(node('b', 4000));
    expect(placed(allocator, ask([broker]))).toEqual({});
    allocator.addNode(node('a', 1000));
    expect(placed(allocator)).toEqual({ 'kafka.broker.0': 'a' });
  });

  test('once its place is released it goes elsewhere', () => {
    const allocator = cluster([node('a', 1000)]);
    placed(allocator, ask([broker]));
    allocator.removeNode('a');
    allocator.addNode(node('b', 4000));
    expect(placed(allocator, ask([broker]))).toEqual({});
    allocator.release('kafka.broker.0');
    expect(placed(allocator)).toEqual({ 'kafka.broker.0': 'b' });
  });

  test('it may ask more than before, if its node has that', () => {
    const allocator = cluster([node('a', 1000), node('b', 4000)]);
    placed(allocator, ask([broker]));
    allocator.end('kafka.broker.0');
    const larger = (memoryMiB: number) => ask([{ ...broker, resources: { ...broker.resources, memoryMiB } }]);
    expect(placed(allocator, larger(1001))).toEqual({});
    allocator.withdraw('kafka.broker.0');
    expect(placed(allocator, larger(1000))).toEqual({ 'kafka.broker.0': 'a' });
  });
});

describe('giving way', () => {
  const low = (name: string, more: Partial<Ask> = {}) => ask([task(name, 600)], { preemptible: true, ...more });
  const high = ask([task('urgent.0', 900)], { priority: 5, preempts: true });

  test('a task of lower priority that consents gives way, and waits', () => {
    const allocator = cluster([node('a', 1000)]);
    placed(allocator, low('low.0'));
    allocator.submit(high);
    const { placements, gaveWay } = allocator.cycle();
    expect(placements.map(({ task }) => task)).toEqual(['urgent.0']);
    expect(gaveWay).toMatchObject([{ placement: { task: 'low.0', node: 'a' }, to: 'urgent.0' }]);
    expect(allocator.why('low.0')).toMatchObject({ placed: false, gaveWayTo: 'urgent.0' });
  });

  test.each([
    ['it has not consented', low('low.0', { preemptible: false }), high],
    ['the other may not push off', low('low.0'), { ...high, preempts: false }],
    ['it is of the same priority', low('low.0', { priority: 5 }), high],
    ['its place is reserved', { ...low('low.0'), tasks: [task('low.0', 600, { reserved: true })] }, high],
  ])('it stays where %s', (_, running, asked) => {
    const allocator = cluster([node('a', 1000)]);
    placed(allocator, running);
    allocator.submit(asked);
    expect(allocator.cycle()).toEqual({ placements: [], gaveWay: [] });
    expect(allocator.why('low.0')).toMatchObject({ placed: true });
  });

  test('nobody gives way for nothing: where the room would not be enough, all stay', () => {
    const allocator = cluster([node('a', 1000), node('b', 1000)]);
    placed(allocator, low('low.0'));
    allocator.submit(
      ask([task('urgent.0', 900), task('urgent.1', 900), task('urgent.2', 900)], { priority: 5, preempts: true }),
    );
    expect(allocator.cycle()).toEqual({ placements: [], gaveWay: [] });
    expect(allocator.why('low.0')).toMatchObject({ placed: true, node: 'a' });
  });

  test('those of least priority go, and of a gang all', () => {
    const allocator = cluster([node('a', 1000), node('b', 1000), node('c', 600)]);
    placed(allocator, ask([task('gang.0', 600), task('gang.1', 600)], { preemptible: true, priority: 1 }));
    placed(allocator, low('low.0', { priority: 2 }));
    allocator.submit(high);
    const { gaveWay } = allocator.cycle();
    expect(gaveWay.map(({ placement }) => placement.task).toSorted()).toEqual(['gang.0', 'gang.1']);
  });
});
