/** The books as they are shown: nodes as offers, roles with their shares, and the queue. */
import type { Offer } from '../model/cluster.ts';
import type { AskEntry, Block, Books } from './books.ts';
import type { Amounts } from './capacity.ts';
import { byTurn } from './cycle.ts';
import { FairOrder } from './fairOrder.ts';
import type { Role } from './roleTree.ts';
import { amountsOf, width } from './vectors.ts';

export interface RoleStanding {
  readonly role: string;
  readonly weight: number;
  /** Dominant share, 0 to 1; with what the roles below it hold, and places that are held. */
  readonly share: number;
  readonly used: Amounts;
  /** What its guarantee, and those below it, still keep free. */
  readonly kept: Amounts;
  /** Asks of the role itself that wait. */
  readonly waiting: number;
}

export interface Queued {
  readonly ask: string;
  readonly role: string;
  readonly priority: number;
  readonly tasks: readonly string[];
  /** Why it waits; undefined: no cycle has tried it yet. */
  readonly block: Block | undefined;
}

export interface Standing {
  readonly offers: readonly Offer[];
  readonly roles: readonly RoleStanding[];
  /** In the order in which they would get their turns if there were room for all. */
  readonly queue: readonly Queued[];
}

export function standingOf(books: Books): Standing {
  const waiting = waitingInOrder(books);
  const counts = new Map<Role, number>();
  for (const { own } of waiting) counts.set(own, (counts.get(own) ?? 0) + 1);
  const roles = [...books.roles.byPath.values()].map((role) => ({
    role: role.path,
    weight: role.weight,
    share: role.share(books.nodes.total),
    used: amountsOf(role.used),
    kept: amountsOf(role.kept),
    waiting: (role.own && counts.get(role.own)) ?? 0,
  }));
  const queue = waiting.map(({ ask, tasks, block }) => ({
    ask: ask.id,
    role: ask.role,
    priority: ask.priority,
    tasks: tasks.map(({ task }) => task.task),
    block,
  }));
  return { offers: offersOf(books), roles, queue };
}

function offersOf({ nodes, bySlot }: Books): Offer[] {
  return nodes.nodes.flatMap((node, slot) => {
    if (node === undefined) return [];
    const groups = new Set([...(bySlot[slot] ?? [])].map(({ task }) => task.group));
    return {
      node,
      free: amountsOf(nodes.free, slot * width),
      takenPorts: nodes.ports.taken(slot),
      groups: [...groups],
    };
  });
}

/** Takes the turns as if there were room, and gives all of it back. */
export function waitingInOrder(books: Books): AskEntry[] {
  const asks = new Map<Role, AskEntry[]>();
  for (const entry of books.asks.values()) {
    if (entry.placed) continue;
    const mine = asks.get(entry.own);
    if (mine) mine.push(entry);
    else asks.set(entry.own, [entry]);
  }
  for (const each of asks.values()) each.sort((one, other) => byTurn(other, one));
  const order = new FairOrder(books.roles.root, asks.keys(), books.nodes.total);
  const inOrder: AskEntry[] = [];
  for (let own = order.next(); own !== undefined; own = order.next()) {
    const entry = asks.get(own)!.pop();
    if (entry === undefined) {
      order.retire(own);
      continue;
    }
    inOrder.push(entry);
    books.roles.charge(own, entry.sum, 1);
    order.charged(own);
  }
  for (const { own, sum } of inOrder) books.roles.charge(own, sum, -1);
  return inOrder;
}
