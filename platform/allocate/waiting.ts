/**
 * The asks that wait, and which of them are to be tried in the next cycle. An ask that was refused sleeps until something
 * changes that its refusal hung on; so a cycle after one change looks at few of them.
 */
import type { AskEntry, Books, Shape } from './books.ts';
import { brokenPromises } from './promises.ts';
import { fits, width } from './vectors.ts';

export class Waiting {
  private awake: AskEntry[] = [];
  readonly limited = new Set<AskEntry>();
  readonly kept = new Set<AskEntry>();
  readonly away = new Set<AskEntry>();
  /** Refused for want of a place in a way that the shapes do not tell: they may push others off, or are bound to one node. */
  private readonly anyRoom = new Set<AskEntry>();
  private readonly shapes = new Set<Shape>();
  /** Those whose place depends on their group, by group. */
  private readonly byGroup = new Map<string, Set<AskEntry>>();
  /** Slots on which something has become free since the last cycle. */
  private readonly grown = new Set<number>();
  private changed = false;

  /** A new ask, or one that gave way. */
  add(entry: AskEntry): void {
    this.rouse(entry);
    for (const { task, byGroup } of entry.tasks) {
      if (!byGroup) continue;
      const asks = this.byGroup.get(task.group) ?? new Set();
      this.byGroup.set(task.group, asks.add(entry));
    }
  }

  remove(entry: AskEntry): void {
    this.unblock(entry);
    entry.awake = false;
    for (const { task, byGroup } of entry.tasks) {
      if (!byGroup) continue;
      const asks = this.byGroup.get(task.group);
      asks?.delete(entry);
      if (asks?.size === 0) this.byGroup.delete(task.group);
    }
  }

  /** It was tried, and sleeps. */
  block(entry: AskEntry, block: NonNullable<AskEntry['block']>, bound: boolean): void {
    entry.awake = false;
    entry.only = undefined;
    if (entry.block === block) return;
    this.unblock(entry);
    entry.block = block;
    if (block === 'limit') this.limited.add(entry);
    if (block === 'kept') this.kept.add(entry);
    if (block === 'away') this.away.add(entry);
    if (entry.ask.preempts || (block === 'room' && bound)) this.anyRoom.add(entry);
    else if (block === 'room') {
      for (const { shape } of entry.tasks) {
        this.shapes.add(shape);
        shape.refused.add(entry);
      }
    }
  }

  /** Something has become free there. */
  grew(slot: number): void {
    this.grown.add(slot);
    this.changed = true;
  }

  /** Roles or their use have changed. */
  rolesChanged(): void {
    this.changed = true;
  }

  /** A task of the group has come or gone. */
  groupChanged(group: string): void {
    for (const entry of this.byGroup.get(group) ?? []) {
      if (entry.block !== undefined || entry.only !== undefined) this.wake(entry);
    }
  }

  /** A node has come or gone: values of attributes, too. */
  nodesChanged(): void {
    for (const entry of [...this.away]) this.wake(entry);
    for (const group of this.byGroup.keys()) this.groupChanged(group);
  }

  /** Those to be tried; they are `awake` until they are placed or refused. */
  takeAwake(): readonly AskEntry[] {
    const taken = this.awake.filter(({ awake }) => awake);
    this.awake = [];
    return taken;
  }

  /** Wakes what may be placed now. Only what is woken needs to be tried. */
  stir(books: Books): void {
    if (!this.changed) return;
    for (const entry of this.limited) if (!books.roles.overLimit(entry.own, entry.sum)) this.wake(entry);
    for (const entry of this.kept) if (brokenPromises(books, entry).length === 0) this.wake(entry);
    if (this.grown.size > 0) {
      for (const entry of this.anyRoom) this.wake(entry);
      const slots = [...this.grown].filter((slot) => books.nodes.nodes[slot] !== undefined).sort((a, b) => a - b);
      const many = slots.length * this.shapes.size > mostLooks;
      const rouse = (entry: AskEntry) => {
        this.rouse(entry);
        entry.only = !many && entry.tasks.length === 1 ? slots : undefined;
      };
      // What is roused so is still refused: it sleeps on as it is if it is refused again.
      this.shapes.forEach((shape) => {
        if (many || anyHolds(books, slots, shape)) shape.refused.forEach(rouse);
      });
    }
    this.grown.clear();
    this.changed = false;
  }

  /** Whether none of the slots that the ask was woken for holds it any more: it need not be tried. */
  isLate(books: Books, { only, tasks }: AskEntry): boolean {
    return only !== undefined && !anyHolds(books, only, tasks[0]!.shape);
  }

  /** The next cycle tries it, wherever there is room. */
  wake(entry: AskEntry): void {
    this.unblock(entry);
    entry.only = undefined;
    for (const { shape, byGroup } of entry.tasks) if (byGroup) shape.failedAt = -1;
    this.rouse(entry);
  }

  private rouse(entry: AskEntry): void {
    if (!entry.awake) this.awake.push(entry);
    entry.awake = true;
  }

  private unblock(entry: AskEntry): void {
    if (entry.block === undefined) return;
    entry.block = undefined;
    this.limited.delete(entry);
    this.kept.delete(entry);
    this.away.delete(entry);
    this.anyRoom.delete(entry);
    for (const { shape } of entry.tasks) {
      shape.refused.delete(entry);
      if (shape.refused.size === 0) this.shapes.delete(shape);
    }
  }
}

/** Beyond so many looks, trying all of them costs less. */
const mostLooks = 100_000;

/** Whether one of the slots has room for such a task, and is allowed; where its group is does not count. */
function anyHolds({ nodes, eligibility }: Books, slots: readonly number[], shape: Shape): boolean {
  for (const slot of slots) {
    if (!fits(shape.vector, nodes.free, slot * width)) continue;
    const mask = eligibility.of(shape.constraints, shape.fixedKey)?.mask;
    if ((mask === undefined || mask[slot] === 1) && nodes.ports.has(slot, shape.ownPorts)) return true;
  }
  return false;
}
