/** Builds reason trees. */
import type { Reason } from '../model/cluster.ts';

export function fault(text: string, children: readonly Reason[] = []): Reason {
  return { ok: false, text, children };
}

/** One fault with the path it was found at: `flows.board.to.member: …`. */
export function faultAt(path: string, text: string): Reason {
  return fault(`${path}: ${text}`);
}

/** How many leaves of the tree are faults. */
export function faultCount(reason: Reason): number {
  if (reason.children.length > 0) return reason.children.reduce((sum, child) => sum + faultCount(child), 0);
  return reason.ok ? 0 : 1;
}
