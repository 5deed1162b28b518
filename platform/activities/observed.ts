/** What the planner is told about the world: offers of the nodes, and what is recorded. Shared by `plan` and `deploy`. */
import type { ClusterDriver } from '../cluster/driver.ts';
import type { Cluster, Node, Offer, Placement } from '../model/cluster.ts';
import type { FrameworkName } from '../model/plan.ts';
import type { FrameworkRecord, PipelineRecord } from '../model/records.ts';
import type { Neighbour } from '../plan/sparkRoom.ts';
import { standingOf } from '../plan/standing.ts';
import type { Records } from '../records/records.ts';

export interface Observed {
  readonly offers: readonly Offer[];
  readonly frameworks: Readonly<Partial<Record<FrameworkName, FrameworkRecord>>>;
  readonly current: PipelineRecord | undefined;
  readonly neighbours: readonly Neighbour[];
}

/** `takenPorts`: of an address; from the driver, or, with no agent running, from the machine itself. */
export async function observe(
  cluster: Cluster,
  records: Records,
  pipeline: string,
  takenPorts: ClusterDriver['takenPorts'],
): Promise<Observed> {
  const frameworks = records.frameworks();
  const pipelines = records.pipelines().filter((record) => record.state !== 'stopped');
  const placed = [
    ...frameworks.flatMap(({ plan }) => plan.placements),
    ...pipelines.flatMap(({ plan }) => plan.placements),
  ];
  const offers = cluster.nodes.map(async (node) => offerOf(node, placed, await takenPorts(node.address)));
  return {
    offers: await Promise.all(offers),
    frameworks: Object.fromEntries(frameworks.map((record) => [record.framework, record])),
    current: records.pipeline(pipeline),
    neighbours: pipelines.flatMap((record) =>
      record.pipeline !== pipeline && standingOf(record).installed
        ? { pipeline: record.pipeline, spec: record.plan.spec }
        : [],
    ),
  };
}

function offerOf(node: Node, placed: readonly Placement[], listening: ReadonlyMap<number, string>): Offer {
  const here = placed.filter((placement) => placement.node === node.id);
  const used = (resource: keyof Offer['free']) =>
    here.reduce((sum, { demand }) => sum + (demand.resources[resource] ?? 0), 0);
  const { cpus, memoryMiB, diskMiB, gpus } = node.resources;
  return {
    node,
    free: {
      cpus: cpus - used('cpus'),
      memoryMiB: memoryMiB - used('memoryMiB'),
      diskMiB: diskMiB - used('diskMiB'),
      gpus: gpus - used('gpus'),
    },
    takenPorts: [...new Set([...listening.keys(), ...here.flatMap(({ ports }) => Object.values(ports))])],
    groups: [...new Set(here.map(({ demand }) => demand.group))],
  };
}
