/**
 * The cluster shared out: nodes, roles and asks come and go, `cycle` places what waits. Pure: no clock, no randomness, no I/O;
 * the same calls in the same order give the same answers. What it holds can be made again out of records: `addNode`,
 * `setRole`, `adopt` what runs, `submit` what waits.
 *
 * Names that are there already, or are not there, are errors of the caller and are thrown as such.
 */
import type { Ask, RoleSpec } from '../model/allocation.ts';
import type { Offer, Placement } from '../model/cluster.ts';
import { type AskEntry, Books, type TaskEntry } from './books.ts';
import { type CycleOutcome, runCycle } from './cycle.ts';
import type { Algorithm } from './fitTree.ts';
import { type Standing, standingOf } from './standing.ts';
import { fits, width } from './vectors.ts';
import { type Why, whyOf } from './why.ts';

export class Allocator {
  private readonly books: Books;

  constructor(algorithm: Algorithm = 'binpack') {
    this.books = new Books(algorithm);
  }

  /** `free` and `takenPorts`: without what the tasks hold that are adopted afterwards. Places held on the node come back. */
  addNode(offer: Omit<Offer, 'groups'>): void {
    const { nodes, eligibility, held, waiting } = this.books;
    const slot = nodes.add(offer);
    eligibility.nodeChanged(slot);
    for (const each of held.values()) {
      if (each.node !== offer.node.id || !fits(each.shape.vector, nodes.free, slot * width)) continue;
      this.books.put(each, slot, each.ports);
    }
    this.grew(slot);
    waiting.nodesChanged();
  }

  /**
   * The node is lost, and with it its tasks, which are answered: they are to be asked for again. Places that are reserved stay
   * theirs: those tasks wait until the node is back, or until their place is released.
   */
  removeNode(id: string): readonly Placement[] {
    const { books } = this;
    const slot = slotOf(books, id);
    const lost: Placement[] = [];
    for (const each of [...(books.bySlot[slot] ?? [])]) {
      if (books.held.get(each.task.task) !== each) {
        lost.push(books.placementOf(each));
        this.retire(each);
      }
      books.lift(each);
      books.waiting.groupChanged(each.task.group);
    }
    books.nodes.remove(slot);
    books.eligibility.nodeChanged(slot);
    books.waiting.nodesChanged();
    books.waiting.rolesChanged();
    return lost;
  }

  /** A role that nobody has set has weight 1 and no quota. A lower limit ends nothing that runs. */
  setRole(spec: RoleSpec): void {
    this.books.roles.set(spec);
    this.books.waiting.rolesChanged();
  }

  /** Asks; the next cycle answers. */
  submit(ask: Ask): void {
    this.books.waiting.add(this.enter(ask));
  }

  /**
   * Takes what runs into the books, with its places, unasked: after a start anew. Answers the tasks that are lost because
   * their node is not there; of those whose place is reserved, the place is held until the node is there again.
   */
  adopt(ask: Ask, placements: readonly Placement[]): readonly string[] {
    const { books } = this;
    const entry = this.enter(ask);
    entry.placed = true;
    const lost: string[] = [];
    for (const each of [...entry.tasks]) {
      const placement = placements.find(({ task }) => task === each.task.task);
      const slot = placement && books.nodes.slotOf.get(placement.node);
      if (placement && slot !== undefined) {
        books.put(each, slot, placement.ports);
        continue;
      }
      lost.push(each.task.task);
      Object.assign(each, { node: placement?.node ?? '', ports: placement?.ports ?? {} });
      this.retire(each);
    }
    books.waiting.rolesChanged();
    return lost;
  }

  /** Takes back an ask that waits. */
  withdraw(id: string): void {
    const entry = this.books.asks.get(id);
    if (entry === undefined || entry.placed) throw new Error(`no ask ${id} waits`);
    this.books.waiting.remove(entry);
    for (const each of entry.tasks) this.books.forget(each);
  }

  /** A task has ended. A place that is reserved stays held for it. */
  end(task: string): void {
    const each = this.books.tasks.get(task);
    if (each === undefined || each.slot < 0) throw new Error(`task ${task} has no place`);
    this.retire(each);
    if (!each.keepsPlace) this.free(each);
  }

  /** Gives up the place that is held for a task that has ended: what is in its volumes is not needed any more. */
  release(task: string): void {
    const each = this.books.held.get(task);
    if (each === undefined) throw new Error(`no place is held for task ${task}`);
    this.books.held.delete(task);
    if (each.slot >= 0) this.free(each);
    this.books.waiting.nodesChanged();
  }

  /** Places what waits, as far as there is room. After one change it looks only at what that change may let in. */
  cycle(): CycleOutcome {
    return runCycle(this.books);
  }

  /** Where the ask of the task stands: running, or what it waits for, by node. Throws for a task that was not asked for. */
  why(task: string): Why {
    return whyOf(this.books, task);
  }

  /** Nodes as offers, roles with what they hold, and what waits, in the order of their turns. */
  standing(): Standing {
    return standingOf(this.books);
  }

  private enter(ask: Ask): AskEntry {
    const { asks, tasks } = this.books;
    if (asks.has(ask.id)) throw new Error(`ask ${ask.id} is there already`);
    if (ask.tasks.length === 0) throw new Error(`ask ${ask.id} has no task`);
    const twice = ask.tasks.find(
      ({ task }, index) => tasks.has(task) || ask.tasks.findIndex((other) => other.task === task) < index,
    );
    if (twice) throw new Error(`task ${twice.task} is there already`);
    return this.books.enter(ask);
  }

  /** The task is no longer one; its place is held if it is reserved. */
  private retire(each: TaskEntry): void {
    this.books.forget(each);
    if (each.keepsPlace) this.books.held.set(each.task.task, each);
  }

  private free(each: TaskEntry): void {
    const { slot } = each;
    this.books.lift(each);
    this.grew(slot);
    this.books.waiting.groupChanged(each.task.group);
  }

  private grew(slot: number): void {
    this.books.roomVersion += 1;
    this.books.waiting.grew(slot);
  }
}

function slotOf({ nodes }: Books, id: string): number {
  const slot = nodes.slotOf.get(id);
  if (slot === undefined) throw new Error(`no node ${id}`);
  return slot;
}
