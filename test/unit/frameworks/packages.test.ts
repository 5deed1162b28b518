import { describe, expect, it } from '@jest/globals';
import { cassandraPackage } from '../../../platform/frameworks/cassandra/package.ts';
import type { Artifacts, FrameworkPackage, RenderContext } from '../../../platform/frameworks/contract.ts';
import { kafkaPackage } from '../../../platform/frameworks/kafka/package.ts';
import { redisPackage } from '../../../platform/frameworks/redis/package.ts';

const artifacts: Artifacts = {
  java: '/java',
  javaVersion: '17',
  kafkaLib: '/kafka',
  cassandraLib: '/cassandra',
  sparkLib: '/spark',
  javaClasses: { kafka: '/classes/kafka.jar', cassandra: '/classes/cassandra.jar', spark: '/classes/spark.jar' },
  temporal: '/temporal',
  valkeyServer: '/valkey-server',
  node: '/node',
  classDataArchive: (name) => `/archives/${name}.jsa`,
};

/** The package with each number of tasks it can have. */
const cases: readonly (readonly [string, () => void])[] = [
  ...[1, 2, 3].map(
    (brokers) => [`kafka, ${brokers} brokers`, () => suite(kafkaPackage, { brokers }, brokers)] as const,
  ),
  ...[1, 2, 3].map((nodes) => [`cassandra, ${nodes} nodes`, () => suite(cassandraPackage, { nodes }, nodes)] as const),
  ['redis', () => suite(redisPackage, {}, 1)] as const,
];
describe.each(cases)('%s', (_, declare) => declare());

function suite<O>(framework: FrameworkPackage<O>, options: unknown, tasks: number): void {
  const parsed = framework.options.parse(options);
  const demands = framework.demands(parsed);
  const contexts = contextsOf(framework, parsed);

  it('asks for one task per instance, spread over the nodes when there are several', () => {
    expect(demands.map(({ task }) => task)).toHaveLength(tasks);
    expect(new Set(demands.map(({ task }) => task)).size).toBe(tasks);
    for (const { spread } of demands) expect(spread).toBe(tasks > 1);
  });
  it('launches every task and waits for each, after steps that exist', () => {
    const steps = framework.phases(parsed).flatMap((phase) => phase.steps);
    const ids = steps.map(({ id }) => id);
    for (const { task } of demands) expect(ids).toEqual(expect.arrayContaining([`launch:${task}`, `ready:${task}`]));
    steps.forEach(({ after }, at) => {
      for (const id of after) expect(ids.slice(0, at)).toContain(id);
    });
  });
  it('names every server that is launched in an undo', () => {
    const launches = framework
      .phases(parsed)
      .flatMap(({ steps }) => steps.filter(({ kind }) => kind === 'task.launch'));
    for (const { undo, input } of launches) expect(undo).toMatchObject({ kind: 'task.remove', input });
  });
  it('renders the same task for the same context', () => {
    for (const context of contexts) expect(framework.render(context)).toEqual(framework.render(context));
  });
  it('puts secrets into 0600 files alone', () => {
    for (const context of contexts) {
      const { argv, env, files } = framework.render(context);
      expect(JSON.stringify([argv, env])).not.toContain('secret-of');
      const open = files.filter(({ mode }) => (mode ?? 0o600) !== 0o600);
      expect(open.map(({ content }) => content).join('\n')).not.toContain('secret-of');
    }
  });
  it('listens on the address and the ports of its placement, and asks for as much memory as it is limited to', () => {
    for (const context of contexts) {
      const { ports, limits } = framework.render(context);
      const { address, ports: placed, demand } = context.placement;
      expect(ports).toEqual(Object.entries(placed).map(([name, port]) => ({ name, address, port })));
      expect(limits).toMatchObject({ memoryMiB: demand.resources.memoryMiB });
    }
  });
}

function contextsOf<O>(framework: FrameworkPackage<O>, options: O): RenderContext<O>[] {
  const placements = framework.demands(options).map((demand, instance) => ({
    task: demand.task,
    node: `node-${instance}`,
    address: `127.0.0.${instance + 1}`,
    ports: Object.fromEntries(demand.ports.map((name, at) => [name, 12_200 + instance * 10 + at])),
    demand,
  }));
  const secret = (name: string) => `secret-of-${name}`;
  return placements.map((placement) => ({ options, placements, placement, identity: 'test', artifacts, secret }));
}

describe('order of start', () => {
  it('starts all brokers of Kafka at once', () => {
    const [phase] = kafkaPackage.phases(kafkaPackage.options.parse({ brokers: 3 }));
    const launches = phase!.steps.filter(({ kind }) => kind === 'task.launch');
    expect(launches.map(({ after }) => after)).toEqual([[], [], []]);
  });
  it('lets nodes of Cassandra join one after the other, and secures last', () => {
    const [phase] = cassandraPackage.phases(cassandraPackage.options.parse({ nodes: 2 }));
    expect(phase!.steps.map(({ id, after }) => [id, ...after])).toEqual([
      ['launch:cassandra.node.0'],
      ['ready:cassandra.node.0', 'launch:cassandra.node.0'],
      ['launch:cassandra.node.1', 'ready:cassandra.node.0'],
      ['ready:cassandra.node.1', 'launch:cassandra.node.1'],
      ['secure:cassandra', 'ready:cassandra.node.1'],
    ]);
  });
});
