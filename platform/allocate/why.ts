/**
 * Why a task waits: its ask is tried once more, task by task, and what stands in the way is written down; then all is undone.
 * A gang that would be placed now (the way of the greedy search has opened as others were placed) is woken.
 */
import type { Reason } from '../model/cluster.ts';
import { largestFirst, liftHeld } from './attempt.ts';
import type { AskEntry, Books, TaskEntry } from './books.ts';
import { resourceNames } from './capacity.ts';
import { findPlace, portsNeeded, type Wish } from './place.ts';
import { brokenPromises, noPromiseBroken, slackOf } from './promises.ts';
import { amount, type Obstacle, type RefusedTask, refuse, words } from './refusal.ts';
import { constraintFault, constraintText } from './rules.ts';
import { waitingInOrder } from './standing.ts';
import { Trial } from './trial.ts';
import { amountsOf, width } from './vectors.ts';

export type Why =
  | { readonly task: string; readonly placed: true; readonly node: string }
  | {
      readonly task: string;
      readonly placed: false;
      readonly ask: string;
      readonly role: string;
      /** Its place in the queue, from 1, and how long the queue is. */
      readonly place: number;
      readonly waiting: number;
      /** The ask that it gave way to. */
      readonly gaveWayTo?: string;
      /** `ok`: there is room now, and the next cycle tries it again. */
      readonly reason: Reason;
      readonly help: string;
    };

export function whyOf(books: Books, task: string): Why {
  const found = books.tasks.get(task);
  if (found === undefined) throw new Error(`task ${task} was not asked for`);
  const { entry } = found;
  if (entry.placed) return { task, placed: true, node: found.node };
  const { ask, gaveWayTo } = entry;
  const queue = waitingInOrder(books);
  const where = { ask: ask.id, role: ask.role, place: queue.indexOf(entry) + 1, waiting: queue.length };
  return { task, placed: false, ...where, ...(gaveWayTo !== undefined && { gaveWayTo }), ...reasonOf(books, entry) };
}

interface Told {
  readonly reason: Reason;
  readonly help: string;
}

function reasonOf(books: Books, entry: AskEntry): Told {
  const trial = new Trial(books);
  const slack = slackOf(books);
  const bounds = liftHeld(books, entry, trial);
  try {
    const away = [...bounds].filter(([, { slot }]) => slot < 0).map(([task]) => task);
    if (away.length > 0) return awayReason(books, away);
    const over = books.roles.overLimit(entry.own, entry.sum);
    if (over) return limitReason(entry, over);
    const broken = entry.ask.preempts || bounds.size > 0 ? [] : brokenPromises(books, entry);
    if (broken.length > 0) return keptReason(books, entry, broken);
    const refused = refusedTasks(books, entry, trial, bounds);
    if (refused.length > 0) return refuse(refused, entry.tasks.length);
    if (!noPromiseBroken(slack, slackOf(books))) {
      trial.rollBack();
      return keptReason(books, entry, brokenPromises(books, entry));
    }
    books.waiting.wake(entry);
    return { reason: leaf(true, 'there is room for it: the next cycle places it'), help: 'Nothing has to be done.' };
  } finally {
    trial.rollBack();
  }
}

function refusedTasks(
  books: Books,
  entry: AskEntry,
  trial: Trial,
  bounds: ReadonlyMap<TaskEntry, NonNullable<Wish['bound']>>,
): RefusedTask[] {
  const refused: RefusedTask[] = [];
  for (const task of largestFirst(books, entry.tasks)) {
    const bound = bounds.get(task);
    const place = findPlace(books, task, bound ? { bound } : {});
    if (place) trial.put(task, place);
    else refused.push({ demand: task.task, obstacles: obstaclesOf(books, task, bound?.slot) });
  }
  return refused;
}

function obstaclesOf(books: Books, task: TaskEntry, bound: number | undefined): Obstacle[] {
  return books.nodes.nodes.flatMap((node, slot) => (node === undefined ? [] : obstacleOf(books, task, slot, bound)));
}

function obstacleOf(books: Books, { task, shape }: TaskEntry, slot: number, bound: number | undefined): Obstacle {
  const { nodes, groups, eligibility } = books;
  const node = nodes.nodes[slot]!;
  const free = amountsOf(nodes.free, slot * width);
  const elsewhere = { node, free, lacking: [], missingPorts: [] };
  if (bound !== undefined && bound !== slot) return { ...elsewhere, bound: nodes.nodes[bound]!.id };
  const group = groups.get(task.group);
  if (group !== undefined && group.home >= 0 && group.home !== slot && (task.sharedPorts ?? []).length > 0) {
    return { ...elsewhere, home: nodes.nodes[group.home]!.id };
  }
  const lacking = resourceNames.filter((_, r) => shape.vector[r]! > nodes.free[slot * width + r]!);
  const needed = portsNeeded(books, { task, shape });
  const missingPorts = task.ports.slice(task.ports.length - needed + nodes.ports.freeIn(slot, needed));
  if (bound !== undefined) return { node, free, lacking, missingPorts };
  const eligible = eligibility.of(shape.constraints, shape.fixedKey);
  const constraints = shape.constraints.flatMap((each) => {
    const fault = constraintFault(each, task, slot, { nodes, groups, eligible });
    return fault === undefined ? [] : { text: constraintText(each), fault };
  });
  return { node, free, lacking, missingPorts, ...(constraints.length > 0 && { constraints }) };
}

function awayReason(books: Books, tasks: readonly TaskEntry[]): Told {
  const children = tasks.map(({ task }) => {
    const node = books.held.get(task.task)!.node;
    const volumes = (task.volumes ?? []).join(', ');
    const what = volumes === '' ? 'its place is reserved' : `its data (${volumes}) is`;
    return leaf(false, `${task.task}: ${what} on node ${node}, which is not there or has less room than before`);
  });
  const reason = { ok: false, text: 'it can only run where its place is reserved', children };
  const help = 'It starts when the node is back. To place it anew without what is there, release its place.';
  return { reason, help };
}

function limitReason({ own, sum }: AskEntry, over: NonNullable<ReturnType<Books['roles']['overLimit']>>): Told {
  const { role, resource } = over;
  const name = resourceNames[resource]!;
  const [asked, used, limit] = [sum, role.used, role.limit!].map((each) => amountsOf(each)[name]);
  const which = role.path === own.path ? `role ${role.path}` : `role ${role.path}, above ${own.path},`;
  const held = `${amount(name, used!)} of ${amount(name, limit!)} are held`;
  const text = `${which} would pass its limit of ${words[name]}: ask ${amount(name, asked!)}, ${held}`;
  const more = amount(name, used! + asked! - limit!);
  const help = `It may start if the limit were ${more} higher, or when tasks of the role that hold as much have ended.`;
  return { reason: leaf(false, text), help };
}

function keptReason(books: Books, { sum }: AskEntry, broken: readonly number[]): Told {
  const slack = amountsOf(slackOf(books));
  const asked = amountsOf(sum);
  const free = amountsOf(books.nodes.totalFree);
  const promised = [...books.roles.byPath.values()].filter(
    ({ guarantee, kept }) => guarantee && kept.some((x) => x > 0),
  );
  const children = promised.map(({ path, kept }) => {
    const amounts = amountsOf(kept);
    const parts = resourceNames.filter((name) => amounts[name] > 0).map((n) => `${amount(n, amounts[n])} ${words[n]}`);
    return leaf(false, `role ${path}: ${parts.join(', ')} kept for its guarantee`);
  });
  const lacks = broken.map((r) => {
    const name = resourceNames[r]!;
    const beyond = amount(name, Math.max(0, slack[name]));
    return `${words[name]} (ask ${amount(name, asked[name])}, ${amount(name, free[name])} free, ${beyond} of it not guaranteed)`;
  });
  const text = `what is free is guaranteed to other roles: ${lacks.join(', ')}`;
  const help =
    'It may start when tasks outside of guarantees have ended, with another node, or if a guarantee were lower.';
  return { reason: { ok: false, text, children }, help };
}

function leaf(ok: boolean, text: string): Reason {
  return { ok, text, children: [] };
}
