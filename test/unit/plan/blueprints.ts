/** Random blueprints that are wired: topics joined by jobs, stores, boards, queues, services in any number of instances. */
import fc from 'fast-check';
import type { BlueprintInput } from '../../../platform/model/blueprint.ts';
import { goodInput } from './world.ts';

const fields = { airport: { type: 'string' as const }, delay: { type: 'int' as const } };
const columns = { event_id: { type: 'string' as const }, ...fields };
const sql = (topic: string) => `SELECT airport, delay, _event_id FROM ${topic} WHERE delay >= \${least}`;

/** One with its SQL texts. */
export interface AnyBlueprint {
  readonly input: BlueprintInput;
  readonly sql: Readonly<Record<string, string>>;
}

const resources = fc.record({
  cpus: fc.integer({ min: 1, max: 20 }).map((tenths) => tenths / 10),
  memoryMiB: fc.integer({ min: 16, max: 400 }),
});
const partitions = fc.integer({ min: 1, max: 12 });

/** Which topic a part reads: taken modulo their number. */
const from = fc.nat(9);
const sink = fc.oneof(
  fc.record({ kind: fc.constant('cassandra' as const), from, group: fc.nat(2), clustered: fc.boolean() }),
  fc.record({ kind: fc.constant('redis' as const), from, group: fc.nat(2) }),
  fc.record({ kind: fc.constant('bullmq' as const), from, group: fc.nat(2) }),
);
const module = fc.record({
  uses: fc.subarray(['kafka', 'cassandra', 'redis'] as const),
  instances: fc.integer({ min: 1, max: 4 }),
  served: fc.boolean(),
  resources,
});
const job = fc.record({ from, mode: fc.constantFrom('realtime' as const, 'micro-batch' as const), partitions });

const parts = fc.record({
  partitions,
  ingress: fc.record({ instances: fc.integer({ min: 1, max: 3 }), resources }),
  api: fc.record({ instances: fc.integer({ min: 1, max: 4 }), resources }),
  modules: fc.array(module, { maxLength: 2 }),
  jobs: fc.array(job, { maxLength: 3 }),
  sinks: fc.array(sink, { maxLength: 4 }),
  fed: fc.boolean(),
});

type Parts = typeof parts extends fc.Arbitrary<infer T> ? T : never;

export const blueprints: fc.Arbitrary<AnyBlueprint> = parts.map(assembled);

/** One, and what it is changed to: topics get no fewer partitions, tables keep their keys, as nothing else is possible. */
export const changes: fc.Arbitrary<readonly [AnyBlueprint, AnyBlueprint]> = fc
  .tuple(parts, parts)
  .map(([one, other]) => [assembled(one), assembled(possible(one, other))]);

function possible(one: Parts, other: Parts): Parts {
  const atLeast = <T extends { readonly partitions: number }>(former: T | undefined, each: T) => ({
    ...each,
    partitions: Math.max(former?.partitions ?? 1, each.partitions),
  });
  const sinks = other.sinks.map((each, index) => {
    const former = one.sinks[index];
    return each.kind === 'cassandra' && former?.kind === 'cassandra' ? { ...each, clustered: former.clustered } : each;
  });
  return { ...atLeast(one, other), jobs: other.jobs.map((each, index) => atLeast(one.jobs[index], each)), sinks };
}

function assembled({ partitions, ingress, api, modules, jobs, sinks, fed }: Parts): AnyBlueprint {
  const topics = ['flights', ...jobs.map((_, index) => `made-${index}`)];
  // A job reads a topic that stands before its own, so that there are no circles.
  const inputs = jobs.map((each, index) => topics[each.from % (index + 1)]!);
  const read = sinks.map((each) => topics[each.from % topics.length]!);
  const stores = sinks.flatMap((each, index) => (each.kind === 'cassandra' ? [[index, each] as const] : []));
  const input: BlueprintInput = {
    ...{ name: 'delays', title: 'Delays', description: 'Delays of flights', verify: goodInput.verify },
    topics: Object.fromEntries(
      topics.map((name, index) => [
        name,
        { schema: { name, fields }, partitions: index === 0 ? partitions : jobs[index - 1]!.partitions },
      ]),
    ),
    tables: Object.fromEntries(stores.map(([index, { clustered }]) => [`stored-${index}`, table(clustered)])),
    datasets: fed ? goodInput.datasets : {},
    jobs: Object.fromEntries(
      jobs.map(({ mode }, index) => [
        `job-${index}`,
        { sqlFile: `job-${index}.sql`, mode, input: { topic: inputs[index]! }, output: { topic: topics[index + 1]! } },
      ]),
    ),
    flows: {
      ...(fed ? { feed: goodInput.flows.feed as NonNullable<BlueprintInput['flows']>[string] } : {}),
      ...Object.fromEntries(sinks.map((each, index) => [`sink-${index}`, flow(each, index, read[index]!)])),
    },
    services: {
      ingress: { ...goodInput.services.ingress, ...ingress },
      api: { ...goodInput.services.api, ...api } as NonNullable<BlueprintInput['services']>[string],
      ...Object.fromEntries(modules.map((each, index) => [`part-${index}`, service(each, index)])),
    },
  };
  const texts = inputs.map((topic, index) => [`job-${index}`, sql(topic.replaceAll('-', '_'))]);
  return { input, sql: Object.fromEntries(texts) };
}

function table(clustered: boolean): NonNullable<BlueprintInput['tables']>[string] {
  if (!clustered) return { columns, partitionKey: ['event_id'] };
  return { columns, partitionKey: ['airport'], clusteringKey: [{ column: 'event_id', order: 'desc' }] };
}

function flow(
  { kind, group }: Parts['sinks'][number],
  index: number,
  topic: string,
): NonNullable<BlueprintInput['flows']>[string] {
  const base = { from: { kind: 'kafka' as const, topic }, group: `group-${group}` };
  if (kind === 'cassandra') return { ...base, to: { kind, table: `stored-${index}` } };
  if (kind === 'bullmq') return { ...base, to: { kind, queue: `queue-${index}` } };
  return { ...base, to: { kind, projection: `board-${index}`, member: 'airport', score: 'delay', version: 'delay' } };
}

function service(
  { uses, served, ...rest }: Parts['modules'][number],
  index: number,
): BlueprintInput['services'][string] {
  const runs = { kind: 'module' as const, entry: `part-${index}.ts`, uses: [...uses] };
  return { runs, ...rest, ...(served ? { endpoint: `part-${index}` } : {}) };
}
