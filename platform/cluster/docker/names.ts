/** Names and labels of what a home has in an engine: several homes may share one. */
import type { Home } from '../../home.ts';
import { homeHash } from '../tasks/layout.ts';

export const labels = {
  home: 'millrace.home',
  /** `node` or `task`, with the id of it. */
  kind: 'millrace.kind',
  id: 'millrace.id',
  specHash: 'millrace.spec',
} as const;

export interface Names {
  readonly home: string;
  readonly network: string;
  node(id: string): string;
  task(id: string): string;
  /** Filter of the engine's lists: what is this home's. */
  readonly ours: { readonly label: string[] };
}

/** Container names are unique in an engine: whoever makes one first has it. */
export function namesOf(home: Home): Names {
  const hash = homeHash(home);
  const prefix = `millrace-${hash.slice(0, 8)}`;
  return {
    home: hash,
    network: prefix,
    node: (id) => `${prefix}.node.${id}`,
    task: (id) => `${prefix}.task.${id}`,
    ours: { label: [`${labels.home}=${hash}`] },
  };
}
