/** What a pipeline's own tasks are started with: the Spark driver, and Node tasks with their resolved configuration. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskSpec } from '../cluster/driver.ts';
import type { NodeTaskConfig } from '../connectors/config.ts';
import { readDataset } from '../connectors/dataset/dataset.ts';
import { flowsNodeArguments } from '../connectors/nodeArguments.ts';
import { fail } from '../errors.ts';
import { renderSparkDriver, sparkDriverTask } from '../frameworks/spark/driver-task.ts';
import type { SparkOptions } from '../frameworks/spark/spec.ts';
import type { Placement } from '../model/cluster.ts';
import { physical } from '../model/names.ts';
import type { Plan } from '../model/plan.ts';
import { recordedCheckpoints } from '../plan/checkpoints.ts';
import { parseSabotage, type Sabotage } from '../telemetry/sabotage.ts';
import { frameworkAccess, type PipelineAccess, pipelineAccess } from './access.ts';
import type { ActivityDeps } from './deps.ts';

export async function renderPipelineTask(deps: ActivityDeps, plan: Plan, task: string): Promise<TaskSpec> {
  const placement =
    plan.placements.find((each) => each.task === task) ?? fail('INTERNAL', { reason: `no task ${task}` });
  const names = plan.frameworks.map(({ framework }) => framework);
  const access = await pipelineAccess(deps, plan.pipeline, names);
  if (task === sparkDriverTask(plan.pipeline)) return renderDriver(deps, plan, placement, access);
  return renderNodeTask(deps, plan, placement, access);
}

async function renderDriver(
  deps: ActivityDeps,
  plan: Plan,
  placement: Placement,
  access: PipelineAccess,
): Promise<TaskSpec> {
  const { spec, pipeline, revision } = plan;
  if (!access.kafka) fail('INTERNAL', { reason: 'jobs without Kafka' });
  const spark = await frameworkAccess<SparkOptions>(deps, 'spark');
  const used = new Set(Object.values(spec.jobs).flatMap(({ references }) => Object.values(references)));
  const datasets: Record<string, string> = {};
  for (const name of used) datasets[name] = await jsonLines(plan, name);
  const { sql } = plan;
  return renderSparkDriver({
    pipeline,
    revision,
    spec,
    sql,
    checkpoints: recordedCheckpoints(plan),
    datasets,
    placement,
    spark,
    kafka: access.kafka,
    ...sabotageOf(plan),
  });
}

function sabotageOf({ sabotage }: Plan): { readonly sabotage?: Sabotage } {
  return sabotage === undefined ? {} : { sabotage: parseSabotage(sabotage) };
}

async function jsonLines(plan: Plan, dataset: string): Promise<string> {
  const rows = await readDataset(plan.spec.datasets[dataset] ?? fail('INTERNAL', { reason: `no dataset ${dataset}` }));
  return rows.map((row) => JSON.stringify('fields' in row ? row.fields : row)).join('\n');
}

/** The jobs' SQL texts by job name, read from the blueprint's folder. */
export async function jobSql(
  repoRoot: string,
  plan: Pick<Plan, 'blueprint' | 'spec'>,
): Promise<Record<string, string>> {
  const folder = join(repoRoot, 'blueprints', plan.blueprint);
  const read = Object.entries(plan.spec.jobs).map(async ([name, job]) => {
    const text = await readFile(join(folder, job.sqlFile), 'utf8').catch((error: Error) =>
      fail('INVALID_BLUEPRINT', { name: plan.blueprint, path: `jobs.${name}.sqlFile`, reason: error.message }),
    );
    return [name, text] as const;
  });
  return Object.fromEntries(await Promise.all(read));
}

function renderNodeTask(
  deps: ActivityDeps,
  plan: Plan,
  placement: Placement,
  access: PipelineAccess,
): Promise<TaskSpec> {
  const config = nodeTaskConfig(deps, plan, placement, access);
  const entry = config.role.kind === 'module' ? 'platform/sdk/serviceHost.ts' : 'platform/connectors/host.ts';
  return deps.artifacts().then(({ node }) => ({
    id: placement.task,
    node: placement.node,
    owner: { kind: 'pipeline', name: plan.pipeline },
    argv: [
      node,
      '--disable-warning=ExperimentalWarning',
      '--disable-warning=TimeoutNegativeWarning',
      ...(config.role.kind === 'flows' ? flowsNodeArguments : []),
      join(deps.repoRoot, entry),
      '--config',
      '{taskDir}/config.json',
    ],
    env: { ...deps.taskEnv, NODE_COMPILE_CACHE: join(deps.cache, 'compile-cache'), NODE_ENV: 'production' },
    files: [{ path: 'config.json', content: `${JSON.stringify(config, null, 1)}\n`, mode: 0o600 }],
    ports: portsOf(placement),
    limits: { cpus: placement.demand.resources.cpus, memoryMiB: placement.demand.resources.memoryMiB },
    stop: { signal: 'SIGTERM', graceMs: 15_000 },
    tier: config.role.kind === 'flows' && isFeed(plan, config.role.group) ? 4 : 3,
    keepsData: true,
  }));
}

function portsOf(placement: Placement): TaskSpec['ports'] {
  const shared = new Set(placement.demand.sharedPorts ?? []);
  return Object.entries(placement.ports).map(([name, port]) => ({
    name,
    address: placement.address,
    port,
    ...(shared.has(name) ? { shared: true } : {}),
  }));
}

export function isFeed(plan: Pick<Plan, 'spec'>, group: string): boolean {
  return Object.values(plan.spec.flows).some((flow) => flow.group === group && flow.from.kind === 'dataset');
}

function nodeTaskConfig(deps: ActivityDeps, plan: Plan, placement: Placement, access: PipelineAccess): NodeTaskConfig {
  const { pipeline, revision, spec, parameters } = plan;
  const { health, service } = placement.ports;
  return {
    task: placement.task,
    pipeline,
    revision,
    instance: Number(placement.task.split('.').at(-1)),
    role: roleOf(plan, placement.task),
    listen: { address: placement.address, health: health ?? 0, ...(service === undefined ? {} : { service }) },
    spec,
    parameters,
    ...access,
    services: serviceUrls(plan),
    ...sabotageOf(plan),
    spansDir: deps.home.spansDir,
    dataDir: '{dataDir}',
  };
}

function roleOf(plan: Plan, task: string): NodeTaskConfig['role'] {
  const part = task.slice(plan.pipeline.length + 1, task.lastIndexOf('.'));
  const service = plan.spec.services[part];
  if (service === undefined) return { kind: 'flows', group: part };
  if (service.runs.kind === 'ingress') return { kind: 'ingress', service: part };
  return { kind: 'module', service: part, entry: service.runs.entry };
}

/** Base URL of each service: the port that its instances share, at the first instance's address. */
export function serviceUrls(plan: Plan): Record<string, string> {
  const urls = Object.keys(plan.spec.services).flatMap((name) => {
    const first = plan.placements.find(({ task }) => task === physical.pipelineTask(plan.pipeline, name, 0));
    return first?.ports.service === undefined
      ? []
      : [[name, `http://${first.address}:${first.ports.service}`] as const];
  });
  return Object.fromEntries(urls);
}
