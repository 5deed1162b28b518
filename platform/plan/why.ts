/** Why a task waits in the cluster's queue, as text for a terminal. */
import type { Why } from '../allocate/why.ts';
import type { Reason } from '../model/cluster.ts';
import { wrap } from './layout.ts';
import { renderReason } from './render.ts';

/** So many nodes of one reason are named. */
const named = 8;

/**
 * At most 100 columns wide, ends without a line break. Nodes that are kept off by the same are told together; `everyNode`:
 * each on a line of its own.
 */
export function renderWhy(why: Why, { everyNode = false } = {}): string {
  if (why.placed) return `${why.task} has its place, on node ${why.node}`;
  const { task, ask, role, place, waiting, gaveWayTo, reason, help } = why;
  const head = `${task} waits: ask ${ask} of role ${role}, ${place} of ${waiting} in the queue`;
  const gave = gaveWayTo === undefined ? [] : wrap(`It gave way to ask ${gaveWayTo}, of higher priority.`, '', '  ');
  const tree = everyNode ? reason : { ...reason, children: reason.children.map(summedUp) };
  return [...wrap(head, '', '  '), ...gave, '', renderReason(tree), '', ...wrap(help, '', '  ')].join('\n');
}

/** Leaves `node a: TEXT` of one text become `node a, b and 3 more: TEXT`, in the order of the first of each. */
function summedUp(reason: Reason): Reason {
  const nodes = new Map<string, string[]>();
  for (const { text, children } of reason.children) {
    const [, node, rest] = /^node ([^:]+): (.*)$/.exec(text) ?? [];
    if (node === undefined || rest === undefined || children.length > 0) return reason;
    nodes.set(rest, [...(nodes.get(rest) ?? []), node]);
  }
  const children = [...nodes].map(([text, ids]) => ({ ok: false, text: `${listed(ids)}: ${text}`, children: [] }));
  return { ...reason, children };
}

function listed(ids: readonly string[]): string {
  const shown = ids.slice(0, named).join(', ');
  return `node${ids.length === 1 ? '' : 's'} ${shown}${ids.length > named ? ` and ${ids.length - named} more` : ''}`;
}
