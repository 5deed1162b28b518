import { describe, expect, test } from '@jest/globals';
import { Allocator } from '../../../platform/allocate/allocator.ts';
import { quotaFaults } from '../../../platform/allocate/quotas.ts';
import { constraintSpec, type RoleSpec, roleSpec } from '../../../platform/model/allocation.ts';
import { ask, node, task } from './made.ts';

const role = (path: string, more: Partial<RoleSpec> = {}): RoleSpec => ({
  role: path,
  weight: 1,
  guarantee: {},
  limit: {},
  ...more,
});

/** Nodes of 1000 MiB; each role asks tasks of 100 MiB. */
function cluster(nodes: number, roles: readonly RoleSpec[], asks: Readonly<Record<string, number>>): Allocator {
  const allocator = new Allocator();
  for (let n = 0; n < nodes; n++) allocator.addNode(node(`n${n}`, 1000));
  for (const each of roles) allocator.setRole(each);
  for (const [path, count] of Object.entries(asks)) more(allocator, path, count);
  return allocator;
}

let asked = 0;
function more(allocator: Allocator, path: string, count: number, memoryMiB = 100): void {
  for (let n = 0; n < count; n++) {
    asked += 1;
    allocator.submit(
      ask([task(`k.${asked}`, memoryMiB, { owner: { kind: 'pipeline', name: path }, ports: [] })], { role: path }),
    );
  }
}

/** Tasks by role that the cycle places. */
function placed(allocator: Allocator): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { demand } of allocator.cycle().placements)
    counts[demand.owner.name] = (counts[demand.owner.name] ?? 0) + 1;
  return counts;
}

test('under contention dominant shares are as the weights', () => {
  expect(placed(cluster(3, [role('a'), role('b', { weight: 2 })], { a: 99, b: 99 }))).toEqual({ a: 10, b: 20 });
});

test('what one role does not ask is for the others', () => {
  expect(placed(cluster(3, [role('a'), role('b')], { a: 5, b: 99 }))).toEqual({ a: 5, b: 25 });
});

test('roles below one share what is its: weights count among those beside each other', () => {
  const roles = [role('a'), role('a/x', { weight: 3 }), role('a/y'), role('b')];
  const asks = { 'a/x': 99, 'a/y': 99, b: 99 };
  expect(placed(cluster(4, roles, asks))).toEqual({ 'a/x': 15, 'a/y': 5, b: 20 });
});

test('asks of a role itself stand beside the roles below it', () => {
  expect(placed(cluster(4, [], { a: 99, 'a/x': 99, b: 99 }))).toEqual({ a: 10, 'a/x': 10, b: 20 });
});

test('the share moves to its mark again as tasks end', () => {
  const allocator = cluster(3, [role('a'), role('b', { weight: 2 })], { a: 99 });
  const first = allocator.cycle().placements.map(({ task }) => task);
  expect(first).toHaveLength(30);
  more(allocator, 'b', 99);
  expect(placed(allocator)).toEqual({});
  for (const name of first.slice(0, 20)) allocator.end(name);
  expect(placed(allocator)).toEqual({ b: 20 });
});

describe('guarantees', () => {
  const promised = role('a', { guarantee: { memoryMiB: 1500 } });

  test('are kept free for the role while it asks nothing', () => {
    const allocator = cluster(3, [promised], { b: 99 });
    expect(placed(allocator)).toEqual({ b: 15 });
    more(allocator, 'a', 99);
    expect(placed(allocator)).toEqual({ a: 15 });
  });

  test('come before fair shares', () => {
    expect(placed(cluster(2, [promised, role('b', { weight: 9 })], { a: 99, b: 99 }))).toEqual({ a: 15, b: 5 });
  });

  test('of a role below count within that of the role above', () => {
    const roles = [promised, role('a/x', { guarantee: { memoryMiB: 1000 } })];
    const allocator = cluster(3, roles, { b: 99, 'a/y': 99 });
    // 1500 for a, of which 1000 for a/x: a/y has what is left of it, and then its fair share of the rest.
    expect(placed(allocator)).toEqual({ b: 10, 'a/y': 10 });
    more(allocator, 'a/x', 99);
    expect(placed(allocator)).toEqual({ 'a/x': 10 });
  });

  test('that are lowered let in what waits for them', () => {
    const allocator = cluster(2, [promised], { b: 99 });
    expect(placed(allocator)).toEqual({ b: 5 });
    allocator.setRole(role('a', { guarantee: { memoryMiB: 500 } }));
    expect(placed(allocator)).toEqual({ b: 10 });
  });
});

describe('limits', () => {
  test('are never passed, by the role and those below it together', () => {
    const roles = [role('a', { limit: { memoryMiB: 700 } }), role('a/x', { limit: { memoryMiB: 300 } })];
    expect(placed(cluster(3, roles, { 'a/x': 99, 'a/y': 99 }))).toEqual({ 'a/x': 3, 'a/y': 4 });
  });

  test('that are raised let in what waits; lower ones end nothing', () => {
    const allocator = cluster(3, [role('a', { limit: { memoryMiB: 700 } })], { a: 99 });
    expect(placed(allocator)).toEqual({ a: 7 });
    allocator.setRole(role('a', { limit: { memoryMiB: 100 } }));
    expect(placed(allocator)).toEqual({});
    allocator.setRole(role('a', { limit: { memoryMiB: 900 } }));
    expect(placed(allocator)).toEqual({ a: 2 });
  });
});

describe('quotas are refused, with the role and the field,', () => {
  const there = { cpus: 8, memoryMiB: 10_000, diskMiB: 0, gpus: 0 };
  const faults = (...roles: RoleSpec[]) => quotaFaults(roles, there)?.children.map(({ text }) => text);

  test.each([
    ['of a role that is there twice', [role('a'), role('a')], ['a: role is there twice: give each role once']],
    [
      'where more is guaranteed than the limit',
      [role('a', { guarantee: { cpus: 4 }, limit: { cpus: 2 } })],
      ['a: limit.cpus is 2, but 4 CPU are guaranteed to it and those below it: 4 or more, or no limit'],
    ],
    [
      'where more is guaranteed below than the limit',
      [
        role('a', { limit: { memoryMiB: 1000 } }),
        role('a/x', { guarantee: { memoryMiB: 600 } }),
        role('a/y/z', { guarantee: { memoryMiB: 600 } }),
      ],
      [
        'a: limit.memoryMiB is 1000 MiB, but 1200 MiB memory are guaranteed to it and those below it: 1200 MiB or more, or no limit',
      ],
    ],
    [
      'where more is guaranteed than the cluster has',
      [role('a', { guarantee: { cpus: 5 } }), role('b', { guarantee: { cpus: 4 } })],
      ['a, b: guarantee.cpus 9 CPU are guaranteed in all, the cluster has 8'],
    ],
  ])('%s', (_, roles, texts) => {
    expect(faults(...roles)).toEqual(texts);
  });

  test('and else taken', () => {
    expect(
      faults(role('a', { guarantee: { cpus: 4 }, limit: { cpus: 4 } }), role('a/x', { guarantee: { cpus: 4 } })),
    ).toBe(undefined);
  });
});

test.each([
  ['a weight of nothing', roleSpec, { role: 'a', weight: 0 }, ['weight']],
  ['an unknown resource', roleSpec, { role: 'a', limit: { cores: 4 } }, ['limit']],
  ['a limit below nothing', roleSpec, { role: 'a', limit: { cpus: -1 } }, ['limit', 'cpus']],
  ['a path that ends in a slash', roleSpec, { role: 'a/' }, ['role']],
  ['an unknown operator', constraintSpec, { attribute: 'zone', operator: 'NEAR' }, ['operator']],
  ['a pattern that is none', constraintSpec, { attribute: 'zone', operator: 'LIKE', pattern: '(' }, ['pattern']],
  [
    'a value that the operator does not take',
    constraintSpec,
    { attribute: 'zone', operator: 'UNIQUE', value: 'x' },
    [],
  ],
  ['a count of nothing', constraintSpec, { attribute: 'zone', operator: 'MAX_PER', count: 0 }, ['count']],
])('%s is refused at its field', (_, schema, input, path) => {
  const { success, error } = schema.safeParse(input);
  expect(success).toBe(false);
  expect(error?.issues[0]?.path).toEqual(path);
});
