/** Where the tasks of each group are: by slot, by the values of attributes that constraints ask about, by shared port. */
import type { TaskAsk } from '../model/allocation.ts';
import type { Column, NodeTable } from './nodeTable.ts';

export interface Group {
  /** Tasks of the group by slot. */
  readonly bySlot: Map<number, number>;
  /** Tasks of the group by id of the value, by attribute; kept for attributes that were asked about. */
  readonly byValue: Map<string, Map<number, number>>;
  /** Of tasks that listen on one port together: their slot (-1: none), how many they are, the numbers by name of the port. */
  home: number;
  sharing: number;
  readonly numbers: Map<string, number>;
}

export class Groups {
  private readonly groups = new Map<string, Group>();
  private readonly nodes: NodeTable;

  constructor(nodes: NodeTable) {
    this.nodes = nodes;
  }

  get(name: string): Group | undefined {
    return this.groups.get(name);
  }

  enter({ group: name, sharedPorts = [] }: TaskAsk, slot: number, ports: Readonly<Record<string, number>>): void {
    const group = this.groups.get(name) ?? emptyGroup();
    this.groups.set(name, group);
    this.count(group, slot, 1);
    if (sharedPorts.length === 0) return;
    group.home = slot;
    group.sharing += 1;
    for (const port of sharedPorts) group.numbers.set(port, ports[port]!);
  }

  leave({ group: name, sharedPorts = [] }: TaskAsk, slot: number): void {
    const group = this.groups.get(name)!;
    this.count(group, slot, -1);
    if (sharedPorts.length > 0) group.sharing -= 1;
    if (group.sharing === 0) {
      group.home = -1;
      group.numbers.clear();
    }
    if (group.bySlot.size === 0) this.groups.delete(name);
  }

  /** Tasks of the group by id of the attribute's value. */
  byValue(name: string, attribute: string): ReadonlyMap<number, number> {
    const group = this.groups.get(name);
    if (group === undefined) return nowhere;
    const known = group.byValue.get(attribute);
    if (known) return known;
    const counts = new Map<number, number>();
    const { bySlot } = this.nodes.column(attribute);
    for (const [slot, tasks] of group.bySlot) add(counts, bySlot[slot]!, tasks);
    group.byValue.set(attribute, counts);
    return counts;
  }

  private count(group: Group, slot: number, sign: 1 | -1): void {
    add(group.bySlot, slot, sign);
    for (const [attribute, counts] of group.byValue) add(counts, this.nodes.column(attribute).bySlot[slot]!, sign);
  }
}

const nowhere: ReadonlyMap<number, number> = new Map();

function emptyGroup(): Group {
  return { bySlot: new Map(), byValue: new Map(), home: -1, sharing: 0, numbers: new Map() };
}

function add(counts: Map<number, number>, key: number, tasks: number): void {
  const sum = (counts.get(key) ?? 0) + tasks;
  if (sum === 0) counts.delete(key);
  else counts.set(key, sum);
}

/** Ids of the values that a task of the group may have next, by GROUP_BY: those with the fewest. */
export function leastCount(column: Column, counts: ReadonlyMap<number, number>, ids: readonly number[], expected = 0) {
  if (ids.length < expected) return 0;
  let least = Number.POSITIVE_INFINITY;
  for (const id of ids) if (column.nodes[id]! > 0) least = Math.min(least, counts.get(id) ?? 0);
  return least;
}
