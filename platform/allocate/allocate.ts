/** Places tasks on nodes. Pure: the same demands and offers give the same placements. */
import type { Offer, Placement, Reason, TaskDemand } from '../model/cluster.ts';
import { type Capacity, capacityOf, dominantShare, lackingResources, take } from './capacity.ts';
import { PortBook, type Standing } from './ports.ts';
import { type Obstacle, refuse } from './refusal.ts';

export type Allocation =
  | { readonly ok: true; readonly placements: readonly Placement[] }
  | { readonly ok: false; readonly reason: Reason; readonly help: string };

/**
 * One placement per demand, in the order of the demands. Largest first; each goes to the node it fits most tightly, with
 * `spread` to one that has no task of its group as long as there is such a node. Ports are the lowest free ones; a shared
 * port has one number in the group. A task with a former placement goes back to that node and those ports if they fit.
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
  for (const demand of largestFirst(demands, offers)) {
    const former = formerByTask.get(demand.task);
    const candidates = capacities.map((capacity) => candidateOf(demand, capacity, ports, former));
    const best = bestOf(demand, candidates, former);
    if (best === undefined) {
      refused.push({ demand, obstacles: candidates.flatMap((each) => ('lacking' in each ? [each] : [])) });
      continue;
    }
    const { node } = best.capacity;
    const placement = { task: demand.task, node: node.id, address: node.address, ports: best.ports, demand };
    take(best.capacity, demand);
    ports.enter(placement);
    placed.set(demand.task, placement);
  }
  if (refused.length > 0) return { ok: false, ...refuse(refused, demands.length) };
  return { ok: true, placements: demands.map(({ task }) => placed.get(task)!) };
}

interface Fit {
  readonly capacity: Capacity;
  readonly ports: Readonly<Record<string, number>>;
}

function candidateOf(
  demand: TaskDemand,
  capacity: Capacity,
  book: PortBook,
  former: Placement | undefined,
): Fit | Obstacle {
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
): Fit | undefined {
  const fits = candidates.filter((each): each is Fit => 'capacity' in each);
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
