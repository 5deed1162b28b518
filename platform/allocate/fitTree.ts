/**
 * Finds the node that an ask fits best without looking at each: a tree of halves over the slots, with the most and the least
 * that is free of each resource below. A half that can't hold the ask, or can't hold it better than what is found, is not
 * entered (branch and bound). Slots with alike amounts free lie side by side (Morton order of CPU and memory), or the halves
 * would say nothing; they are put in order anew after as many changes as half the slots.
 *
 * `update` costs log2(slots). `best` looks at no more than `lookedAt` halves and slots after it has found a place: on clusters
 * of up to a hundred nodes or so its answer is the best one, on larger ones the best of those it has looked at.
 */
import { type Vector, width } from './vectors.ts';

/** `binpack`: the node that is left with the least. `spread`: the node that is left with the most. */
export type Algorithm = 'binpack' | 'spread';

const lookedAt = 256;
/** Slots that a key in the sorted order leaves room for. */
const slotsInKey = 2 ** 24;
const none = 2 ** 31 - 1;

export class FitTree {
  /** A power of two. */
  private leaves = 1;
  private most = new Float64Array(2 * width).fill(-1);
  private least = new Float64Array(2 * width).fill(Number.POSITIVE_INFINITY);
  /** The lowest slot below, of equal places the one that is taken. */
  private firstSlot = new Int32Array(2).fill(none);
  private leafOf = Int32Array.of(1);
  private changes = 0;
  private asked: Vector = new Float64Array(width);
  private packs = true;
  private accepts: (slot: number) => boolean = () => true;
  private bestScore = 0;
  private bestSlot = -1;
  private visits = 0;

  /** Room for `slots`; what was there is forgotten. */
  resize(slots: number): void {
    this.leaves = 1;
    while (this.leaves < slots) this.leaves *= 2;
    this.most = new Float64Array(2 * this.leaves * width).fill(-1);
    this.least = new Float64Array(2 * this.leaves * width).fill(Number.POSITIVE_INFINITY);
    this.firstSlot = new Int32Array(2 * this.leaves).fill(none);
    this.leafOf = Int32Array.from({ length: this.leaves }, (_, slot) => this.leaves + slot);
    this.changes = 0;
  }

  get room(): number {
    return this.leaves;
  }

  /** `free` from `at` on is what the slot has. */
  update(slot: number, free: Vector, at: number): void {
    const leaf = this.leafOf[slot]!;
    this.most.set(free.subarray(at, at + width), leaf * width);
    this.least.set(free.subarray(at, at + width), leaf * width);
    this.firstSlot[leaf] = slot;
    this.changes += 1;
    this.pullUp(leaf);
  }

  /** No ask fits there any more. */
  clear(slot: number): void {
    const leaf = this.leafOf[slot]!;
    this.most.fill(-1, leaf * width, (leaf + 1) * width);
    this.least.fill(Number.POSITIVE_INFINITY, leaf * width, (leaf + 1) * width);
    this.firstSlot[leaf] = none;
    this.changes += 1;
    this.pullUp(leaf);
  }

  /** The slot that `asked` fits best among those that are accepted, the lowest of equal ones; -1 if there is none. */
  best(asked: Vector, algorithm: Algorithm, accepts: (slot: number) => boolean): number {
    if (this.changes > Math.max(256, this.leaves >> 1)) this.putInOrder();
    this.asked = asked;
    this.packs = algorithm === 'binpack';
    this.accepts = accepts;
    this.bestScore = Number.NEGATIVE_INFINITY;
    this.bestSlot = -1;
    this.visits = 0;
    this.visit(1, this.bound(1));
    return this.bestSlot;
  }

  private visit(node: number, bound: number): void {
    if (bound < this.bestScore || bound === Number.NEGATIVE_INFINITY) return;
    const first = this.firstSlot[node]!;
    if (this.bestSlot >= 0 && (++this.visits > lookedAt || (bound === this.bestScore && first > this.bestSlot))) return;
    if (node >= this.leaves) {
      if (!this.accepts(first)) return;
      this.bestScore = bound;
      this.bestSlot = first;
      return;
    }
    const left = 2 * node;
    const right = left + 1;
    const leftBound = this.bound(left);
    const rightBound = this.bound(right);
    const leftFirst =
      leftBound === rightBound ? this.firstSlot[left]! < this.firstSlot[right]! : leftBound > rightBound;
    if (leftFirst) this.visit(left, leftBound);
    this.visit(right, rightBound);
    if (!leftFirst) this.visit(left, leftBound);
  }

  /**
   * The greatest score that a slot below may have; of a slot its score: the dominant share of what is free that the ask would
   * take (`spread`: its negative). Negative infinity where the ask fits nowhere below.
   */
  private bound(node: number): number {
    const at = node * width;
    let share = 0;
    for (let r = 0; r < width; r++) {
      const ask = this.asked[r]!;
      const most = this.most[at + r]!;
      if (ask > most) return Number.NEGATIVE_INFINITY;
      if (ask === 0) continue;
      const free = this.packs ? Math.max(ask, this.least[at + r]!) : most;
      share = Math.max(share, ask / free);
    }
    return this.packs ? share : -share;
  }

  private pullUp(leaf: number): void {
    for (let node = leaf >> 1; node >= 1 && this.pull(node); node >>= 1);
  }

  /** Whether it is another than before. */
  private pull(node: number): boolean {
    const first = Math.min(this.firstSlot[2 * node]!, this.firstSlot[2 * node + 1]!);
    let changed = first !== this.firstSlot[node];
    this.firstSlot[node] = first;
    for (let at = node * width; at < (node + 1) * width; at++) {
      const left = at + node * width;
      const most = Math.max(this.most[left]!, this.most[left + width]!);
      const least = Math.min(this.least[left]!, this.least[left + width]!);
      if (most === this.most[at] && least === this.least[at]) continue;
      this.most[at] = most;
      this.least[at] = least;
      changed = true;
    }
    return changed;
  }

  private putInOrder(): void {
    const { leaves, most, least, firstSlot } = this;
    const keys = new Float64Array(leaves);
    for (let leaf = leaves; leaf < 2 * leaves; leaf++) {
      keys[leaf - leaves] = mortonOf(most[leaf * width]!, most[leaf * width + 1]!) * slotsInKey + (leaf - leaves);
    }
    keys.sort();
    this.resize(leaves);
    for (let place = 0; place < leaves; place++) {
      const [from, to] = [leaves + (keys[place]! % slotsInKey), leaves + place];
      const slot = firstSlot[from]!;
      this.most.set(most.subarray(from * width, (from + 1) * width), to * width);
      this.least.set(least.subarray(from * width, (from + 1) * width), to * width);
      this.firstSlot[to] = slot;
      this.leafOf[place] = to;
    }
    this.nameLeaves();
    for (let node = leaves - 1; node >= 1; node--) this.pull(node);
  }

  /** Leaves without a slot are given to the slots that have none. */
  private nameLeaves(): void {
    const named = new Uint8Array(this.leaves);
    const vacant: number[] = [];
    for (let leaf = this.leaves; leaf < 2 * this.leaves; leaf++) {
      const slot = this.firstSlot[leaf]!;
      if (slot === none) vacant.push(leaf);
      else {
        named[slot] = 1;
        this.leafOf[slot] = leaf;
      }
    }
    for (let slot = 0; slot < this.leaves; slot++) if (named[slot] === 0) this.leafOf[slot] = vacant.pop()!;
  }
}

/** The bits of two amounts' magnitudes, in turns: what is near in both is near in the order. */
function mortonOf(one: number, other: number): number {
  return spreadBits(levelOf(one)) * 2 + spreadBits(levelOf(other));
}

/** 0 to 255: four steps for each doubling. */
function levelOf(amount: number): number {
  return amount < 0 ? 0 : Math.min(255, 1 + Math.floor(4 * Math.log2(1 + amount)));
}

function spreadBits(level: number): number {
  let bits = (level | (level << 4)) & 0x0f0f;
  bits = (bits | (bits << 2)) & 0x3333;
  return (bits | (bits << 1)) & 0x5555;
}
