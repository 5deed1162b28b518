/** Which port numbers are given to tasks. A number is given once per address, unless a group listens on it together. */
import type { Node, Offer, Placement, TaskDemand } from '../model/cluster.ts';

/** Placements that matter to a new allocation without being part of it. */
export interface Standing {
  /** Tasks that stay as they are; the offers count them already. */
  readonly kept: readonly Placement[];
  /** Where tasks that are placed anew have been: they go back there, to the same ports, if that fits. */
  readonly former: readonly Placement[];
}

export class PortBook {
  private readonly takenByAddress = new Map<string, Set<number>>();
  /** Ports of former placements: kept for the task (or its group) that had them. */
  private readonly reserved: readonly { readonly address: string; readonly port: number; readonly holder: string }[];
  /** Number of a shared port, by `group/name`. */
  private readonly shared = new Map<string, number>();
  /** Number of a shared port before, by `group/name`: taken again if it is free. */
  private readonly sharedBefore = new Map<string, number>();
  /** Shared numbers that a group listens on at an address already, as `address/group/name`. */
  private readonly listening = new Set<string>();
  private readonly nodes: readonly Node[];

  constructor(offers: readonly Offer[], standing: Standing) {
    this.nodes = offers.map(({ node }) => node);
    for (const { node, takenPorts } of offers) for (const port of takenPorts) this.taken(node.address).add(port);
    for (const placement of standing.kept) this.enter(placement);
    this.reserved = standing.former.flatMap((placement) =>
      Object.entries(placement.ports).map(([name, port]) => ({
        address: placement.address,
        port,
        holder: holderOf(placement.demand, name),
      })),
    );
    for (const { demand, ports } of standing.former) this.prefer(demand, ports);
  }

  /** The ports the demand gets on `node`, or the names of those it can't get. Changes nothing. */
  choose(demand: TaskDemand, node: Node, former?: Placement): Record<string, number> | readonly string[] {
    const chosen: Record<string, number> = {};
    const missing: string[] = [];
    // Shared ones first: their number may be fixed already, and the task's own ports must keep clear of it.
    const inOrder = demand.ports.toSorted(
      (a, b) => Number(this.sharesPort(demand, b)) - Number(this.sharesPort(demand, a)),
    );
    for (const name of inOrder) {
      const besides = Object.values(chosen);
      const port = this.sharesPort(demand, name)
        ? this.sharedPort(demand, name, node, besides)
        : this.ownPort(demand, name, node, former, besides);
      if (port === undefined) missing.push(name);
      else chosen[name] = port;
    }
    if (missing.length > 0) return missing;
    return Object.fromEntries(demand.ports.map((name) => [name, chosen[name]!]));
  }

  /** Takes the ports of a placement. */
  enter({ address, demand, ports }: Placement): void {
    for (const [name, port] of Object.entries(ports)) {
      this.taken(address).add(port);
      if (!this.sharesPort(demand, name)) continue;
      this.shared.set(`${demand.group}/${name}`, port);
      this.listening.add(`${address}/${demand.group}/${name}`);
    }
  }

  private prefer(demand: TaskDemand, ports: Placement['ports']): void {
    for (const name of demand.sharedPorts ?? []) {
      if (ports[name] !== undefined) this.sharedBefore.set(`${demand.group}/${name}`, ports[name]);
    }
  }

  private sharesPort(demand: TaskDemand, name: string): boolean {
    return demand.sharedPorts?.includes(name) ?? false;
  }

  /** The group's number, if this node's address has it free or the group listens there; a number free everywhere, if new. */
  private sharedPort(demand: TaskDemand, name: string, node: Node, besides: readonly number[]): number | undefined {
    const key = `${demand.group}/${name}`;
    const number = this.shared.get(key);
    if (number === undefined) {
      const before = this.sharedBefore.get(key);
      if (before !== undefined && !besides.includes(before) && this.isFree(node, before, key)) return before;
      return this.lowest(node, key, besides, this.nodes) ?? this.lowest(node, key, besides, [node]);
    }
    if (besides.includes(number)) return undefined;
    if (this.listening.has(`${node.address}/${key}`)) return number;
    return this.isFree(node, number, key) ? number : undefined;
  }

  private ownPort(
    demand: TaskDemand,
    name: string,
    node: Node,
    former: Placement | undefined,
    besides: readonly number[],
  ) {
    const before = former?.node === node.id ? former.ports[name] : undefined;
    const holder = holderOf(demand, name);
    if (before !== undefined && !besides.includes(before) && this.isFree(node, before, holder)) return before;
    return this.lowest(node, holder, besides, [node]);
  }

  private lowest(
    node: Node,
    holder: string,
    besides: readonly number[],
    everywhere: readonly Node[],
  ): number | undefined {
    for (let port = node.ports.first; port <= node.ports.last; port++) {
      if (!besides.includes(port) && everywhere.every((each) => this.isFree(each, port, holder))) return port;
    }
    return undefined;
  }

  private isFree(node: Node, port: number, holder: string): boolean {
    if (port < node.ports.first || port > node.ports.last || this.taken(node.address).has(port)) return false;
    // A group's number is left free on every node, so that its next task can go there.
    for (const [key, number] of this.shared) if (number === port && key !== holder) return false;
    return !this.reserved.some((each) => each.port === port && each.address === node.address && each.holder !== holder);
  }

  private taken(address: string): Set<number> {
    const known = this.takenByAddress.get(address);
    if (known) return known;
    const ports = new Set<number>();
    this.takenByAddress.set(address, ports);
    return ports;
  }
}

function holderOf(demand: TaskDemand, name: string): string {
  return demand.sharedPorts?.includes(name) ? `${demand.group}/${name}` : `${demand.task}/${name}`;
}
