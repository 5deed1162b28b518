/** The nodes, each in a slot: what is free, attributes, ports. Slots of nodes that have gone are given to new ones. */
import type { Node, Offer } from '../model/cluster.ts';
import { FitTree } from './fitTree.ts';
import { PortPools } from './portPools.ts';
import { addTo, thereVector, type Vector, width } from './vectors.ts';

/** One attribute of all nodes: its values, and which of them each slot has. */
export interface Column {
  readonly idOf: Map<string, number>;
  readonly values: string[];
  /** Id of the slot's value; -1 without the attribute. As long as there are slots. */
  bySlot: Int32Array;
  /** How many nodes have the value, by its id. */
  readonly nodes: number[];
}

export class NodeTable {
  readonly tree = new FitTree();
  readonly ports = new PortPools();
  /** `width` numbers for each slot. */
  free: Vector = new Float64Array(width);
  /** Of all nodes together. */
  readonly totalFree: Vector = new Float64Array(width);
  readonly total: Vector = new Float64Array(width);
  /** By slot. */
  readonly nodes: (Node | undefined)[] = [];
  readonly slotOf = new Map<string, number>();
  /** Changes when a node comes or goes: what was said about attributes has to be asked again. */
  version = 0;
  private readonly vacant: number[] = [];
  private largestAt = { version: -1, vector: new Float64Array(width) };
  private readonly columns = new Map<string, Column>();

  /** The slot it gets. The same id twice: an error of the caller. */
  add({ node, free, takenPorts }: Omit<Offer, 'groups'>): number {
    if (this.slotOf.has(node.id)) throw new Error(`node ${node.id} is there already`);
    const slot = this.vacant.pop() ?? this.nodes.length;
    this.grow(slot + 1);
    this.nodes[slot] = node;
    this.slotOf.set(node.id, slot);
    this.version += 1;
    const vector = thereVector(free);
    this.free.set(vector, slot * width);
    addTo(this.totalFree, 0, vector, 1);
    addTo(this.total, 0, thereVector(node.resources), 1);
    this.tree.update(slot, this.free, slot * width);
    this.ports.add(slot, node, takenPorts);
    for (const [attribute, column] of this.columns) enterValue(column, slot, attributeOf(node, attribute));
    return slot;
  }

  /** Its free amounts leave the totals with it; what its tasks hold must have been given back before. */
  remove(slot: number): void {
    const node = this.nodes[slot]!;
    addTo(this.totalFree, 0, this.free.subarray(slot * width, (slot + 1) * width), -1);
    addTo(this.total, 0, thereVector(node.resources), -1);
    this.nodes[slot] = undefined;
    this.slotOf.delete(node.id);
    this.version += 1;
    this.tree.clear(slot);
    this.ports.remove(slot);
    for (const column of this.columns.values()) {
      const id = column.bySlot[slot]!;
      if (id >= 0) column.nodes[id]! -= 1;
      column.bySlot[slot] = -1;
    }
    this.vacant.push(slot);
  }

  /** Of each resource the most that a node has. */
  get largest(): Vector {
    if (this.largestAt.version === this.version) return this.largestAt.vector;
    const vector = new Float64Array(width);
    for (const node of this.nodes) {
      if (node === undefined) continue;
      const has = thereVector(node.resources);
      for (let r = 0; r < width; r++) vector[r] = Math.max(vector[r]!, has[r]!);
    }
    this.largestAt = { version: this.version, vector };
    return vector;
  }

  /** Takes (or gives back, with -1) amounts of a slot. */
  take(slot: number, vector: Vector, sign: 1 | -1): void {
    addTo(this.free, slot * width, vector, sign === 1 ? -1 : 1);
    addTo(this.totalFree, 0, vector, sign === 1 ? -1 : 1);
    this.tree.update(slot, this.free, slot * width);
  }

  column(attribute: string): Column {
    const known = this.columns.get(attribute);
    if (known) return known;
    const column: Column = { idOf: new Map(), values: [], bySlot: new Int32Array(this.tree.room).fill(-1), nodes: [] };
    for (const [slot, node] of this.nodes.entries()) if (node) enterValue(column, slot, attributeOf(node, attribute));
    this.columns.set(attribute, column);
    return column;
  }

  private grow(slots: number): void {
    if (slots <= this.tree.room && this.free.length >= slots * width) return;
    const room = Math.max(16, 2 ** Math.ceil(Math.log2(slots)));
    const free = new Float64Array(room * width);
    free.set(this.free);
    this.free = free;
    this.tree.resize(room);
    for (const [slot, node] of this.nodes.entries()) if (node) this.tree.update(slot, free, slot * width);
    for (const column of this.columns.values()) {
      const bySlot = new Int32Array(room).fill(-1);
      bySlot.set(column.bySlot);
      column.bySlot = bySlot;
    }
  }
}

function attributeOf(node: Node, attribute: string): string | undefined {
  if (attribute === 'node') return node.id;
  return Object.hasOwn(node.attributes, attribute) ? node.attributes[attribute] : undefined;
}

function enterValue(column: Column, slot: number, value: string | undefined): void {
  if (value === undefined) {
    column.bySlot[slot] = -1;
    return;
  }
  let id = column.idOf.get(value);
  if (id === undefined) {
    id = column.values.push(value) - 1;
    column.idOf.set(value, id);
    column.nodes.push(0);
  }
  column.nodes[id]! += 1;
  column.bySlot[slot] = id;
}
