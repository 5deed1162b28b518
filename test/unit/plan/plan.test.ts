import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Plan } from '../../../platform/model/plan.ts';
import { type PlanInput, planPipeline } from '../../../platform/plan/plan.ts';
import { renderPlan } from '../../../platform/plan/render.ts';
import { planTeardown } from '../../../platform/plan/teardown.ts';
import { offer, offers } from '../allocate/arbitraries.ts';
import { changed, deployed, goodInput, inputOf, planned } from './world.ts';

const steps = (plan: Plan) => plan.phases.flatMap((phase) => phase.steps);
const undone = (plan: Plan) => steps(plan).flatMap(({ id, undo }) => (undo ? [id] : []));

describe('a first deploy', () => {
  const plan = planned(inputOf());

  test('installs what it uses and puts every task somewhere', () => {
    expect(plan.frameworks.map(({ framework, action }) => `${action} ${framework}`)).toEqual([
      'install kafka',
      'install cassandra',
      'install spark',
      'install redis',
    ]);
    expect(plan.placements.map(({ task }) => task)).toEqual([
      'pp.ingress.0',
      'pp.api.0',
      'pp.api.1',
      'pp.sinks.0',
      'pp.spark-driver.0',
      'pp.feed.0',
    ]);
  });

  test('steps wait only for steps that there are, and all but ready and observe have an undo', () => {
    const ids = steps(plan).map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const step of steps(plan)) for (const id of step.after) expect(ids).toContain(id);
    expect(ids.filter((id) => !undone(plan).includes(id))).toEqual([
      ...ids.filter((id) => id.startsWith('ready:')),
      'observe',
    ]);
  });

  test('the feed starts when all else is ready; observing begins when all is launched and the ingress ready', () => {
    const ready = plan.placements.map(({ task }) => `ready:${task}`).filter((id) => id !== 'ready:pp.feed.0');
    const ids = steps(plan).map(({ id }) => id);
    const step = (id: string) => steps(plan).find((each) => each.id === id);
    expect(step('launch:pp.feed.0')?.after).toEqual(ready);
    const launched = ready.map((id) => id.replace('ready:', 'launch:'));
    const prepared = ids.filter((id) => /^(ensure:|user:|topics$|tables$)/.test(id));
    expect(step('observe')?.after).toEqual([...prepared, ...launched, 'ready:pp.ingress.0']);
    expect(step('launch:pp.spark-driver.0')?.after).toEqual([]);
  });

  test('parameters are filled into the SQL, instances share the service port', () => {
    expect(plan.sql.late).toContain('delay >= 30');
    const [one, other] = plan.placements.filter(({ demand }) => demand.group === 'pp.api');
    expect(one?.ports.service).toBe(other?.ports.service);
    expect(one?.ports.health).not.toBe(other?.ports.health);
  });
});

describe('a later deploy', () => {
  const first = planned(inputOf());

  test('of the same blueprint keeps everything and undoes nothing', () => {
    const again = planned(deployed(inputOf(), first));
    expect(again.revision).toBe(2);
    expect(new Set(again.changes.map(({ bucket }) => bucket))).toEqual(new Set(['keep']));
    expect(again.placements).toEqual(first.placements);
    expect(new Set(Object.values(again.taskRevisions))).toEqual(new Set([1]));
    expect(undone(again)).toEqual([]);
    expect(steps(again).map(({ id }) => id)).toEqual(steps(first).map(({ id }) => id));
    expect(again.totals.asked.memoryMiB).toBe(0);
    expect(again.frameworks.every(({ action, phases }) => action === 'reuse' && phases.length === 0)).toBe(true);
  });

  test('with one more instance launches only that anew, on the shared port', () => {
    const more = changed((s) => {
      s.services.api.instances = 3;
    });
    const plan = planned(deployed(inputOf(more), first));
    expect(undone(plan)).toEqual(['launch:pp.api.2']);
    const ports = plan.placements.filter(({ demand }) => demand.group === 'pp.api').map((each) => each.ports.service);
    expect(new Set(ports).size).toBe(1);
  });

  test('with more memory replaces the task in place; its undo restores the former revision', () => {
    const more = changed((s) => {
      s.services.ingress.resources.memoryMiB = 200;
    });
    const plan = planned(deployed(inputOf(more), first));
    const ports = (each: Plan) => each.placements.find(({ task }) => task === 'pp.ingress.0')?.ports;
    expect(ports(plan)).toEqual(ports(first));
    const launch = steps(plan).find(({ id }) => id === 'launch:pp.ingress.0');
    expect(launch?.undo).toEqual({ kind: 'task.restore', input: { task: 'pp.ingress.0', revision: 1 } });
  });

  test('with one instance less ends that one when the others are ready', () => {
    const less = changed((s) => {
      s.services.api.instances = 1;
    });
    const plan = planned(deployed(inputOf(less), first));
    expect(steps(plan).find(({ kind }) => kind === 'task.retire')?.input).toEqual({ task: 'pp.api.1' });
  });

  test('tells each parameter that changes, and how to keep what would go back to its default', () => {
    const specs = { least: { type: 'integer', default: 30, doc: '' }, name: { type: 'string', default: '', doc: '' } };
    const given = (parameters: PlanInput['parameters']) => {
      const { module } = inputOf();
      return { ...inputOf(), parameters, module: { ...module, parameters: specs as typeof module.parameters } };
    };
    const before = planned(given({ least: 45, name: 'a b' }));
    expect(before.parameterChanges).toEqual([]);
    expect(renderPlan(before)).not.toContain('Parameters');
    const back = planned(deployed(given({ least: 30, name: '' }), before));
    expect(renderPlan(back)).toContain(
      [
        'Parameters',
        "  least  45 → 30 (the blueprint's default)",
        `  name   "a b" → "" (the blueprint's default)`,
        '  What is not given takes its default. To keep what is there:',
        '    --set least=45',
        "    --set 'name=a b'",
      ].join('\n'),
    );
    const long = { least: 30, name: `${'a b '.repeat(40)}${'x'.repeat(120)}` };
    const kept = renderPlan(planned(deployed(given({ least: 30, name: '' }), planned(given(long)))));
    expect(kept.split('\n')).toContain(`    --set 'name=${long.name}'`);
    const other = renderPlan(planned(deployed(given({ least: 60, name: 'a b' }), before)));
    expect(other).toContain('  least  45 → 60\n');
    expect(other).not.toContain('To keep what is there');
  });

  test('refuses fewer partitions, another column type, another blueprint', () => {
    const world = (change: Parameters<typeof changed>[0]) => planPipeline(deployed(inputOf(changed(change)), first));
    expect(
      world((s) => {
        s.topics.flights.partitions = 2;
      }),
    ).toMatchObject({ refused: true });
    // From a new topic whose field has that type: of the topic that is there, the field can't change either.
    const column = world((s) => {
      const { late, flights } = s.topics;
      const fields = { ...late.schema.fields, delay: { type: 'long' as 'int' } };
      s.topics = {
        flights,
        late: { ...late },
        later: { ...late, schema: { name: 'later', fields } },
      } as typeof s.topics;
      s.flows.store.from.topic = 'later';
      s.jobs.late.output.topic = 'later';
      s.flows.board.from.topic = 'later';
      s.tables.late.columns.delay.type = 'long' as 'int';
    });
    expect(column).toMatchObject({ refused: true });
    expect(renderPlan(column).replaceAll(/\s+/g, ' ')).toContain('tables.late.columns.delay: is int, long asked');
    expect(
      world((s) => {
        s.name = 'others';
      }),
    ).toMatchObject({ refused: true, help: expect.stringContaining('destroy pp') });
  });

  test('after a failed first one makes everything anew, at the same places', () => {
    const plan = planned(deployed(inputOf(), first, 'failed'));
    expect(plan.placements).toEqual(first.placements);
    expect(undone(plan)).toContain('topics');
    expect(plan.data.every(({ effect }) => effect === 'create')).toBe(true);
  });

  test('after a destroy that kept the data never removes that data', () => {
    const plan = planned(deployed(inputOf(), first, 'stopped'));
    expect(undone(plan)).not.toContain('topics');
    expect(steps(plan).find(({ id }) => id === 'launch:pp.spark-driver.0')?.undo?.input).toMatchObject({ data: false });
  });
});

test('an option that a running framework has otherwise is refused, with how to go on', () => {
  const asks = { ...goodInput, frameworks: { kafka: { brokers: 3 } } };
  const outcome = planPipeline({ ...deployed(inputOf(), planned(inputOf())), module: inputOf(asks).module });
  expect(outcome).toMatchObject({ refused: true });
  expect(renderPlan(outcome)).toMatch(/frameworks\.kafka\.brokers: asks 3/);
});

test('a cluster too small is refused with every node named', () => {
  const text = renderPlan(planPipeline(inputOf(undefined, { offers: [offer('a', 400), offer('b', 300)] })));
  expect(text).toContain('node a');
  expect(text).toContain('node b');
});

test('a plan says that CPUs are shares of the cores, and which limits hold on the machine', () => {
  const capabilities = { memoryLimit: 'advisory', cpuLimit: 'advisory', sharedPorts: false } as const;
  const text = renderPlan(planned(inputOf()), { capabilities, cores: 2, cpusPerCore: 4 }).replaceAll(/\s+/g, ' ');
  expect(text).toContain('CPUs are shares: 2 cores, shared 4 times.');
  expect(text).toContain(
    "memory limits are advisory, CPU limits are advisory; instances of a service can't share a port here",
  );
});

test('teardown: feeds, tasks, data, users, frameworks; data stays if asked', () => {
  const { current } = deployed(inputOf(), planned(inputOf()));
  const kinds = (keepData: boolean) =>
    planTeardown(current!, keepData).map((wave) => [...new Set(wave.map(({ kind }) => kind))]);
  const data = ['kafka.topics.remove', 'cassandra.tables.remove', 'redis.keys.remove'];
  const [tasks, rest] = [
    [['task.remove'], ['task.remove']],
    [['pipeline.user.remove'], ['framework.release']],
  ];
  expect(kinds(false)).toEqual([...tasks, data, ...rest]);
  expect(kinds(true)).toEqual([...tasks, ...rest]);
  expect(planTeardown(current!, false)[0]?.map(({ input }) => input)).toEqual([{ task: 'pp.feed.0', data: true }]);
});

test('for any cluster: the same plan twice, never wider than 100 columns, no more than there is', () => {
  fc.assert(
    fc.property(offers, fc.integer({ min: 1, max: 6 }), (offered, instances) => {
      const input = inputOf(
        changed((s) => {
          s.services.api.instances = instances;
        }),
        { offers: offered },
      );
      const outcome = planPipeline(input);
      expect(planPipeline(input)).toEqual(outcome);
      for (const line of renderPlan(outcome).split('\n')) expect(line.length).toBeLessThanOrEqual(100);
      if ('refused' in outcome) return;
      expect(outcome.totals.asked.memoryMiB).toBeLessThanOrEqual(outcome.totals.free.memoryMiB);
      expect(undone(planned(deployed(input, outcome)))).toEqual([]);
    }),
  );
});
