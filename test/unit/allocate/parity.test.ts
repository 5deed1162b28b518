/**
 * The plan's `allocate` and the allocator place alike: what the plan asks, as one gang of one role, gets the same nodes and
 * ports, or the same reason tree. So the plan can be moved onto the allocator in one step. Two differences are meant: a number
 * that a group listens on together is kept free on its node only, not on all of them; and amounts are reckoned exactly.
 */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { allocate } from '../../../platform/allocate/allocate.ts';
import { Allocator } from '../../../platform/allocate/allocator.ts';
import type { Offer, Placement, TaskDemand } from '../../../platform/model/cluster.ts';
import { demands, offers } from './arbitraries.ts';

/** Eighths of a CPU for tenths: `allocate` reckons in fractions, and 1.2 - 0.8 is not 0.4. */
const eighths = (cpus: number) => Math.round(cpus * 10) / 8;
const exactDemands = demands.map((asked) =>
  asked.map((each) => ({ ...each, resources: { ...each.resources, cpus: eighths(each.resources.cpus) } })),
);
const exactOffers = offers.map((offered) =>
  offered.map((each) => ({ ...each, free: { ...each.free, cpus: eighths(each.free.cpus) } })),
);
const unshared = exactDemands.map((asked) =>
  asked.map(({ sharedPorts, ...rest }): TaskDemand => ({ ...rest, spread: rest.spread && sharedPorts === undefined })),
);
/** So many ports that it does not matter which are kept free. */
const roomy = exactOffers.map((offered) =>
  offered.map((each): Offer => ({ ...each, node: { ...each.node, ports: { first: 20_000, last: 20_199 } } })),
);

function asGang(asked: readonly TaskDemand[], offered: readonly Offer[]): Allocator {
  const allocator = new Allocator('binpack');
  for (const { node, free, takenPorts } of offered) allocator.addNode({ node, free, takenPorts });
  allocator.submit({ id: 'plan', role: 'pipelines', priority: 0, tasks: asked });
  return allocator;
}

/** How many were placed by both, and how many refused by both. */
function compared(
  tasks: fc.Arbitrary<TaskDemand[]>,
  nodes: fc.Arbitrary<Offer[]>,
  part: (placement: Placement) => unknown,
) {
  let [placed, refused] = [0, 0];
  fc.assert(
    fc.property(tasks, nodes, (asked, offered) => {
      const planned = allocate(asked, offered);
      const allocator = asGang(asked, offered);
      const { placements } = allocator.cycle();
      if (planned.ok) {
        placed += 1;
        return expect(placements.map(part)).toEqual(planned.placements.map(part));
      }
      refused += 1;
      expect(placements).toEqual([]);
      expect(allocator.why(asked[0]!.task)).toMatchObject({ reason: planned.reason, help: planned.help });
    }),
    { numRuns: 400 },
  );
  return { placed, refused };
}

test('where no port is shared: the same nodes and ports, or the same reason tree and help', () => {
  const { placed, refused } = compared(unshared, exactOffers, (placement) => placement);
  expect(placed).toBeGreaterThan(50);
  expect(refused).toBeGreaterThan(50);
});

test('where ports are shared: the same nodes, or the same reason tree and help', () => {
  const { placed, refused } = compared(exactDemands, roomy, ({ task, node }) => ({ task, node }));
  expect(placed).toBeGreaterThan(50);
  expect(refused).toBeGreaterThan(50);
});
