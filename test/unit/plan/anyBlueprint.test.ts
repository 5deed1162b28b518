/** What holds for the plan of any wired blueprint on any cluster, of its second deploy, of a change and of its end. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Offer } from '../../../platform/model/cluster.ts';
import type { Plan, Step } from '../../../platform/model/plan.ts';
import { type PlanInput, planPipeline } from '../../../platform/plan/plan.ts';
import { faultCount } from '../../../platform/plan/reasons.ts';
import { renderPlan } from '../../../platform/plan/render.ts';
import { planTeardown } from '../../../platform/plan/teardown.ts';
import { offer, offers } from '../allocate/arbitraries.ts';
import { type AnyBlueprint, blueprints, changes } from './blueprints.ts';
import { deployed, inputOf, moduleOf } from './world.ts';

const steps = (plan: Plan): readonly Step[] => plan.phases.flatMap((phase) => phase.steps);
const stepIds = (plan: Plan, prefix: string) =>
  steps(plan).flatMap(({ id }) => (id.startsWith(prefix) ? [id.slice(prefix.length)] : []));
const worldOf = ({ input, sql }: AnyBlueprint, offered: readonly Offer[]): PlanInput =>
  inputOf(input, { sql, offers: offered });
const wide = fc.constant([roomy('a'), roomy('b')]);

/** More than any of the blueprints asks. */
function roomy(id: string): Offer {
  const { node, ...made } = offer(id, 60_000);
  const resources = { cpus: 200, memoryMiB: 60_000, diskMiB: 1_000_000, gpus: 0 };
  return { ...made, node: { ...node, resources, ports: { first: 20_000, last: 20_199 } }, free: resources };
}

/** The plan, or undefined where it is refused, which then has its reasons. */
function planOf(input: PlanInput): Plan | undefined {
  const outcome = planPipeline(input);
  expect(planPipeline(input)).toEqual(outcome);
  for (const line of renderPlan(outcome).split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  if (!('refused' in outcome)) return outcome;
  expect(faultCount(outcome.reason)).toBeGreaterThan(0);
  expect(outcome.help).not.toBe('');
  return undefined;
}

function placementsFit(plan: Plan, offered: readonly Offer[]): void {
  const installed = plan.frameworks.flatMap(({ action, placements }) => (action === 'install' ? placements : []));
  const all = [...installed, ...plan.placements];
  expect(new Set(all.map(({ task }) => task)).size).toBe(all.length);
  for (const { node, free, takenPorts } of offered) {
    const here = all.filter((placement) => placement.node === node.id);
    for (const resource of ['cpus', 'memoryMiB', 'diskMiB'] as const) {
      const asked = here.reduce((sum, { demand }) => sum + demand.resources[resource], 0);
      expect(asked).toBeLessThanOrEqual(free[resource] + 1e-6);
    }
    const given = here.flatMap(({ demand, ports }) =>
      Object.entries(ports).map(([name, port]) => ({
        port,
        of: demand.sharedPorts?.includes(name) ? demand.group : '',
      })),
    );
    for (const { port, of } of given) {
      expect(port >= node.ports.first && port <= node.ports.last && !takenPorts.includes(port)).toBe(true);
      const others = given.filter((each) => each.port === port);
      expect(others.length === 1 || others.every((each) => of !== '' && each.of === of)).toBe(true);
    }
  }
}

/** Every step waits only for steps that there are, and can be reached: there is no circle. */
function stepsEnd(plan: Plan): void {
  const byId = new Map(steps(plan).map((step) => [step.id, step]));
  expect(byId.size).toBe(steps(plan).length);
  const done = new Set<string>();
  for (let before = -1; done.size !== before; ) {
    before = done.size;
    for (const { id, after } of byId.values()) if (after.every((each) => done.has(each))) done.add(id);
  }
  expect([...byId.keys()].filter((id) => !done.has(id))).toEqual([]);
}

test('any blueprint on any cluster is refused with reasons, or fits and can be carried out', () => {
  let taken = 0;
  fc.assert(
    fc.property(blueprints, fc.oneof(offers, wide), (blueprint, offered) => {
      const plan = planOf(worldOf(blueprint, offered));
      if (plan === undefined) return;
      taken += 1;
      placementsFit(plan, offered);
      stepsEnd(plan);
      const tasks = plan.placements.map(({ task }) => task).sort();
      expect(stepIds(plan, 'launch:').sort()).toEqual(tasks);
      expect(stepIds(plan, 'ready:').sort()).toEqual(tasks);
      // Of a first deploy, all that is made is undone.
      const kept = steps(plan).filter(({ undo }) => undo === undefined);
      expect(kept.map(({ kind }) => kind).filter((kind) => !['task.ready', 'flow.observe'].includes(kind))).toEqual([]);
    }),
    { numRuns: 80 },
  );
  expect(taken).toBeGreaterThan(20);
});

test('deployed again, any blueprint keeps its places and ports, changes nothing and has nothing to undo', () => {
  fc.assert(
    fc.property(blueprints, wide, (blueprint, offered) => {
      const input = worldOf(blueprint, offered);
      const first = planOf(input)!;
      const again = planOf(deployed(input, first))!;
      expect(again.placements).toEqual(first.placements);
      expect(new Set(again.changes.map(({ bucket }) => bucket))).toEqual(new Set(['keep']));
      expect(again.taskRevisions).toEqual(first.taskRevisions);
      expect(steps(again).filter(({ undo }) => undo !== undefined)).toEqual([]);
    }),
    { numRuns: 40 },
  );
});

test('from any blueprint to any other: refused with reasons, or every former task stays or ends, with a way back', () => {
  let taken = 0;
  fc.assert(
    fc.property(changes, wide, ([one, other], offered) => {
      const before = worldOf(one, offered);
      const first = planOf(before)!;
      const world = { ...deployed(before, first), module: moduleOf(other.input), sql: other.sql };
      const second = planOf(world);
      if (second === undefined) return;
      taken += 1;
      stepsEnd(second);
      const wanted = second.placements.map(({ task }) => task);
      const dropped = first.placements.map(({ task }) => task).filter((task) => !wanted.includes(task));
      expect(stepIds(second, 'retire:').sort()).toEqual(dropped.sort());
      for (const step of steps(second)) {
        const changed = step.kind === 'task.retire' || (step.kind === 'task.launch' && isChanged(first, second, step));
        if (changed) expect(step.undo).toMatchObject({ kind: expect.stringMatching(/^task\.(restore|remove)$/) });
        removesOnlyItsOwn(first, step);
      }
      expect(second.data.filter(({ kind }) => kind === 'topic').map(({ name }) => name)).toEqual(
        expect.arrayContaining(topics(first)),
      );
    }),
    { numRuns: 40 },
  );
  expect(taken).toBeGreaterThan(5);
});

const topics = (plan: Plan) => Object.keys(plan.spec.topics);

/** What stands since the former revision is never what a rollback removes. */
function removesOnlyItsOwn({ spec, frameworks }: Plan, { undo }: Step): void {
  const input = undo?.input as Record<'topics' | 'flows' | 'tables', readonly string[]> & { keyspace: boolean };
  const stands = (names: readonly string[], former: object) => names.filter((name) => Object.hasOwn(former, name));
  if (undo?.kind === 'kafka.topics.remove') {
    expect([...stands(input.topics, spec.topics), ...stands(input.flows, spec.flows)]).toEqual([]);
  }
  if (undo?.kind === 'cassandra.tables.remove') {
    expect(stands(input.tables, spec.tables)).toEqual([]);
    expect(input.keyspace && frameworks.some(({ framework }) => framework === 'cassandra')).toBe(false);
  }
}

function isChanged(first: Plan, second: Plan, { input }: Step): boolean {
  const { task } = input as { task: string };
  return first.taskRevisions[task] !== second.taskRevisions[task];
}

test('the end of any blueprint removes each task, topic and table once, and releases each framework', () => {
  fc.assert(
    fc.property(blueprints, wide, fc.boolean(), (blueprint, offered, keepData) => {
      const input = worldOf(blueprint, offered);
      const plan = planOf(input)!;
      const calls = planTeardown(deployed(input, plan).current!, keepData).flat();
      const inputs = (kind: string) => calls.flatMap((call) => (call.kind === kind ? [call.input] : []));
      expect(
        inputs('task.remove')
          .map(({ task }) => task)
          .sort(),
      ).toEqual(plan.placements.map(({ task }) => task).sort());
      expect(inputs('framework.release')).toHaveLength(plan.frameworks.length);
      const removed = inputs('kafka.topics.remove').flatMap((each) => each.topics as string[]);
      expect(removed.sort()).toEqual(keepData ? [] : topics(plan).sort());
      const tables = inputs('cassandra.tables.remove').flatMap((each) => each.tables as string[]);
      expect(tables.sort()).toEqual(keepData ? [] : Object.keys(plan.spec.tables).sort());
      expect(new Set(calls.map(({ step }) => step)).size).toBe(calls.length);
    }),
    { numRuns: 40 },
  );
});
