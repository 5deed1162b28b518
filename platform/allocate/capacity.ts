/** What is free on each node while tasks are being placed, and what a demand lacks there. */
import type { Node, Offer, Placement, TaskDemand } from '../model/cluster.ts';

export const resourceNames = ['cpus', 'memoryMiB', 'diskMiB', 'gpus'] as const;
export type ResourceName = (typeof resourceNames)[number];
export type Amounts = Record<ResourceName, number>;

/** Of one node; changed as tasks are placed on it. */
export interface Capacity {
  readonly node: Node;
  readonly free: Amounts;
  readonly groups: Set<string>;
}

/** Sums of fractions such as 0.1 + 0.2 may come out a little above what is offered. */
const tolerance = 1e-9;

export function capacityOf(offer: Offer): Capacity {
  return { node: offer.node, free: { ...offer.free }, groups: new Set(offer.groups) };
}

/** The resources of which the node has less than the demand asks for. */
export function lackingResources(demand: TaskDemand, free: Amounts): ResourceName[] {
  return resourceNames.filter((name) => demand.resources[name] > free[name] + tolerance);
}

/**
 * The largest part of what is free that the demand takes, over all resources, 0 to 1: the nearer to 1, the tighter the fit.
 * Dominant share: Ghodsi et al., "Dominant Resource Fairness", NSDI 2011.
 */
export function dominantShare(demand: TaskDemand, free: Amounts): number {
  const shares = resourceNames.map((name) => (demand.resources[name] === 0 ? 0 : demand.resources[name] / free[name]));
  return Math.max(...shares);
}

export function take(capacity: Capacity, demand: TaskDemand): void {
  for (const name of resourceNames) capacity.free[name] = Math.max(0, capacity.free[name] - demand.resources[name]);
  capacity.groups.add(demand.group);
}

/**
 * The offers as they will be once the tasks of `placements` have ended: resources and ports given back. For tasks that a new
 * revision replaces or removes.
 */
export function giveBack(offers: readonly Offer[], placements: readonly Placement[]): Offer[] {
  return offers.map((offer) => {
    const ended = placements.filter(({ node }) => node === offer.node.id);
    const free = { ...offer.free };
    for (const { demand } of ended) for (const name of resourceNames) free[name] += demand.resources[name];
    const ports = new Set(ended.flatMap((placement) => Object.values(placement.ports)));
    return { ...offer, free, takenPorts: offer.takenPorts.filter((port) => !ports.has(port)) };
  });
}
