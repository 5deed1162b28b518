import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Allocator } from '../../../platform/allocate/allocator.ts';
import type { Placement } from '../../../platform/model/cluster.ts';
import { freeIn, keptFor, names, Shadow, usedBy } from './shadow.ts';
import { histories, type Step } from './steps.ts';

const tolerance = 1e-6;
const runs = { numRuns: 120 };

function after(steps: readonly Step[], afterEach: (shadow: Shadow) => void = () => {}): Shadow {
  const shadow = new Shadow();
  for (const step of steps) {
    shadow.apply(step);
    afterEach(shadow);
  }
  return shadow;
}

test('no node gives more than it has, to tasks and to places that are reserved', () => {
  const check = (shadow: Shadow) => {
    for (const { node, free } of shadow.offers.values()) {
      const here = [...shadow.held.values()].filter(({ placement }) => placement.node === node.id);
      for (const name of names) {
        const used = here.reduce((sum, { task }) => sum + task.resources[name], 0);
        expect(used).toBeLessThanOrEqual(free[name] + tolerance);
      }
    }
  };
  fc.assert(
    fc.property(histories, (steps) => void after(steps, check)),
    runs,
  );
});

test('no port is given twice at an address, taken, or out of range, except a shared one within its group', () => {
  const check = (shadow: Shadow) => {
    const holders = new Map<string, string>();
    for (const { placement, task } of shadow.held.values()) {
      const offer = shadow.offers.get(placement.node);
      if (offer === undefined) continue;
      expect(Object.keys(placement.ports)).toEqual([...task.ports]);
      for (const [name, port] of Object.entries(placement.ports)) {
        const holder = task.sharedPorts?.includes(name) ? `${task.group}/${name}` : `${task.task}/${name}`;
        const key = `${offer.node.address}:${port}`;
        expect(holders.get(key) ?? holder).toBe(holder);
        holders.set(key, holder);
        expect(offer.takenPorts).not.toContain(port);
        expect(port).toBeGreaterThanOrEqual(offer.node.ports.first);
        expect(port).toBeLessThanOrEqual(offer.node.ports.last);
      }
    }
  };
  fc.assert(
    fc.property(histories, (steps) => void after(steps, check)),
    runs,
  );
});

test('no cycle brings a role past its limit, nor further past it', () => {
  const check = (steps: readonly Step[]) => {
    const shadow = new Shadow();
    for (const step of steps) {
      const before = new Map([...shadow.roles.keys()].map((role) => [role, usedBy(shadow, role)]));
      shadow.apply(step);
      if (step.kind !== 'cycle') continue;
      for (const { role, limit } of shadow.roles.values()) {
        for (const [name, most] of Object.entries(limit)) {
          const allowed = Math.max(most ?? 0, before.get(role)?.[name] ?? 0);
          expect(usedBy(shadow, role)[name]).toBeLessThanOrEqual(allowed + tolerance);
        }
      }
    }
  };
  fc.assert(fc.property(histories, check), runs);
});

test('no cycle takes from what is kept for guarantees', () => {
  const check = (steps: readonly Step[]) => {
    const shadow = new Shadow();
    for (const step of steps) {
      const before = names.map((name) => freeIn(shadow, name) - keptFor(shadow, '', name));
      shadow.apply(step);
      if (step.kind !== 'cycle') continue;
      for (const [index, name] of names.entries()) {
        const slack = freeIn(shadow, name) - keptFor(shadow, '', name);
        expect(slack).toBeGreaterThanOrEqual(Math.min(0, before[index]!) - tolerance);
      }
    }
  };
  fc.assert(fc.property(histories, check), runs);
});

test('all tasks of an ask have a place, or none', () => {
  const check = (shadow: Shadow) => {
    for (const ask of shadow.waiting.values()) {
      for (const { task } of ask.tasks) expect(shadow.held.get(task)?.running ?? false).toBe(false);
    }
    for (const { placements } of shadow.outcomes.slice(-1)) {
      const placed = new Set(placements.map(({ task }) => task));
      for (const { ask, task } of shadow.held.values()) {
        if (!placed.has(task.task)) continue;
        for (const other of ask.tasks) expect(shadow.held.has(other.task) || placed.has(other.task)).toBe(true);
      }
    }
  };
  const steps = histories.map((each) => each.filter(({ kind }) => kind !== 'end' && kind !== 'lose'));
  fc.assert(
    fc.property(steps, (each) => void after(each, check)),
    runs,
  );
});

test('a task whose place is reserved comes back to it, with its ports, and nobody else gets it', () => {
  let back = 0;
  const check = (steps: readonly Step[]) => {
    const shadow = new Shadow();
    for (const step of steps) {
      const places = new Map([...shadow.held].filter(([, { running }]) => !running));
      shadow.apply(step);
      if (step.kind !== 'cycle') continue;
      for (const { task, node, ports } of shadow.outcomes.at(-1)!.placements) {
        const place = places.get(task)?.placement;
        if (place === undefined) continue;
        expect({ node, ports }).toEqual({ node: place.node, ports: place.ports });
        back += 1;
      }
    }
  };
  fc.assert(fc.property(histories, check), runs);
  expect(back).toBeGreaterThan(0);
});

test('only asks that have consented give way, to one of higher priority that may push off; reserved places never', () => {
  let gave = 0;
  const check = (steps: readonly Step[]) => {
    const asks = new Map<string, { preempts?: boolean; priority: number }>();
    const shadow = new Shadow();
    for (const step of steps) {
      for (const ask of shadow.waiting.values()) asks.set(ask.id, ask);
      if (step.kind === 'ask') asks.set(step.ask.id, step.ask);
      const before = new Map(shadow.held);
      shadow.apply(step);
      if (step.kind !== 'cycle') continue;
      for (const { placement, to } of shadow.outcomes.at(-1)!.gaveWay) {
        const victim = before.get(placement.task);
        if (victim === undefined) continue;
        gave += 1;
        expect(victim.ask.preemptible).toBe(true);
        expect(victim.task.reserved).not.toBe(true);
        expect(asks.get(to)?.preempts).toBe(true);
        expect(asks.get(to)!.priority).toBeGreaterThan(victim.ask.priority);
      }
    }
  };
  fc.assert(fc.property(histories, check), { numRuns: 300 });
  expect(gave).toBeGreaterThan(0);
});

test('the same history gives the same answers', () => {
  fc.assert(
    fc.property(histories, (steps) => {
      expect(after(structuredClone(steps)).outcomes).toEqual(after(steps).outcomes);
    }),
    { numRuns: 60 },
  );
});

/** Gangs aside: they are placed greedily, and less room may open a way. */
test('after a cycle nothing more has a place: books made anew out of what stands place nothing', () => {
  fc.assert(
    fc.property(histories, (steps) => {
      const shadow = after(steps);
      expect(madeAnew(shadow).cycle()).toEqual({ placements: [], gaveWay: [] });
    }),
    { numRuns: 250 },
  );
});

test('what waits has a reason, which names every node that is there when it is room that lacks', () => {
  fc.assert(
    fc.property(histories, (steps) => {
      const shadow = after(steps);
      const { queue } = shadow.allocator.standing();
      const gangs = new Set(queue.flatMap(({ tasks }) => (tasks.length > 1 ? tasks : [])));
      expect(queue.map(({ ask }) => ask).toSorted()).toEqual([...shadow.waiting.keys()].toSorted());
      for (const [index, { tasks }] of queue.entries()) {
        const why = shadow.allocator.why(tasks[0]!);
        if (why.placed) throw new Error('it waits');
        expect(why).toMatchObject({ place: index + 1, waiting: queue.length });
        if (tasks.length === 1) expect(why.reason.ok).toBe(false);
        expect(why.help).not.toBe('');
        if (!why.reason.text.endsWith("tasks can't be placed")) continue;
        for (const task of why.reason.children) expect(task.children).toHaveLength(shadow.offers.size);
      }
      // Only a gang that was told that there is room for it now has a place.
      for (const { task } of shadow.allocator.cycle().placements) expect(gangs.has(task)).toBe(true);
    }),
    runs,
  );
});

/** As after a start of the control plane: out of records. */
function madeAnew(shadow: Shadow): Allocator {
  const allocator = new Allocator();
  for (const offer of shadow.offers.values()) allocator.addNode(offer);
  for (const role of shadow.roles.values()) allocator.setRole(role);
  const running = Map.groupBy(shadow.held.values(), ({ ask }) => ask.id);
  for (const [id, held] of running) {
    const placements: Placement[] = held.map(({ placement }) => placement);
    const here = { ...held[0]!.ask, id: `anew ${id}`, tasks: held.map(({ task }) => task) };
    const lost = allocator.adopt(here, placements);
    for (const { task, running: runs } of held) if (!runs && !lost.includes(task.task)) allocator.end(task.task);
  }
  for (const ask of shadow.waiting.values()) if (ask.tasks.length === 1) allocator.submit(ask);
  return allocator;
}
