/** What stays free for guarantees that are not used yet: nothing else may be given from it. */
import type { AskEntry, Books } from './books.ts';
import { type Vector, width } from './vectors.ts';

/** What is free beyond what is kept; below zero where more is promised than there is. */
export function slackOf({ nodes, roles }: Books): Vector {
  const slack = new Float64Array(width);
  for (let r = 0; r < width; r++) slack[r] = nodes.totalFree[r]! - roles.kept[r]!;
  return slack;
}

/** Whether going from `before` to `after` breaks no promise: none that is whole, and none further. */
export function noPromiseBroken(before: Vector, after: Vector): boolean {
  for (let r = 0; r < width; r++) if (after[r]! < Math.min(0, before[r]!)) return false;
  return true;
}

/** Resources (their places in `resourceNames`) of which the ask would take what is kept for other roles. */
export function brokenPromises(books: Books, { own, sum }: AskEntry): number[] {
  const { roles, nodes } = books;
  const broken: number[] = [];
  if (!roles.hasGuarantees) return broken;
  const kept = roles.kept;
  if (own.promised) {
    keptBefore.set(kept);
    roles.charge(own, sum, 1);
  }
  for (let r = 0; r < width; r++) {
    const free = nodes.totalFree[r]!;
    const before = free - (own.promised ? keptBefore[r]! : kept[r]!);
    if (free - kept[r]! - sum[r]! < Math.min(0, before)) broken.push(r);
  }
  if (own.promised) roles.charge(own, sum, -1);
  return broken;
}

const keptBefore: Vector = new Float64Array(width);
