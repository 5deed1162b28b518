/** The cluster, its tasks and services, the catalog, logs, events. */

import type { TaskStatus } from '../../cluster/driver.ts';
import { launchedTasks } from '../../cluster/tasks/layout.ts';
import { fail } from '../../errors.ts';
import type { BlueprintModule, ParameterSpec } from '../../model/blueprint.ts';
import type { Placement } from '../../model/cluster.ts';
import { controlLimits } from '../../model/controlPlane.ts';
import { nearestNames } from '../../model/nearest.ts';
import type { PipelineRecord } from '../../model/records.ts';
import { flowGroups, isFeed } from '../../plan/tasks.ts';
import { listBlueprints, loadBlueprint } from '../../sdk/loadBlueprint.ts';
import type { CatalogEntry, ClusterInfo, ParameterInfo, ServiceInfo, TaskInfo } from '../contract/control.ts';
import { logLines } from '../logLines.ts';
import type { Reach } from '../reach.ts';
import type { Handlers } from './handler.ts';

type Names = 'catalog' | 'cluster' | 'services' | 'logs' | 'events';

export function clusterHandlers(reach: Reach): Pick<Handlers, Names> {
  const { repoRoot, records, driver, bus } = reach;
  return {
    catalog: () =>
      Promise.all(listBlueprints(repoRoot).map(async (name) => catalogEntry(await loadBlueprint(repoRoot, name)))),
    cluster: () => clusterInfo(reach),
    async services() {
      const tasks = await driver.list().catch(() => []);
      return records.readablePipelines().records.flatMap((record) => servicesOf(record, tasks));
    },
    async logs({ params, query }) {
      const task = taskNamed(reach, params.task ?? '');
      return logLines(task, await driver.tail(task, query.lines));
    },
    events: ({ query }) => [...bus.newest(query.limit, query.before)],
  };
}

/** Throws UNKNOWN_TASK, with the nearest names. */
export function taskNamed({ home }: Pick<Reach, 'home'>, asked: string): string {
  const known = launchedTasks(home);
  if (known.includes(asked)) return asked;
  const nearest = nearestNames(asked.slice(0, 100), known);
  return fail('UNKNOWN_TASK', { task: asked.slice(0, 100), known, nearest: nearest.length > 0 ? nearest : known });
}

function catalogEntry({ name, title, description, parameters }: BlueprintModule): CatalogEntry {
  return { blueprint: name, title, description, parameters: Object.entries(parameters).map(parameterInfo) };
}

function parameterInfo([name, spec]: [string, ParameterSpec]): ParameterInfo {
  const { type, doc, unit, minimum, maximum, oneOf } = spec;
  return {
    name,
    type: oneOf === undefined ? type : 'enum',
    doc: unit === undefined ? doc : `${doc} (${unit})`,
    default: spec.default,
    min: minimum ?? null,
    max: maximum ?? null,
    values: oneOf === undefined ? null : [...oneOf],
  };
}

async function clusterInfo({ driver, records }: Reach): Promise<ClusterInfo> {
  const [nodes, statuses] = await Promise.all([driver.nodes(), driver.list()]);
  const frameworks = records.frameworks();
  const placed = [...records.readablePipelines().records, ...frameworks].flatMap(
    ({ plan }): readonly Placement[] => plan.placements,
  );
  const asked = new Map(placed.map(({ task, demand }) => [task, demand.resources]));
  const tasks = statuses.map((status) => taskInfo(status, asked.get(status.id)));
  const sum = (node: string, pick: (task: TaskInfo) => number) =>
    round(tasks.filter((task) => task.node === node).reduce((total, task) => total + pick(task), 0));
  return {
    driver: driver.name,
    nodes: nodes.map(({ id, address, resources }) => ({
      ...{ id, address, cpus: resources.cpus, memoryMiB: resources.memoryMiB },
      askedCpus: sum(id, (task) => task.asked.cpus),
      askedMemoryMiB: sum(id, (task) => task.asked.memoryMiB),
      usedMemoryMiB: sum(id, (task) => task.used?.memoryMiB ?? 0),
    })),
    frameworks: frameworks.map(({ framework, state, users, plan }) => {
      const down = plan.placements.flatMap(({ task }) => {
        const status = statuses.find(({ id }) => id === task);
        return status?.phase === 'running' ? [] : [`${task}: ${status?.reason || status?.phase || 'it is not there'}`];
      });
      return { framework, state, users: [...users], reason: down.join('; ') };
    }),
    tasks,
  };
}

function taskInfo(
  status: TaskStatus,
  asked: { readonly cpus: number; readonly memoryMiB: number } | undefined,
): TaskInfo {
  const { id, node, owner, phase, reason, pid, restarts, usage, ports } = status;
  const { cpus, memoryMiB } = asked ??
    (controlLimits as Readonly<Record<string, TaskInfo['asked']>>)[id] ?? { cpus: 0, memoryMiB: 0 };
  return {
    ...{ id, node, owner: { ...owner }, phase, reason, pid, restarts },
    asked: { cpus, memoryMiB },
    used: usage === null ? null : { cpuSeconds: usage.cpuSeconds, memoryMiB: usage.memoryMiB },
    ports: Object.fromEntries(ports.map(({ name, port }) => [name, port])),
  };
}

function servicesOf({ pipeline, plan, endpoints }: PipelineRecord, statuses: readonly TaskStatus[]): ServiceInfo[] {
  const of = (name: string, kind: ServiceInfo['kind'], endpoint: string | undefined): ServiceInfo => {
    const tasks = plan.placements
      .filter(({ demand }) => demand.group === `${pipeline}.${name}`)
      .map(({ task }) => task);
    const running = statuses.filter(({ id, phase }) => tasks.includes(id) && phase === 'running').length;
    const url = endpoint === undefined ? null : (endpoints[endpoint] ?? null);
    const scalable = kind === 'service' || kind === 'ingress';
    return { pipeline, name, kind, instances: tasks.length, running, endpoint: url, scalable, tasks };
  };
  const services = Object.entries(plan.spec.services).map(([name, { runs, endpoint }]) =>
    of(name, runs.kind === 'ingress' ? 'ingress' : 'service', endpoint),
  );
  const flows = Object.entries(flowGroups(plan.spec)).map(([group, flows]) =>
    of(group, isFeed(flows) ? 'feed' : 'flows', undefined),
  );
  const jobs = Object.keys(plan.spec.jobs).length > 0 ? [of('spark-driver', 'jobs', undefined)] : [];
  return [...services, ...flows, ...jobs];
}

const round = (value: number) => Math.round(value * 100) / 100;
