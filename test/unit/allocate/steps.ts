/** Random histories of a small cluster: what comes, goes and is asked, as data. */
import fc from 'fast-check';
import type { Ask, Constraint, RoleSpec, TaskAsk } from '../../../platform/model/allocation.ts';
import type { Offer } from '../../../platform/model/cluster.ts';

export type Step =
  | { readonly kind: 'node'; readonly offer: Omit<Offer, 'groups'> }
  | { readonly kind: 'role'; readonly role: RoleSpec }
  | { readonly kind: 'ask'; readonly ask: Ask }
  /** Of what there is then, the one with this number, counted round. */
  | { readonly kind: 'lose' | 'end' | 'release' | 'withdraw' | 'again'; readonly which: number }
  | { readonly kind: 'cycle' };

const roleNames = ['a', 'a/x', 'a/y', 'b', 'b/x', 'c'];

export const resources = fc.record({
  cpus: fc.integer({ min: 1, max: 40 }).map((tenths) => tenths / 10),
  memoryMiB: fc.integer({ min: 1, max: 4000 }),
  diskMiB: fc.integer({ min: 0, max: 100 }),
  gpus: fc.constantFrom(0, 0, 0, 1),
});

const node = fc
  .record({
    id: fc.integer({ min: 0, max: 7 }),
    cpus: fc.integer({ min: 20, max: 80 }).map((tenths) => tenths / 10),
    memoryMiB: fc.integer({ min: 2000, max: 9000 }),
    gpus: fc.constantFrom(0, 0, 2),
    zone: fc.constantFrom('north', 'south', undefined),
    takenPorts: fc.uniqueArray(fc.integer({ min: 20_000, max: 20_009 }), { maxLength: 3 }),
  })
  .map(({ id, cpus, memoryMiB, gpus, zone, takenPorts }) => {
    const has = { cpus, memoryMiB, diskMiB: 500, gpus };
    const attributes: Record<string, string> = zone === undefined ? {} : { zone };
    const ports = { first: 20_000, last: 20_009 };
    return {
      node: { id: `n${id}`, address: `127.0.0.${id + 1}`, resources: has, attributes, ports },
      free: has,
      takenPorts,
    };
  });

const constraints: fc.Arbitrary<readonly Constraint[]> = fc.constantFrom<Constraint[][]>(
  [],
  [],
  [],
  [{ attribute: 'node', operator: 'UNIQUE' }],
  [{ attribute: 'zone', operator: 'CLUSTER' }],
  [{ attribute: 'zone', operator: 'CLUSTER', value: 'north' }],
  [{ attribute: 'zone', operator: 'GROUP_BY' }],
  [{ attribute: 'zone', operator: 'LIKE', pattern: 'no.*' }],
  [{ attribute: 'zone', operator: 'UNLIKE', pattern: 'north' }],
  [{ attribute: 'zone', operator: 'IS', value: 'south' }],
  [{ attribute: 'node', operator: 'MAX_PER', count: 2 }],
);

/** Names are given by `numbered`. */
const ask = fc
  .record({
    role: fc.constantFrom(...roleNames),
    priority: fc.integer({ min: 0, max: 3 }),
    tasks: fc.array(resources, { minLength: 1, maxLength: 3 }),
    constraints,
    ports: fc.integer({ min: 0, max: 3 }),
    kind: fc.constantFrom('plain', 'plain', 'reserved', 'spread', 'sharing'),
    preempts: fc.constantFrom(true, true, false),
    preemptible: fc.constantFrom(true, true, false),
  })
  .map(({ tasks, constraints: limits, ports, kind, ...rest }): Ask => {
    const task = (each: TaskAsk['resources']): TaskAsk => ({
      task: '',
      owner: { kind: 'framework', name: 'ff' },
      group: '',
      spread: kind === 'spread',
      resources: each,
      ports: [...Array.from({ length: ports }, (_, port) => `p${port}`), ...(kind === 'sharing' ? ['service'] : [])],
      ...(kind === 'sharing' && { sharedPorts: ['service'] }),
      ...(kind === 'reserved' && { reserved: true }),
      constraints: limits,
    });
    return { id: '', ...rest, tasks: tasks.map(task) };
  });

const quota = fc.record(
  { cpus: fc.integer({ min: 0, max: 12 }), memoryMiB: fc.integer({ min: 0, max: 12_000 }) },
  { requiredKeys: [] },
);
const noQuota = fc.constant({});
const role: fc.Arbitrary<RoleSpec> = fc.record({
  role: fc.constantFrom(...roleNames),
  weight: fc.constantFrom(1, 2, 5),
  guarantee: fc.oneof(noQuota, quota),
  limit: fc.oneof(noQuota, quota),
});

const which = fc.nat(1000);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('node' as const), offer: node }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('role' as const), role }) },
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('ask' as const), ask }) },
  { weight: 5, arbitrary: fc.constant({ kind: 'cycle' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lose' as const), which }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('end' as const), which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('release' as const), which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('withdraw' as const), which }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('again' as const), which }) },
);

/** Begins with two nodes; a cycle at the end. Asks, groups and tasks have names of their own. */
export const histories = fc
  .tuple(fc.tuple(node, node), fc.array(step, { minLength: 5, maxLength: 60, size: 'max' }))
  .map(([nodes, steps]): Step[] => [
    ...nodes.map((offer) => ({ kind: 'node' as const, offer })),
    ...steps.map((each, index) => (each.kind === 'ask' ? { ...each, ask: numbered(each.ask, index) } : each)),
    { kind: 'cycle' as const },
  ]);

/** Three asks in a row have tasks in one group, unless they listen on one port together. */
function numbered(ask: Ask, index: number): Ask {
  const group = ask.tasks.some(({ sharedPorts }) => sharedPorts) ? `s${index}` : `g${Math.floor(index / 3)}`;
  const tasks = ask.tasks.map((task, k) => ({ ...task, task: `t${index}.${k}`, group }));
  return { ...ask, id: `ask-${index}`, tasks };
}
