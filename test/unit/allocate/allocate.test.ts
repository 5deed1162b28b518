import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { allocate } from '../../../platform/allocate/allocate.ts';
import { giveBack } from '../../../platform/allocate/capacity.ts';
import type { Offer, Placement } from '../../../platform/model/cluster.ts';
import { demand, demands, offer, offers } from './arbitraries.ts';

function placed(result: ReturnType<typeof allocate>): readonly Placement[] {
  if (!result.ok) throw new Error(result.reason.text);
  return result.placements;
}

describe('for any demands and offers', () => {
  test('no node gives more than it has', () => {
    fc.assert(
      fc.property(demands, offers, (asked, offered) => {
        const result = allocate(asked, offered);
        if (!result.ok) return;
        for (const { node, free } of offered) {
          const here = result.placements.filter((placement) => placement.node === node.id);
          for (const name of ['cpus', 'memoryMiB', 'diskMiB', 'gpus'] as const) {
            const used = here.reduce((sum, placement) => sum + placement.demand.resources[name], 0);
            expect(used).toBeLessThanOrEqual(free[name] + 1e-6);
          }
        }
      }),
    );
  });

  test('no port is given twice at an address, taken, or out of range, except a shared one within its group', () => {
    fc.assert(
      fc.property(demands, offers, (asked, offered) => {
        const result = allocate(asked, offered);
        if (!result.ok) return;
        const holders = new Map<string, string>();
        for (const { task, node, address, ports, demand } of result.placements) {
          const { takenPorts } = offered.find((each) => each.node.id === node) as Offer;
          expect(Object.keys(ports)).toEqual([...demand.ports]);
          for (const [name, port] of Object.entries(ports)) {
            const holder = demand.sharedPorts?.includes(name) ? `${demand.group}/${name}` : `${task}/${name}`;
            expect(holders.get(`${address}:${port}`) ?? holder).toBe(holder);
            holders.set(`${address}:${port}`, holder);
            expect(takenPorts).not.toContain(port);
            expect(port).toBeGreaterThanOrEqual(20_000);
            expect(port).toBeLessThanOrEqual(20_019);
          }
        }
      }),
    );
  });

  test('a group has one number for a shared port', () => {
    fc.assert(
      fc.property(demands, offers, (asked, offered) => {
        const result = allocate(asked, offered);
        if (!result.ok) return;
        const numbers = new Map<string, number>();
        for (const { demand, ports } of result.placements) {
          const { service } = ports;
          if (service === undefined) continue;
          expect(numbers.get(demand.group) ?? service).toBe(service);
          numbers.set(demand.group, service);
        }
      }),
    );
  });

  test('tasks that share a port are on one node', () => {
    fc.assert(
      fc.property(demands, offers, (asked, offered) => {
        const result = allocate(asked, offered);
        if (!result.ok) return;
        const nodes = new Map<string, string>();
        for (const { demand, node } of result.placements) {
          if (!demand.sharedPorts) continue;
          expect(nodes.get(demand.group) ?? node).toBe(node);
          nodes.set(demand.group, node);
        }
      }),
    );
  });

  test('the same input gives the same answer', () => {
    fc.assert(
      fc.property(demands, offers, (asked, offered) => {
        expect(allocate(structuredClone(asked), structuredClone(offered))).toEqual(allocate(asked, offered));
      }),
    );
  });

  test('a refusal names every node under every task that has no place', () => {
    fc.assert(
      fc.property(demands, offers, (asked, offered) => {
        const result = allocate(asked, offered);
        if (result.ok) return;
        expect(result.help).not.toBe('');
        for (const task of result.reason.children) {
          expect(task.children.map(({ text }) => text.split(':')[0])).toEqual(
            offered.map(({ node }) => `node ${node.id}`),
          );
        }
      }),
    );
  });

  test('what was placed is placed again where it was, when it is given back', () => {
    fc.assert(
      fc.property(demands, offers, (asked, offered) => {
        const first = allocate(asked, offered);
        if (!first.ok) return;
        const counted = offered.map((each) => {
          const here = first.placements.filter(({ node }) => node === each.node.id);
          const ports = here.flatMap((placement) => Object.values(placement.ports));
          return {
            ...each,
            takenPorts: [...each.takenPorts, ...ports],
            groups: here.map((placement) => placement.demand.group),
          };
        });
        const back = giveBack(counted, first.placements).map((each, index) => ({
          ...each,
          free: offered[index]!.free,
        }));
        expect(placed(allocate(asked, back, { kept: [], former: first.placements }))).toEqual(first.placements);
      }),
    );
  });
});

test('the tighter node is taken, so that the roomy one stays free for large tasks', () => {
  const placements = placed(allocate([demand('pp.one.0', 500)], [offer('a', 4000), offer('b', 600)]));
  expect(placements[0]?.node).toBe('b');
});

test('tasks that spread go apart as long as there are nodes, then together', () => {
  const asked = [0, 1, 2].map((instance) => demand(`pp.api.${instance}`, 100, { spread: true }));
  const nodes = placed(allocate(asked, [offer('a', 4000), offer('b', 4000)])).map(({ node }) => node);
  expect(new Set(nodes.slice(0, 2)).size).toBe(2);
  expect(nodes).toHaveLength(3);
});

test('a refusal sums up the nodes and says what would help', () => {
  const result = allocate([demand('pp.big.0', 2048)], [offer('a', 900), offer('b', 700)]);
  expect(result).toMatchObject({
    ok: false,
    reason: { children: [{ text: 'pp.big.0: 2 nodes: 2 lack memory (ask 2048 MiB, best 900 MiB free)' }] },
  });
  expect(result.ok ? '' : result.help).toMatch(/^It would fit if one node had 1148 MiB more memory\./);
});

const sharing = (instance: number, memoryMiB: number) =>
  demand(`pp.api.${instance}`, memoryMiB, { spread: true, ports: ['health', 'service'], sharedPorts: ['service'] });

test('tasks that share a port go to a node with room for all of them, though another is tighter for the first', () => {
  const asked = [sharing(0, 500), sharing(1, 500)];
  const nodes = placed(allocate(asked, [offer('a', 600), offer('b', 1100), offer('c', 4000)])).map(({ node }) => node);
  expect(nodes).toEqual(['b', 'b']);
});

test('tasks that share a port and fit on no one node are refused, with the node they would share', () => {
  const result = allocate([sharing(0, 500), sharing(1, 500)], [offer('a', 600), offer('b', 700)]);
  expect(result).toMatchObject({
    ok: false,
    reason: {
      children: [
        {
          text: 'pp.api.1: 2 nodes: 1 lacks memory (ask 500 MiB, best 100 MiB free), it shares a port with others on node a',
          children: [
            { text: 'node a: memory: ask 500 MiB, 100 MiB free' },
            { text: 'node b: the tasks that share its port are on node a' },
          ],
        },
      ],
    },
  });
  expect(result.ok ? '' : result.help).toMatch(/^It would fit if one node had 400 MiB more memory\./);
});

test('an instance that is added goes to the node of the others', () => {
  const kept = placed(allocate([sharing(0, 500)], [offer('a', 4000)]));
  const taken = offer('a', 3500, { takenPorts: Object.values(kept[0]!.ports), groups: ['pp.api'] });
  const [added] = placed(allocate([sharing(1, 500)], [taken, offer('b', 600)], { kept, former: [] }));
  expect(added?.node).toBe('a');
});

test('an instance that is added takes the number its group shares already', () => {
  const api = (instance: number) =>
    demand(`pp.api.${instance}`, 100, { ports: ['health', 'service'], sharedPorts: ['service'] });
  const kept = placed(allocate([api(0)], [offer('a', 4000)]));
  const taken = offer('a', 4000, { takenPorts: Object.values(kept[0]!.ports) });
  const [added] = placed(allocate([api(1)], [taken], { kept, former: [] }));
  expect(added?.ports.service).toBe(kept[0]?.ports.service);
  expect(added?.ports.health).not.toBe(kept[0]?.ports.health);
});
