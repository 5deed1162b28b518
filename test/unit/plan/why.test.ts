import { expect, test } from '@jest/globals';
import { Allocator } from '../../../platform/allocate/allocator.ts';
import { renderWhy } from '../../../platform/plan/why.ts';
import { ask, node, task } from '../allocate/made.ts';

function cluster(nodes: number): Allocator {
  const allocator = new Allocator();
  for (let n = 0; n < nodes; n++) allocator.addNode(node(`n${n}`, n < 10 ? 1000 : 500));
  return allocator;
}

test('the queue, the sum over the nodes, alike nodes together, and what would help', () => {
  const allocator = cluster(12);
  allocator.submit(ask([task('kafka.broker.0', 2048)]));
  allocator.cycle();
  expect(renderWhy(allocator.why('kafka.broker.0')).split('\n')).toEqual([
    'kafka.broker.0 waits: ask kafka.broker.0 of role pipelines, 1 of 1 in the queue',
    '',
    "1 of 1 tasks can't be placed",
    '└─ kafka.broker.0: 12 nodes: 12 lack memory (ask 2048 MiB, best 1000 MiB free)',
    '   ├─ nodes n0, n1, n2, n3, n4, n5, n6, n7 and 2 more: memory: ask 2048 MiB, 1000 MiB free',
    '   └─ nodes n10, n11: memory: ask 2048 MiB, 500 MiB free',
    '',
    'It would fit if one node had 1048 MiB more memory. Ask for less, add a node to cluster.json, or end',
    '  what is not needed.',
  ]);
});

test('each node on a line of its own', () => {
  const allocator = cluster(12);
  allocator.submit(ask([task('kafka.broker.0', 2048)]));
  const text = renderWhy(allocator.why('kafka.broker.0'), { everyNode: true });
  expect(text.match(/ node n\d+: memory/g)).toHaveLength(12);
});

test('a task that has its place, and one that gave way', () => {
  const allocator = cluster(1);
  allocator.submit(ask([task('low.0', 600)], { preemptible: true }));
  allocator.cycle();
  expect(renderWhy(allocator.why('low.0'))).toBe('low.0 has its place, on node n0');
  allocator.submit(ask([task('urgent.0', 900)], { priority: 1, preempts: true }));
  allocator.cycle();
  expect(renderWhy(allocator.why('low.0'))).toContain('\nIt gave way to ask urgent.0, of higher priority.\n');
});
