import { expect, test } from '@jest/globals';
import { Allocator } from '../../../platform/allocate/allocator.ts';
import type { Why } from '../../../platform/allocate/why.ts';
import type { Constraint, TaskAsk } from '../../../platform/model/allocation.ts';
import { ask, node, task } from './made.ts';

function why(allocator: Allocator, ...tasks: readonly TaskAsk[]): Extract<Why, { placed: false }> {
  allocator.submit(ask(tasks));
  allocator.cycle();
  const answer = allocator.why(tasks[0]!.task);
  if (answer.placed) throw new Error('it has a place');
  return answer;
}

function cluster(...nodes: Parameters<Allocator['addNode']>[0][]): Allocator {
  const allocator = new Allocator();
  for (const each of nodes) allocator.addNode(each);
  return allocator;
}

test('memory: summed over the nodes, each node below, and what would help', () => {
  const { reason, help, place, waiting } = why(cluster(node('a', 900), node('b', 700)), task('k.0', 2048));
  expect(reason).toEqual({
    ok: false,
    text: "1 of 1 tasks can't be placed",
    children: [
      {
        ok: false,
        text: 'k.0: 2 nodes: 2 lack memory (ask 2048 MiB, best 900 MiB free)',
        children: [
          { ok: false, text: 'node a: memory: ask 2048 MiB, 900 MiB free', children: [] },
          { ok: false, text: 'node b: memory: ask 2048 MiB, 700 MiB free', children: [] },
        ],
      },
    ],
  });
  expect(help).toMatch(/^It would fit if one node had 1148 MiB more memory\./);
  expect({ place, waiting }).toEqual({ place: 1, waiting: 1 });
});

test('constraints: which of them does not allow how many nodes, and why', () => {
  const constraints: Constraint[] = [
    { attribute: 'node', operator: 'UNIQUE' },
    { attribute: 'zone', operator: 'LIKE', pattern: 'no.*' },
  ];
  const nodes = [
    node('a', 4000, { zone: 'north' }),
    node('b', 4000, { zone: 'south' }),
    node('c', 90, { zone: 'north' }),
  ];
  const allocator = cluster(...nodes);
  const { reason, help } = why(allocator, task('k.0', 100, { constraints }), task('k.1', 100, { constraints }));
  expect(reason.children).toMatchObject([
    {
      text:
        'k.1: 3 nodes: 1 lacks memory (ask 100 MiB, best 90 MiB free), 1 is not allowed by UNIQUE node, ' +
        '1 is not allowed by LIKE zone no.*',
      children: [
        { text: 'node a: UNIQUE node: 1 of its group is here already' },
        { text: 'node b: LIKE zone no.*: zone is south' },
        { text: 'node c: memory: ask 100 MiB, 90 MiB free' },
      ],
    },
  ]);
  expect(help).toBe(
    'It would fit without UNIQUE node, or if one node had 10 MiB more memory. Or add a node that it allows.',
  );
});

test('ports', () => {
  const ports = Array.from({ length: 11 }, (_, n) => `p${n}`);
  const { reason, help } = why(cluster(node('a', 900)), task('k.0', 100, { ports }));
  expect(reason.children[0]?.text).toBe('k.0: 1 node: 1 lacks a free port (p10)');
  expect(help).toMatch(/^It would fit if one node had a wider port range\./);
});

test('a limit: of which role, how much is held, and how much more it would take', () => {
  const allocator = cluster(node('a', 4000));
  allocator.setRole({ role: 'pipelines', weight: 1, guarantee: {}, limit: { memoryMiB: 1000 } });
  allocator.submit(ask([task('k.0', 700)]));
  const { reason, help } = why(allocator, task('k.1', 400));
  expect(reason.text).toBe('role pipelines would pass its limit of memory: ask 400 MiB, 700 MiB of 1000 MiB are held');
  expect(help).toBe(
    'It may start if the limit were 100 MiB higher, or when tasks of the role that hold as much have ended.',
  );
});

test('guarantees of others: how much is free, and for whom', () => {
  const allocator = cluster(node('a', 1000));
  allocator.setRole({ role: 'alerts', weight: 1, guarantee: { memoryMiB: 800 }, limit: {} });
  const { reason } = why(allocator, task('k.0', 300));
  expect(reason).toMatchObject({
    text: 'what is free is guaranteed to other roles: memory (ask 300 MiB, 1000 MiB free, 200 MiB of it not guaranteed)',
    children: [{ text: 'role alerts: 800 MiB memory kept for its guarantee' }],
  });
});

test('a place that is reserved on a node that is away', () => {
  const allocator = cluster(node('a', 1000), node('b', 1000));
  const broker = task('k.0', 300, { volumes: ['log'] });
  allocator.submit(ask([broker]));
  allocator.cycle();
  allocator.removeNode('a');
  const { reason, help } = why(allocator, broker);
  expect(reason.children[0]?.text).toBe(
    'k.0: its data (log) is on node a, which is not there or has less room than before',
  );
  expect(help).toMatch(/^It starts when the node is back\./);
});

test('a place that is reserved on a node without room for what it asks now', () => {
  const allocator = cluster(node('a', 1000), node('b', 4000));
  const broker = task('k.0', 300, { reserved: true });
  allocator.submit(ask([broker]));
  allocator.cycle();
  allocator.end('k.0');
  const { reason } = why(allocator, task('k.0', 1500, { reserved: true }));
  expect(reason.children[0]).toMatchObject({
    text: 'k.0: 2 nodes: 1 lacks memory (ask 1500 MiB, best 1000 MiB free), its place is reserved on node a',
    children: [
      { text: 'node a: memory: ask 1500 MiB, 1000 MiB free' },
      { text: 'node b: its place is reserved on node a' },
    ],
  });
});

test('places in the queue are those of the turns: the role that holds less for its weight first', () => {
  const allocator = cluster(node('a', 1000));
  allocator.submit(ask([task('k.0', 900)], { role: 'one' }));
  allocator.cycle();
  for (const [role, name] of [
    ['one', 'k.1'],
    ['one', 'k.2'],
    ['two', 'k.3'],
    ['two', 'k.4'],
  ] as const) {
    allocator.submit(ask([task(name, 600)], { role, priority: name === 'k.2' ? 1 : 0 }));
  }
  allocator.cycle();
  // Two takes its turns until it would hold more than one does, 0.9 of the memory.
  expect(allocator.standing().queue.map(({ ask }) => ask)).toEqual(['k.3', 'k.4', 'k.2', 'k.1']);
  expect(allocator.why('k.2')).toMatchObject({ place: 3, waiting: 4 });
});
