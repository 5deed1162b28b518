/** Makes room for a task of an ask that may push others off: asks of lower priority that have consented to it give way. */
import type { AskEntry, Books, TaskEntry } from './books.ts';
import { accepting, findPlace, type Place } from './place.ts';
import type { Trial } from './trial.ts';
import { addTo, fits, width } from './vectors.ts';

interface Victims {
  readonly slot: number;
  readonly asks: readonly AskEntry[];
  /** The highest priority among them: the lower, the better. */
  readonly priority: number;
  readonly tasks: number;
}

/**
 * Evicts, within the trial, what has to go from the node on which least has to: by the highest priority among them, then by
 * their number. Undefined if room can't be made: then nothing is evicted.
 */
export function makeRoom(books: Books, task: TaskEntry, trial: Trial): Place | undefined {
  const accepts = accepting(books, task, undefined);
  let best: Victims | undefined;
  for (const [slot, here] of books.bySlot.entries()) {
    if (here === undefined || here.size === 0 || books.nodes.nodes[slot] === undefined) continue;
    const victims = victimsOn(books, task, slot, here);
    if (victims === undefined || (best !== undefined && !isLess(victims, best))) continue;
    if (accepts(slot)) best = victims;
  }
  if (best === undefined) return undefined;
  const mark = trial.mark();
  for (const ask of best.asks) trial.evict(ask);
  const place = findPlace(books, task);
  if (place === undefined) trial.rollBack(mark);
  return place;
}

/** Those of lowest priority go first, of equal ones those that came last. */
function victimsOn(books: Books, task: TaskEntry, slot: number, here: Iterable<TaskEntry>): Victims | undefined {
  const consenting = [...here]
    .filter(({ entry }) => givesWay(entry, task.entry))
    .toSorted((a, b) => a.entry.ask.priority - b.entry.ask.priority || b.since - a.since);
  const free = books.nodes.free.slice(slot * width, (slot + 1) * width);
  const asks = new Set<AskEntry>();
  for (const { entry } of consenting) {
    if (fits(task.shape.vector, free)) break;
    if (asks.has(entry)) continue;
    asks.add(entry);
    for (const each of entry.tasks) if (each.slot === slot) addTo(free, 0, each.shape.vector, 1);
  }
  if (asks.size === 0 || !fits(task.shape.vector, free)) return undefined;
  const tasks = [...asks].reduce((sum, ask) => sum + ask.tasks.length, 0);
  return { slot, asks: [...asks], priority: Math.max(...[...asks].map(({ ask }) => ask.priority)), tasks };
}

/** It has consented, it is of lower priority, and none of its places is reserved. */
function givesWay(entry: AskEntry, to: AskEntry): boolean {
  const { preemptible, priority } = entry.ask;
  return preemptible === true && entry.placed && priority < to.ask.priority && !entry.tasks.some((t) => t.keepsPlace);
}

function isLess(one: Victims, other: Victims): boolean {
  if (one.priority !== other.priority) return one.priority < other.priority;
  return one.tasks < other.tasks;
}
