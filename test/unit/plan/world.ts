/** A small blueprint and cluster that tests change in one place at a time. */
import { type BlueprintInput, type BlueprintModule, blueprintSpec } from '../../../platform/model/blueprint.ts';
import type { TaskDemand } from '../../../platform/model/cluster.ts';
import type { FrameworkName, Plan } from '../../../platform/model/plan.ts';
import type { FrameworkRecord, PipelineRecord } from '../../../platform/model/records.ts';
import type { PlannedPackage } from '../../../platform/plan/frameworkPlans.ts';
import { type PlanInput, planPipeline } from '../../../platform/plan/plan.ts';
import { offer } from '../allocate/arbitraries.ts';

const reading = { airport: { type: 'string' as const }, delay: { type: 'int' as const } };

export const goodInput = {
  name: 'delays',
  title: 'Delays',
  description: 'Delays of flights',
  topics: {
    flights: { schema: { name: 'flight', fields: reading }, partitions: 4 },
    late: { schema: { name: 'late', fields: reading }, key: 'airport' },
  },
  tables: {
    late: {
      columns: { event_id: { type: 'string' }, airport: { type: 'string' }, delay: { type: 'int' } },
      partitionKey: ['event_id'],
    },
  },
  datasets: {
    flights: {
      npmPackage: 'rows',
      file: 'rows.json',
      format: 'json',
      fields: { airport: { type: 'string', from: 'origin' }, delay: { type: 'int', from: 'delay' } },
    },
  },
  jobs: { late: { sqlFile: 'late.sql', mode: 'realtime', input: { topic: 'flights' }, output: { topic: 'late' } } },
  flows: {
    feed: {
      from: { kind: 'dataset', dataset: 'flights', eventType: 'flight' },
      to: { kind: 'ingress', service: 'ingress', ratePerSecond: 5 },
      group: 'feed',
    },
    store: { from: { kind: 'kafka', topic: 'late' }, to: { kind: 'cassandra', table: 'late' } },
    board: {
      from: { kind: 'kafka', topic: 'late' },
      to: { kind: 'redis', projection: 'board', member: 'airport', score: 'delay', version: 'event_time' },
    },
  },
  services: {
    ingress: {
      runs: { kind: 'ingress', topic: 'flights', maxEventBytes: 1024, maxEventsPerSecond: 10 },
      endpoint: 'ingress',
      resources: { cpus: 0.25, memoryMiB: 128 },
    },
    api: {
      runs: { kind: 'module', entry: 'api.ts', uses: ['cassandra', 'redis'] },
      instances: 2,
      endpoint: 'api',
      resources: { cpus: 0.25, memoryMiB: 96 },
    },
  },
  verify: {
    ingressService: 'ingress',
    apiService: 'api',
    eventType: 'flight',
    event: { airport: '{mark}', delay: 99 },
    readBackPath: '/events/{eventId}',
    countPath: '/count/{mark}',
  },
} satisfies BlueprintInput;

export function moduleOf(input: BlueprintInput): BlueprintModule {
  const { name, title, description } = input;
  return { name, title, description, parameters: {}, build: () => blueprintSpec.parse(input) };
}

/** The good blueprint with one change made to a copy of it. */
export function changed(change: (input: typeof goodInput) => void): BlueprintInput {
  const input = structuredClone(goodInput);
  change(input);
  return input;
}

export const goodSql = 'SELECT airport, delay, _event_id FROM flights WHERE delay >= ${least}';

function frameworkPackage(name: FrameworkName): PlannedPackage {
  const task: TaskDemand = {
    task: `${name}.server.0`,
    owner: { kind: 'framework', name },
    group: `${name}.server`,
    spread: false,
    resources: { cpus: 0.25, memoryMiB: 300, diskMiB: 10, gpus: 0 },
    ports: ['client'],
  };
  const step = {
    id: `launch:${task.task}`,
    label: '',
    kind: 'task.launch',
    input: { task: task.task },
    after: [],
    timeoutSeconds: 60,
  } as const;
  return { name, version: '1', demands: () => [task], phases: () => [{ name, strategy: 'serial', steps: [step] }] };
}

export function inputOf(blueprint: BlueprintInput = goodInput, more: Partial<PlanInput> = {}): PlanInput {
  return {
    pipeline: 'pp',
    module: moduleOf(blueprint),
    parameters: { least: 30 },
    sql: { late: goodSql },
    offers: [offer('a', 8000)],
    frameworks: {},
    packages: {
      kafka: frameworkPackage('kafka'),
      cassandra: frameworkPackage('cassandra'),
      spark: frameworkPackage('spark'),
      redis: frameworkPackage('redis'),
    },
    sparkDriverDemand: (pipeline) => ({
      task: `${pipeline}.spark-driver.0`,
      owner: { kind: 'pipeline', name: pipeline },
      group: `${pipeline}.spark-driver`,
      spread: false,
      resources: { cpus: 0.25, memoryMiB: 256, diskMiB: 64, gpus: 0 },
      ports: ['health', 'driver'],
    }),
    ...more,
  };
}

export function planned(input: PlanInput): Plan {
  const outcome = planPipeline(input);
  if ('refused' in outcome) throw new Error(`${outcome.summary}\n${JSON.stringify(outcome.reason, null, 1)}`);
  return outcome;
}

/** The world after `plan` was carried out: its tasks run, and the offers count them. */
export function deployed(input: PlanInput, plan: Plan, state: PipelineRecord['state'] = 'flowing'): PlanInput {
  const placements = [
    ...(state === 'stopped' ? [] : plan.placements),
    ...plan.frameworks.flatMap((each) => each.placements),
  ];
  const offers = input.offers.map((each) => {
    const here = placements.filter(({ node }) => node === each.node.id);
    const used = (name: 'cpus' | 'memoryMiB' | 'diskMiB') =>
      here.reduce((sum, { demand }) => sum + demand.resources[name], 0);
    const { cpus, memoryMiB, diskMiB } = each.node.resources;
    const free = {
      cpus: cpus - used('cpus'),
      memoryMiB: memoryMiB - used('memoryMiB'),
      diskMiB: diskMiB - used('diskMiB'),
      gpus: 0,
    };
    return { ...each, free, takenPorts: here.flatMap(({ ports }) => Object.values(ports)) };
  });
  const frameworks = Object.fromEntries(
    plan.frameworks.map((each): [FrameworkName, FrameworkRecord] => [
      each.framework,
      {
        format: 'millrace/framework/1',
        framework: each.framework,
        state: 'running',
        plan: each,
        identity: '',
        installedBy: '',
        users: ['pp'],
      },
    ]),
  );
  const { pipeline, blueprint, revision } = plan;
  const base = { format: 'millrace/pipeline/1', operation: 'op', endpoints: {} } as const;
  return { ...input, offers, frameworks, current: { ...base, pipeline, blueprint, revision, state, plan } };
}
