/** What the allocator knows: nodes, roles, groups; asks that wait; tasks and where they are. Changed by `put` and `lift` only. */
import type { Ask, Constraint, TaskAsk } from '../model/allocation.ts';
import type { Placement } from '../model/cluster.ts';
import { Eligibility, fixedKey, isFixed } from './eligibility.ts';
import type { Algorithm } from './fitTree.ts';
import { Groups } from './groups.ts';
import { NodeTable } from './nodeTable.ts';
import { type Role, RoleTree } from './roleTree.ts';
import { askedVector, sumOf, type Vector } from './vectors.ts';
import { Waiting } from './waiting.ts';

/** What makes tasks alike to the search: where one of them has no place, none of them has. */
export interface Shape {
  readonly vector: Vector;
  readonly ports: number;
  /** Of those: that it does not share with its group. */
  readonly ownPorts: number;
  readonly constraints: readonly Constraint[];
  /** Of the fixed constraints; '' for none. */
  readonly fixedKey: string;
  /** Asks that were refused for want of a place and have such a task. */
  readonly refused: Set<AskEntry>;
  /** `Books.roomVersion` when it last had no place. */
  failedAt: number;
}

export interface TaskEntry {
  readonly task: TaskAsk;
  readonly entry: AskEntry;
  readonly shape: Shape;
  readonly keepsPlace: boolean;
  /** Whether its place depends on where the others of its group are. */
  readonly byGroup: boolean;
  /** -1: it has no place, or its node is away. */
  slot: number;
  /** The node it was last put on. */
  node: string;
  ports: Readonly<Record<string, number>>;
  /** The greater, the later it was put there. */
  since: number;
}

/** Why an ask waits. */
export type Block = 'limit' | 'kept' | 'room' | 'away';

export interface AskEntry {
  readonly ask: Ask;
  readonly own: Role;
  /** In the order in which they came. */
  readonly sequence: number;
  /** Those that have not ended, largest first. */
  tasks: TaskEntry[];
  sum: Vector;
  placed: boolean;
  block: Block | undefined;
  /** Whether the next cycle tries it. */
  awake: boolean;
  /** Set where it is known to have no place elsewhere: the slots on which something has become free. */
  only: readonly number[] | undefined;
  /** The ask that it gave way to. */
  gaveWayTo: string | undefined;
}

export class Books {
  readonly algorithm: Algorithm;
  readonly nodes = new NodeTable();
  readonly roles = new RoleTree();
  readonly groups = new Groups(this.nodes);
  readonly eligibility = new Eligibility(this.nodes);
  readonly waiting = new Waiting();
  /** Asks that wait or run, by id. */
  readonly asks = new Map<string, AskEntry>();
  /** Tasks of those asks, by name. */
  readonly tasks = new Map<string, TaskEntry>();
  /** Places that are kept for tasks that have ended, by task. */
  readonly held = new Map<string, TaskEntry>();
  /** Tasks and held places by slot. */
  readonly bySlot: Set<TaskEntry>[] = [];
  /** Changes whenever something becomes free: what had no place may have one. */
  roomVersion = 0;
  private sequence = 0;
  private readonly shapes = new Map<string, Shape>();

  constructor(algorithm: Algorithm) {
    this.algorithm = algorithm;
  }

  enter(ask: Ask): AskEntry {
    const entry: AskEntry = {
      ask,
      own: this.roles.ownOf(ask.role),
      sequence: ++this.sequence,
      tasks: [],
      sum: sumOf([]),
      placed: false,
      block: undefined,
      awake: false,
      only: undefined,
      gaveWayTo: undefined,
    };
    entry.tasks = ask.tasks.map((task) => this.taskEntry(task, entry));
    entry.sum = sumOf(entry.tasks.map(({ shape }) => shape.vector));
    this.asks.set(ask.id, entry);
    for (const each of entry.tasks) this.tasks.set(each.task.task, each);
    return entry;
  }

  /** Forgets a task; its ask, too, when it was the last. */
  forget({ entry, task }: TaskEntry): void {
    this.tasks.delete(task.task);
    entry.tasks = entry.tasks.filter((each) => each.task !== task);
    entry.sum = sumOf(entry.tasks.map(({ shape }) => shape.vector));
    if (entry.tasks.length === 0) this.asks.delete(entry.ask.id);
  }

  put(entry: TaskEntry, slot: number, ports: Readonly<Record<string, number>>): void {
    entry.slot = slot;
    entry.node = this.nodes.nodes[slot]!.id;
    entry.ports = ports;
    entry.since = ++this.sequence;
    this.nodes.take(slot, entry.shape.vector, 1);
    for (const name in ports) this.nodes.ports.take(slot, ports[name]!);
    this.groups.enter(entry.task, slot, ports);
    this.roles.charge(entry.entry.own, entry.shape.vector, 1);
    this.bySlot[slot] ??= new Set();
    this.bySlot[slot].add(entry);
  }

  lift(entry: TaskEntry): void {
    const { slot, ports } = entry;
    this.nodes.take(slot, entry.shape.vector, -1);
    for (const name in ports) this.nodes.ports.giveBack(slot, ports[name]!);
    this.groups.leave(entry.task, slot);
    this.roles.charge(entry.entry.own, entry.shape.vector, -1);
    this.bySlot[slot]!.delete(entry);
    entry.slot = -1;
  }

  placementOf({ task, node, slot, ports }: TaskEntry): Placement {
    return { task: task.task, node, address: this.nodes.nodes[slot]?.address ?? '', ports, demand: demandOf(task) };
  }

  private taskEntry(task: TaskAsk, entry: AskEntry): TaskEntry {
    const constraints = task.constraints ?? [];
    const byGroup = (task.sharedPorts ?? []).length > 0 || !constraints.every(isFixed);
    const keepsPlace = task.reserved === true || (task.volumes ?? []).length > 0;
    const shape = this.shapeOf(task, byGroup ? task.group : undefined);
    return { task, entry, shape, keepsPlace, byGroup, slot: -1, node: '', ports: {}, since: 0 };
  }

  private shapeOf(task: TaskAsk, group: string | undefined): Shape {
    const constraints = task.constraints ?? [];
    const vector = askedVector(task.resources);
    const listed = constraints.length === 0 ? '' : JSON.stringify(constraints);
    const key = `${vector.join()}|${task.ports.length}|${listed}|${group === undefined ? '' : `${group}|${task.sharedPorts}`}`;
    const known = this.shapes.get(key);
    if (known) return known;
    const { length: ports } = task.ports;
    const ownPorts = ports - (task.sharedPorts ?? []).length;
    const refused = new Set<AskEntry>();
    const shape: Shape = {
      vector,
      ports,
      ownPorts,
      constraints,
      fixedKey: fixedKey(constraints),
      refused,
      failedAt: -1,
    };
    if (this.shapes.size >= mostShapes) this.shapes.clear();
    this.shapes.set(key, shape);
    return shape;
  }
}

/** Then they are made anew as they are asked for: what two shapes say of the same thing is only said twice. */
const mostShapes = 50_000;

function demandOf(task: TaskAsk): Placement['demand'] {
  if (!task.constraints && !task.volumes && !task.former && task.reserved === undefined) return task;
  const { constraints, reserved, volumes, former, ...demand } = task;
  return demand;
}
