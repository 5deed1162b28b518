/**
 * Whose turn it is: from the root down, always to the role with the least dominant share for its weight (progressive filling,
 * Ghodsi et al., NSDI 2011, section 4.1; by levels as in Mesos). A heap at each role that has more below it.
 */
import type { Role } from './roleTree.ts';
import type { Vector } from './vectors.ts';

export class FairOrder {
  private readonly root: Role;
  private readonly total: Vector;

  /** `turns`: the places of asks (Role.own) that take part. One order at a time: it stands in the roles until all have retired. */
  constructor(root: Role, turns: Iterable<Role>, total: Vector) {
    this.root = root;
    this.total = total;
    const shared = new Set<Role>();
    for (const own of turns) this.enter(own, shared);
    for (const { turns: heap } of shared) {
      for (let at = (heap.length >> 1) - 1; at >= 0; at--) this.sink(heap, at);
    }
  }

  /** The one whose turn it is; undefined when all have retired. */
  next(): Role | undefined {
    let role = this.root.turns[0];
    for (let below = role; below; below = below.turns[0]) role = below;
    return role;
  }

  /** The one whose turn it is has got something: its share has grown, and those above it. */
  charged(own: Role): void {
    for (let role = own; role.parent; role = role.parent) {
      if (role.parent.turns.length === 1) continue;
      role.turnKey = this.keyOf(role);
      this.sink(role.parent.turns, 0);
    }
  }

  /** The one whose turn it is wants nothing more. */
  retire(own: Role): void {
    for (let role = own; role.parent; role = role.parent) {
      const { turns } = role.parent;
      role.turnKey = -1;
      const last = turns.pop()!;
      if (turns.length > 0) {
        turns[0] = last;
        this.sink(turns, 0);
        return;
      }
    }
  }

  private enter(own: Role, shared: Set<Role>): void {
    for (let role = own; role.parent && role.turnKey < 0; role = role.parent) {
      role.turnKey = role.parent.children.length > 1 ? this.keyOf(role) : 0;
      if (role.parent.turns.push(role) === 2) shared.add(role.parent);
    }
  }

  private keyOf(role: Role): number {
    return role.share(this.total) / role.weight;
  }

  private sink(heap: Role[], from: number): void {
    const role = heap[from]!;
    let at = from;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && this.isBefore(heap[below + 1]!, heap[below]!)) below += 1;
      if (!this.isBefore(heap[below]!, role)) break;
      heap[at] = heap[below]!;
      at = below;
    }
    heap[at] = role;
  }

  /** Of equal shares the one that came first. */
  private isBefore(one: Role, other: Role): boolean {
    return one.turnKey < other.turnKey || (one.turnKey === other.turnKey && one.order < other.order);
  }
}
