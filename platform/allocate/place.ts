/** Finds the place of one task, as the books stand: node and ports. Changes nothing. */
import type { TaskAsk } from '../model/allocation.ts';
import type { Books, TaskEntry } from './books.ts';
import { type Rule, rulesOf } from './rules.ts';
import { fits, sumOf, type Vector, width } from './vectors.ts';

export interface Place {
  readonly slot: number;
  readonly ports: Readonly<Record<string, number>>;
}

/** What is known of a task's place beside its ask. */
export interface Wish {
  /** The place that was reserved: there or nowhere. */
  readonly bound?: { readonly slot: number; readonly ports: Readonly<Record<string, number>> };
  /** Of an attribute, the value that the gang is tried at. */
  readonly at?: { readonly attribute: string; readonly id: number };
}

export function findPlace(books: Books, entry: TaskEntry, wish: Wish = {}): Place | undefined {
  const slot = findSlot(books, entry, wish);
  if (slot < 0) return undefined;
  const ports = choosePorts(books, entry.task, slot, wish.bound?.ports ?? formerPorts(books, entry.task, slot));
  return ports === undefined ? undefined : { slot, ports };
}

function findSlot(books: Books, entry: TaskEntry, { bound, at }: Wish): number {
  const { nodes, groups } = books;
  const { task, shape } = entry;
  const { vector } = shape;
  const roomy = (slot: number) => fits(vector, nodes.free, slot * width);
  if (bound) return roomy(bound.slot) && nodes.ports.has(bound.slot, portsNeeded(books, entry)) ? bound.slot : -1;
  const accepts = accepting(books, entry, at);
  const group = groups.get(task.group);
  if (group !== undefined && group.home >= 0 && (task.sharedPorts ?? []).length > 0) {
    return roomy(group.home) && accepts(group.home) ? group.home : -1;
  }
  const former = task.former && nodes.slotOf.get(task.former.node);
  if (former !== undefined && roomy(former) && accepts(former)) return former;
  const together = wholeGroup(entry);
  if (together) {
    const slot = search(books, entry, (each) => fits(together, nodes.free, each * width) && accepts(each));
    if (slot >= 0) return slot;
  }
  if (task.spread && group !== undefined) {
    const slot = search(books, entry, (each) => !group.bySlot.has(each) && accepts(each));
    if (slot >= 0) return slot;
  }
  return search(books, entry, accepts);
}

/** What the constraints and the ports of the node say; room is the search's matter. */
export function accepting(books: Books, { task, shape }: TaskEntry, at: Wish['at']): (slot: number) => boolean {
  const { nodes, groups, eligibility } = books;
  const eligible = eligibility.of(shape.constraints, shape.fixedKey);
  const rules: Rule[] = shape.constraints.length === 0 ? [] : rulesOf(task, nodes, groups, eligible);
  if (at) {
    const { bySlot } = nodes.column(at.attribute);
    rules.push((slot) => bySlot[slot] === at.id);
  }
  const ports = portsNeeded(books, { task, shape });
  return (slot) =>
    (eligible === undefined || eligible.mask[slot] === 1) &&
    rules.every((allows) => allows(slot)) &&
    nodes.ports.has(slot, ports);
}

/** Numbers that have to be free: those that its group listens on already are its, too. */
export function portsNeeded({ groups }: Books, { task, shape }: Pick<TaskEntry, 'task' | 'shape'>): number {
  return (groups.get(task.group)?.numbers.size ?? 0) > 0 ? shape.ownPorts : shape.ports;
}

/** Few nodes that come into question are looked at one by one, many by the tree. */
function search(books: Books, { shape, entry }: TaskEntry, accepts: (slot: number) => boolean): number {
  const { nodes, eligibility, algorithm } = books;
  const few = entry.only ?? eligibility.of(shape.constraints, shape.fixedKey)?.few;
  if (few === undefined) return nodes.tree.best(shape.vector, algorithm, accepts);
  let best = -1;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (const slot of few) {
    if (!fits(shape.vector, nodes.free, slot * width) || !accepts(slot)) continue;
    const share = shareOfFree(shape.vector, nodes.free, slot);
    const score = algorithm === 'binpack' ? share : -share;
    if (score > bestScore) [best, bestScore] = [slot, score];
  }
  return best;
}

function shareOfFree(vector: Vector, free: Vector, slot: number): number {
  let share = 0;
  for (let r = 0; r < width; r++) if (vector[r]! > 0) share = Math.max(share, vector[r]! / free[slot * width + r]!);
  return share;
}

/** What the tasks of the ask that listen on one port with this one ask together; undefined if there are no others. */
function wholeGroup({ task, entry }: TaskEntry): Vector | undefined {
  if ((task.sharedPorts ?? []).length === 0) return undefined;
  const others = entry.tasks.filter((each) => each.task.group === task.group);
  return others.length < 2 ? undefined : sumOf(others.map(({ shape }) => shape.vector));
}

function formerPorts({ nodes }: Books, { former }: TaskAsk, slot: number): Readonly<Record<string, number>> {
  return former !== undefined && nodes.slotOf.get(former.node) === slot ? former.ports : noPorts;
}

const noPorts: Readonly<Record<string, number>> = {};

/** A number for each port: shared ones as the group has them, else as before where that is free, else the lowest. */
export function choosePorts(
  { nodes, groups }: Books,
  task: TaskAsk,
  slot: number,
  before: Readonly<Record<string, number>>,
): Record<string, number> | undefined {
  if (before === noPorts && task.sharedPorts === undefined) return lowestPorts(nodes, task.ports, slot);
  const chosen: Record<string, number> = {};
  const shared = task.sharedPorts ?? [];
  const numbers = groups.get(task.group)?.numbers;
  const given: number[] = [];
  for (const name of task.ports.toSorted((a, b) => Number(shared.includes(b)) - Number(shared.includes(a)))) {
    const fixed = shared.includes(name) ? numbers?.get(name) : undefined;
    const former = before[name];
    const again =
      former !== undefined && !given.includes(former) && nodes.ports.isFree(slot, former) ? former : undefined;
    const port = fixed ?? again ?? nodes.ports.lowest(slot, given);
    if (port === undefined) return undefined;
    chosen[name] = port;
    given.push(port);
  }
  return Object.fromEntries(task.ports.map((name) => [name, chosen[name]!]));
}

function lowestPorts({ ports }: Books['nodes'], names: readonly string[], slot: number) {
  const chosen: Record<string, number> = {};
  let last = 0;
  for (const name of names) {
    const port = ports.lowest(slot, none, last + 1);
    if (port === undefined) return undefined;
    chosen[name] = port;
    last = port;
  }
  return chosen;
}

const none: readonly number[] = [];
