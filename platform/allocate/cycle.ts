/**
 * A cycle: what waits is placed in fair order as far as there is room. First what lies within guarantees, then the rest. Roles
 * take turns, an ask at a turn; within a role the greater priority first, then the earlier. What has no place is passed over.
 */
import type { Placement } from '../model/cluster.ts';
import { attempt } from './attempt.ts';
import type { AskEntry, Books } from './books.ts';
import { FairOrder } from './fairOrder.ts';
import type { Role } from './roleTree.ts';

export interface GaveWay {
  readonly placement: Placement;
  /** The ask that got its room. */
  readonly to: string;
}

/** What changes: end the tasks that gave way, then start those that were placed. */
export interface CycleOutcome {
  readonly placements: readonly Placement[];
  /** A task that gave way waits again; it is among `placements`, too, if the cycle found it another place. */
  readonly gaveWay: readonly GaveWay[];
}

export function runCycle(books: Books): CycleOutcome {
  const gaveWay: GaveWay[] = [];
  const placed = new Set<AskEntry>();
  books.waiting.stir(books);
  for (let tried = books.waiting.takeAwake(); tried.length > 0; tried = books.waiting.takeAwake()) {
    if (books.roles.hasGuarantees) pass(books, { tried, placed, gaveWay, guaranteed: true });
    pass(books, { tried, placed, gaveWay, guaranteed: false });
    books.waiting.stir(books);
  }
  const placements: Placement[] = [];
  for (const entry of placed) for (const task of entry.tasks) placements.push(books.placementOf(task));
  return { placements, gaveWay };
}

interface Pass {
  readonly tried: readonly AskEntry[];
  readonly placed: Set<AskEntry>;
  readonly gaveWay: GaveWay[];
  /** Only what lies within guarantees. */
  readonly guaranteed: boolean;
}

function pass(books: Books, { tried, placed, gaveWay, guaranteed }: Pass): void {
  const order = new FairOrder(books.roles.root, handOut(tried, guaranteed), books.nodes.total);
  for (let own = order.next(); own !== undefined; own = order.next()) {
    const entry = own.asks.pop();
    if (entry === undefined) {
      order.retire(own);
      continue;
    }
    if (guaranteed && !books.roles.withinGuarantee(own, entry.sum)) continue;
    if (books.waiting.isLate(books, entry)) {
      books.waiting.block(entry, 'room', false);
      continue;
    }
    const running = runningOf(books, entry);
    const outcome = attempt(books, entry);
    if (!outcome.placed) {
      books.waiting.block(entry, outcome.block, outcome.bound);
      continue;
    }
    placed.add(entry);
    for (const each of outcome.evicted) {
      for (const placement of running?.get(each) ?? []) gaveWay.push({ placement, to: entry.ask.id });
      placed.delete(each);
    }
    order.charged(own);
  }
}

/** Where those that may have to give way are now: told when they do. */
function runningOf(books: Books, { ask }: AskEntry): ReadonlyMap<AskEntry, readonly Placement[]> | undefined {
  if (!ask.preempts) return undefined;
  const running = new Map<AskEntry, readonly Placement[]>();
  for (const each of books.asks.values()) {
    if (each.placed && each.ask.preemptible)
      running.set(
        each,
        each.tasks.map((task) => books.placementOf(task)),
      );
  }
  return running;
}

export function byTurn(one: AskEntry, other: AskEntry): number {
  return other.ask.priority - one.ask.priority || one.sequence - other.sequence;
}

/** Puts the asks that are still awake before their roles, which are answered. */
function handOut(tried: readonly AskEntry[], guaranteed: boolean): Role[] {
  const roles: Role[] = [];
  for (const entry of tried) {
    if (!entry.awake || (guaranteed && !entry.own.promised)) continue;
    if (entry.own.asks.push(entry) === 1) roles.push(entry.own);
  }
  for (const { asks } of roles) if (asks.length > 1) asks.sort((one, other) => byTurn(other, one));
  return roles;
}
