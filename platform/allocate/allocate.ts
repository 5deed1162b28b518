/** Places tasks on nodes. Pure: the same demands and offers give the same placements. */
import type { Offer, Placement, Reason, TaskDemand } from '../model/cluster.ts';
import { type Capacity, capacityOf, dominantShare, lackingResources, resourceNames, take } from './capacity.ts';
import { PortBook, type Standing } from './ports.ts';
import { type Obstacle, refuse } from './refusal.ts';

export type Allocation =
  | { readonly ok: true; readonly placements: readonly Placement[] }
  | { readonly ok: false; readonly reason: Reason; readonly help: string };

/**
 * One placement per demand, in the order of the demands. Largest first; each goes to the node it fits most tightly, with
 * `spread` to one that has no task of its group as long as there is such a node. Tasks that share a port go to one node,
 * one with room for all of them if there is any. Ports are the lowest free ones; a shared port has one number in the group.
 * A task with a former placement goes back to that node and those ports if they fit.
 */
export function allocate(
  demands: readonly TaskDemand[],
  offers: readonly Offer[],
  standing: Standing = { kept: [], former: [] },
): Allocation {
  const ports = new PortBook(offers, standing);
  const capacities = offers.map(capacityOf);
  const formerByTask = new Map(standing.former.map((placement) => [placement.task, placement]));
  const placed = new Map<string, Placement>();
  const refused: { demand: TaskDemand; obstacles: readonly Obstacle[] }[] = [];
  const homes = new Map(standing.kept.filter(({ demand }) => sharesPort(demand)).map(homeOf));
  for (const demand of largestFirst(demands, offers)) {
    const former = formerByTask.get(demand.task);
    const home = sharesPort(demand) ? homes.get(demand.group) : undefined;
    const candidates = capacities.map((capacity) => candidateOf(demand, capacity, { ports, former, home }));
    const best = bestOf(demand, candidates, former, wholeGroup(demand, demands));
    if (best === undefined) {
      refused.push({ demand, obstacles: candidates.flatMap((each) => ('lacking' in each ? [each] : [])) });
      continue;
    }
    const { node } = best.capacity;
    const placement = { task: demand.task, node: node.id, address: node.address, ports: best.ports, demand };
    take(best.capacity, demand);
    ports.enter(placement);
    placed.set(demand.task, placement);
    if (sharesPort(demand)) homes.set(...homeOf(placement));
  }
  if (refused.length > 0) return { ok: false, ...refuse(refused, demands.length) };
  return { ok: true, placements: demands.map(({ task }) => placed.get(task)!) };
}

interface Fit {
  readonly capacity: Capacity;
  readonly ports: Readonly<Record<string, number>>;
}

/** Tasks that listen on one port together are reached at one address, so they are on one node. */
function sharesPort(demand: TaskDemand): boolean {
  return (demand.sharedPorts ?? []).length > 0;
}

function homeOf({ demand, node }: Placement): [group: string, node: string] {
  return [demand.group, node];
}

/** What the tasks that go to the same node ask together; of any other task: what it asks itself. */
function wholeGroup(demand: TaskDemand, demands: readonly TaskDemand[]): TaskDemand {
  if (!sharesPort(demand)) return demand;
  const resources = { cpus: 0, memoryMiB: 0, diskMiB: 0, gpus: 0 };
  for (const each of demands.filter(({ group }) => group === demand.group)) {
    for (const name of resourceNames) resources[name] += each.resources[name];
  }
  return { ...demand, resources };
}

interface Around {
  readonly ports: PortBook;
  readonly former: Placement | undefined;
  /** The node that the others of its group are on, if it must go there. */
  readonly home: string | undefined;
}

function candidateOf(demand: TaskDemand, capacity: Capacity, { ports: book, former, home }: Around): Fit | Obstacle {
  if (home !== undefined && home !== capacity.node.id) {
    return { node: capacity.node, free: { ...capacity.free }, lacking: [], missingPorts: [], home };
  }
  const lacking = lackingResources(demand, capacity.free);
  const ports = book.choose(demand, capacity.node, former);
  const missingPorts = isNames(ports) ? ports : [];
  if (isNames(ports) || lacking.length > 0) {
    return { node: capacity.node, free: { ...capacity.free }, lacking, missingPorts };
  }
  return { capacity, ports };
}

function isNames(ports: Readonly<Record<string, number>> | readonly string[]): ports is readonly string[] {
  return Array.isArray(ports);
}

function bestOf(
  demand: TaskDemand,
  candidates: readonly (Fit | Obstacle)[],
  former: Placement | undefined,
  whole: TaskDemand,
): Fit | undefined {
  const fit = candidates.filter((each): each is Fit => 'capacity' in each);
  const fitAll = fit.filter(({ capacity }) => lackingResources(whole, capacity.free).length === 0);
  const fits = fitAll.length > 0 ? fitAll : fit;
  const back = fits.find(({ capacity }) => capacity.node.id === former?.node);
  if (back) return back;
  const apart = demand.spread ? fits.filter(({ capacity }) => !capacity.groups.has(demand.group)) : [];
  return (apart.length > 0 ? apart : fits)
    .toSorted((one, other) => dominantShare(demand, other.capacity.free) - dominantShare(demand, one.capacity.free))
    .at(0);
}

/** By the dominant share of the largest node; equal ones stay in their order. */
function largestFirst(demands: readonly TaskDemand[], offers: readonly Offer[]): TaskDemand[] {
  const most = (name: 'cpus' | 'memoryMiB' | 'diskMiB' | 'gpus') =>
    Math.max(1e-6, ...offers.map(({ node }) => node.resources[name]));
  const largest = { cpus: most('cpus'), memoryMiB: most('memoryMiB'), diskMiB: most('diskMiB'), gpus: most('gpus') };
  return demands.toSorted((one, other) => dominantShare(other, largest) - dominantShare(one, largest));
}
