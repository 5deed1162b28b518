/** Which port numbers are free, by address: nodes of one address give from one pool. */
import type { Node } from '../model/cluster.ts';

interface Pool {
  readonly first: number;
  readonly last: number;
  /** Of the address. A number may be held by several tasks that listen on it together. */
  readonly holders: Map<number, number>;
}

export class PortPools {
  private readonly bySlot: (Pool | undefined)[] = [];
  private readonly byAddress = new Map<string, { readonly holders: Map<number, number>; nodes: number }>();
  private readonly addresses: string[] = [];

  add(slot: number, { address, ports }: Node, taken: readonly number[]): void {
    const at = this.byAddress.get(address) ?? { holders: new Map<number, number>(), nodes: 0 };
    at.nodes += 1;
    this.byAddress.set(address, at);
    this.addresses[slot] = address;
    this.bySlot[slot] = { ...ports, holders: at.holders };
    for (const port of taken) if (!at.holders.has(port)) at.holders.set(port, 1);
  }

  remove(slot: number): void {
    const address = this.addresses[slot]!;
    const at = this.byAddress.get(address)!;
    at.nodes -= 1;
    if (at.nodes === 0) this.byAddress.delete(address);
    this.bySlot[slot] = undefined;
  }

  /** Whether `count` numbers of the slot's range are free. */
  has(slot: number, count: number): boolean {
    if (count === 0) return true;
    const { first, last, holders } = this.bySlot[slot]!;
    if (last - first + 1 - holders.size >= count) return true;
    return this.freeIn(slot, count) >= count;
  }

  /** How many are free; counts no further than `enough`. */
  freeIn(slot: number, enough: number): number {
    const { first, last, holders } = this.bySlot[slot]!;
    let free = 0;
    for (let port = first; port <= last && free < enough; port++) if (!holders.has(port)) free++;
    return free;
  }

  isFree(slot: number, port: number): boolean {
    const { first, last, holders } = this.bySlot[slot]!;
    return port >= first && port <= last && !holders.has(port);
  }

  /** The lowest free number, `from` or greater, that is not among `besides`; undefined if there is none. */
  lowest(slot: number, besides: readonly number[], from = 0): number | undefined {
    const { first, last, holders } = this.bySlot[slot]!;
    for (let port = Math.max(first, from); port <= last; port++)
      if (!holders.has(port) && !besides.includes(port)) return port;
    return undefined;
  }

  take(slot: number, port: number): void {
    const { holders } = this.bySlot[slot]!;
    holders.set(port, (holders.get(port) ?? 0) + 1);
  }

  giveBack(slot: number, port: number): void {
    const { holders } = this.bySlot[slot]!;
    const left = holders.get(port)! - 1;
    if (left === 0) holders.delete(port);
    else holders.set(port, left);
  }

  /** Numbers of the slot's range that are held, in order. */
  taken(slot: number): number[] {
    const { first, last, holders } = this.bySlot[slot]!;
    return [...holders.keys()].filter((port) => port >= first && port <= last).toSorted((a, b) => a - b);
  }
}
