/**
 * What dominant-resource fairness promises, on one node, where there is no question of which node: against an exact solver that
 * looks at every way to share out. With tasks that can't be cut the promises hold up to one task (Parkes, Procaccia and Shah,
 * "Beyond Dominant Resource Fairness", EC 2012); each test says of which.
 */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Allocator } from '../../../platform/allocate/allocator.ts';
import type { Ask } from '../../../platform/model/allocation.ts';

type Amount = readonly [cpus: number, memoryMiB: number];

interface User {
  readonly task: Amount;
  readonly weight: number;
  /** How many tasks it asks. */
  readonly asks: number;
}

const roleOf = (index: number) => `user-${index}`;

function ask(user: number, number: number, [cpus, memoryMiB]: Amount): Ask {
  const task = {
    task: `${roleOf(user)}.${number}`,
    owner: { kind: 'pipeline' as const, name: roleOf(user) },
    group: roleOf(user),
    spread: false,
    resources: { cpus, memoryMiB, diskMiB: 0, gpus: 0 },
    ports: [],
  };
  return { id: task.task, role: roleOf(user), priority: 0, tasks: [task] };
}

/** How many tasks each user gets. */
function sharedOut([cpus, memoryMiB]: Amount, users: readonly User[]): number[] {
  const allocator = new Allocator();
  const resources = { cpus, memoryMiB, diskMiB: 0, gpus: 0 };
  const node = { id: 'n', address: '127.0.0.1', resources, attributes: {}, ports: { first: 20_000, last: 20_001 } };
  allocator.addNode({ node, free: resources, takenPorts: [] });
  for (const [index, { weight }] of users.entries()) {
    allocator.setRole({ role: roleOf(index), weight, guarantee: {}, limit: {} });
  }
  for (const [index, { task, asks }] of users.entries()) {
    for (let number = 0; number < asks; number++) allocator.submit(ask(index, number, task));
  }
  const { placements } = allocator.cycle();
  return users.map((_, index) => placements.filter(({ demand }) => demand.group === roleOf(index)).length);
}

const both = [0, 1] as const;
const share = (task: Amount, there: Amount) => Math.max(...both.map((r) => task[r] / there[r]));
/** Tasks of `task` that a bundle of `count` tasks of `other` is enough for. */
const worth = (task: Amount, other: Amount, count: number) =>
  Math.floor(Math.min(...both.map((r) => (other[r] * count) / task[r])) + 1e-9);

const there = fc.tuple(fc.integer({ min: 4, max: 16 }), fc.integer({ min: 4, max: 16 }));
const amount: fc.Arbitrary<Amount> = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }));
const weights = fc.constantFrom(1, 1, 2, 3);
const users = fc.array(fc.record({ task: amount, weight: weights, asks: fc.integer({ min: 0, max: 8 }) }), {
  minLength: 2,
  maxLength: 3,
});

/** Of all ways to share out, the greatest share for its weight that the worst off can have who does not have all it asks. */
function bestOfWorst(cluster: Amount, asked: readonly User[]): number {
  let best = 0;
  const counts: number[] = [];
  const visit = (used: Amount): void => {
    if (both.some((r) => used[r] > cluster[r])) return;
    if (counts.length === asked.length) {
      best = Math.max(best, worstOff(cluster, asked, counts));
      return;
    }
    const { task, asks } = asked[counts.length]!;
    for (let count = 0; count <= asks; count++) {
      counts.push(count);
      visit([used[0] + task[0] * count, used[1] + task[1] * count]);
      counts.pop();
    }
  };
  visit([0, 0]);
  return best;
}

function worstOff(cluster: Amount, asked: readonly User[], counts: readonly number[]): number {
  const wanting = asked.flatMap(({ task, weight, asks }, index) =>
    counts[index]! < asks ? [(counts[index]! * share(task, cluster)) / weight] : [],
  );
  return Math.min(...wanting);
}

test('the worst off is within one task of the best that any sharing out can give it', () => {
  fc.assert(
    fc.property(there, users, (cluster, asked) => {
      const counts = sharedOut(cluster, asked);
      const oneTask = Math.max(...asked.map(({ task, weight }) => share(task, cluster) / weight));
      const best = bestOfWorst(cluster, asked);
      if (best === Number.POSITIVE_INFINITY) expect(counts).toEqual(asked.map(({ asks }) => asks));
      else expect(worstOff(cluster, asked, counts)).toBeGreaterThanOrEqual(best - oneTask - 1e-9);
    }),
    { numRuns: 500 },
  );
});

test('nobody can have one more task without another having less', () => {
  fc.assert(
    fc.property(there, users, (cluster, asked) => {
      const counts = sharedOut(cluster, asked);
      const free = both.map((r) => cluster[r] - asked.reduce((sum, { task }, i) => sum + task[r] * counts[i]!, 0));
      for (const [index, { task, asks }] of asked.entries()) {
        if (counts[index]! < asks) expect(both.some((r) => task[r] > free[r]!)).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});

test('nobody envies another: what the other has, less one task, is worth no more to it (with weights: by less than a task of each)', () => {
  fc.assert(
    fc.property(there, users, (cluster, asked) => {
      const counts = sharedOut(cluster, asked);
      for (const [i, me] of asked.entries()) {
        if (counts[i]! === me.asks) continue;
        for (const [j, other] of asked.entries()) {
          if (i === j || counts[j]! === 0) continue;
          const ratio = me.weight / other.weight;
          const envied = worth(me.task, other.task, (counts[j]! - 1) * ratio);
          expect(envied).toBeLessThanOrEqual(ratio === 1 ? counts[i]! : counts[i]! + ratio);
        }
      }
    }),
    { numRuns: 500 },
  );
});

test('everybody has at least the share of its weight, less one task of each, if it asks as much', () => {
  fc.assert(
    fc.property(there, users, (cluster, asked) => {
      const counts = sharedOut(cluster, asked);
      const all = asked.reduce((sum, { weight }) => sum + weight, 0);
      const oneTask = Math.max(...asked.map(({ task, weight }) => share(task, cluster) / weight));
      for (const [index, { task, weight, asks }] of asked.entries()) {
        if (counts[index] === asks) continue;
        const mine = counts[index]! * share(task, cluster);
        expect(mine / weight).toBeGreaterThanOrEqual(1 / all - 2 * oneTask - 1e-9);
      }
    }),
    { numRuns: 500 },
  );
});

/** Exact shares where tasks can be cut: all rise together, by weight, until a resource is used up; then those that need none of it. */
function exactShares(cluster: Amount, asked: readonly User[]): number[] {
  const level = Math.min(
    ...both.map((r) => {
      const rise = asked.reduce((sum, { task, weight }) => sum + (weight * task[r]) / share(task, cluster), 0);
      return cluster[r] / rise;
    }),
  );
  return asked.map(({ weight }) => level * weight);
}

const large: fc.Arbitrary<Amount> = fc.constant([600, 600]);
const size: fc.Arbitrary<Amount> = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }));
const many = fc.array(
  fc.record({
    task: size,
    weight: weights,
    asks: fc.constant(600),
  }),
  { minLength: 2, maxLength: 4 },
);

test('with many small tasks everybody is within 5 % of the exact share', () => {
  fc.assert(
    fc.property(large, many, (cluster, asked) => {
      const counts = sharedOut(cluster, asked);
      const exact = exactShares(cluster, asked);
      for (const [index, { task }] of asked.entries()) {
        const got = counts[index]! * share(task, cluster);
        expect(got).toBeGreaterThanOrEqual(0.95 * exact[index]!);
      }
      const total = exact.reduce((sum, each) => sum + each, 0);
      const all = asked.reduce((sum, { task }, index) => sum + counts[index]! * share(task, cluster), 0);
      expect(all).toBeLessThanOrEqual(1.05 * total + 0.05);
    }),
    { numRuns: 20 },
  );
});

test('who says that its tasks need other amounts gets no more of what they do need, but for four tasks', () => {
  let lies = 0;
  fc.assert(
    fc.property(large, many, size, (cluster, asked, lie) => {
      const truth = asked[0]!.task;
      if (lie[0] * truth[1] === lie[1] * truth[0]) return;
      lies += 1;
      const honest = sharedOut(cluster, asked)[0]!;
      const lied = sharedOut(cluster, [{ ...asked[0]!, task: lie }, ...asked.slice(1)])[0]!;
      const gained = (worth(truth, lie, lied) - honest) * share(truth, cluster);
      expect(gained).toBeLessThanOrEqual(4 * share([5, 5], cluster));
    }),
    { numRuns: 30 },
  );
  expect(lies).toBeGreaterThan(0);
});
