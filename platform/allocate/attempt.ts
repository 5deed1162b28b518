/** Tries one ask: all of its tasks get a place, or nothing is changed and the answer is what it waits for. */
import type { AskEntry, Block, Books, TaskEntry } from './books.ts';
import { findPlace, type Place, type Wish } from './place.ts';
import { makeRoom } from './preempt.ts';
import { brokenPromises, noPromiseBroken, slackOf } from './promises.ts';
import { Trial } from './trial.ts';
import { addTo, fits, type Vector, width } from './vectors.ts';

export type Attempt =
  | { readonly placed: true; readonly evicted: readonly AskEntry[] }
  | { readonly placed: false; readonly block: Block; readonly bound: boolean };

export function attempt(books: Books, entry: AskEntry): Attempt {
  const trial = new Trial(books);
  const slack = books.held.size > 0 || entry.ask.preempts ? slackOf(books) : undefined;
  const bounds = liftHeld(books, entry, trial);
  const refuse = (block: Block): Attempt => {
    trial.rollBack();
    return { placed: false, block, bound: bounds.size > 0 };
  };
  if ([...bounds.values()].some(({ slot }) => slot < 0)) return refuse('away');
  if (books.roles.overLimit(entry.own, entry.sum)) return refuse('limit');
  const asItIs = !entry.ask.preempts && bounds.size === 0;
  if (asItIs && brokenPromises(books, entry).length > 0) return refuse('kept');
  if (!placeAll(books, entry, trial, bounds)) return refuse('room');
  if (!asItIs && slack && !noPromiseBroken(slack, slackOf(books))) return refuse('kept');
  return commit(books, entry, trial);
}

/** Lifts the places that are held for the tasks of the ask: they are given to them. */
export function liftHeld(
  books: Books,
  entry: AskEntry,
  trial: Trial,
): ReadonlyMap<TaskEntry, NonNullable<Wish['bound']>> {
  if (books.held.size === 0) return noBounds;
  const bounds = new Map<TaskEntry, NonNullable<Wish['bound']>>();
  for (const task of entry.tasks) {
    const held = books.held.get(task.task.task);
    if (held === undefined) continue;
    bounds.set(task, { slot: held.slot, ports: held.ports });
    if (held.slot >= 0) trial.lift(held);
  }
  return bounds;
}

const noBounds: ReadonlyMap<TaskEntry, NonNullable<Wish['bound']>> = new Map();

type Bounds = ReturnType<typeof liftHeld>;

function placeAll(books: Books, entry: AskEntry, trial: Trial, bounds: Bounds): boolean {
  const mark = trial.mark();
  if (placeEach(books, entry, trial, bounds)) return true;
  trial.rollBack(mark);
  for (const at of valuesToTry(books, entry)) {
    if (placeEach(books, entry, trial, bounds, at)) return true;
    trial.rollBack(mark);
  }
  if (entry.ask.preempts && placeEach(books, entry, trial, bounds, undefined, true)) return true;
  return false;
}

function placeEach(
  books: Books,
  entry: AskEntry,
  trial: Trial,
  bounds: Bounds,
  at?: Wish['at'],
  preempts = false,
): boolean {
  for (const task of largestFirst(books, entry.tasks)) {
    const bound = bounds.get(task);
    const wish: Wish = bound ? { bound } : at && clusters(task, at.attribute) ? { at } : anywhere;
    const place = placeOf(books, task, wish, trial) ?? (preempts && !bound ? makeRoom(books, task, trial) : undefined);
    if (place === undefined) return false;
    trial.put(task, place);
  }
  return true;
}

const anywhere: Wish = {};
/** Thousandths of what no node has, so that sizes can be compared all the same. */
const leastOfNode = 1e-3;

/** By the dominant share of the largest node; equal ones stay in their order. */
export function largestFirst({ nodes }: Books, tasks: readonly TaskEntry[]): readonly TaskEntry[] {
  if (tasks.every(({ shape }) => shape === tasks[0]!.shape)) return tasks;
  const { largest } = nodes;
  const size = ({ shape }: TaskEntry) => {
    let share = 0;
    for (let r = 0; r < width; r++) share = Math.max(share, shape.vector[r]! / Math.max(leastOfNode, largest[r]!));
    return share;
  };
  return tasks.toSorted((one, other) => size(other) - size(one));
}

/** Of a shape that had no place since anything became free none is sought again. */
function placeOf(books: Books, task: TaskEntry, wish: Wish, trial: Trial): Place | undefined {
  const { shape } = task;
  const plain = trial.untouched && wish.bound === undefined && wish.at === undefined;
  if (plain && shape.failedAt === books.roomVersion) return undefined;
  const place = findPlace(books, task, wish);
  if (plain && place === undefined) shape.failedAt = books.roomVersion;
  return place;
}

function clusters({ task }: TaskEntry, attribute: string): boolean {
  return (task.constraints ?? []).some(
    (each) => each.operator === 'CLUSTER' && each.value === undefined && each.attribute === attribute,
  );
}

/** Where a gang stays together by a value that is not given: each value with enough free in sum, the first of them first. */
function valuesToTry({ nodes, groups }: Books, { tasks }: AskEntry): NonNullable<Wish['at']>[] {
  const first = tasks.flatMap(({ task }) => task.constraints ?? []);
  const attribute = first.find((each) => each.operator === 'CLUSTER' && each.value === undefined)?.attribute;
  if (attribute === undefined || tasks.length < 2) return [];
  const together = tasks.filter((task) => clusters(task, attribute));
  if (together.some(({ task }) => groups.byValue(task.group, attribute).size > 0)) return [];
  const asked = new Float64Array(width);
  for (const { shape } of together) addTo(asked, 0, shape.vector, 1);
  const column = nodes.column(attribute);
  const free: Vector[] = column.values.map(() => new Float64Array(width));
  for (let slot = 0; slot < nodes.nodes.length; slot++) {
    const id = column.bySlot[slot]!;
    if (id >= 0) addTo(free[id]!, 0, nodes.free.subarray(slot * width, (slot + 1) * width), 1);
  }
  return free.flatMap((each, id) => (fits(asked, each) ? [{ attribute, id }] : []));
}

function commit(books: Books, entry: AskEntry, trial: Trial): Attempt {
  entry.placed = true;
  entry.gaveWayTo = undefined;
  books.waiting.remove(entry);
  if (books.held.size > 0) for (const { task } of entry.tasks) books.held.delete(task.task);
  const evicted = trial.evictions();
  for (const each of evicted) {
    each.placed = false;
    each.gaveWayTo = entry.ask.id;
    books.waiting.add(each);
  }
  const lifted = trial.liftedFrom();
  if (lifted.length > 0) books.roomVersion += 1;
  for (const slot of lifted) books.waiting.grew(slot);
  for (const { task } of entry.tasks) books.waiting.groupChanged(task.group);
  for (const { tasks } of evicted) for (const { task } of tasks) books.waiting.groupChanged(task.group);
  return { placed: true, evicted };
}
