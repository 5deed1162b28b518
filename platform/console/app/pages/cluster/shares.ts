/** What runs where, and how much of a node is asked for and used. */
import type { ClusterInfo, TaskInfo } from '../../../../api/contract/control.ts';

export interface Share {
  readonly label: string;
  readonly unit: string;
  readonly total: number;
  readonly asked: number;
  /** Null: not measured. */
  readonly used: number | null;
}
export interface NodeView {
  readonly id: string;
  readonly address: string;
  readonly shares: readonly Share[];
  readonly owners: readonly { readonly owner: string; readonly kind: string; readonly tasks: readonly TaskInfo[] }[];
}

const ownerOrder = ['framework', 'pipeline', 'platform'];

/** Owners: frameworks, then pipelines, then the platform; each with its tasks by name. */
export function nodeViews({ nodes, tasks }: ClusterInfo): NodeView[] {
  return nodes.map((node) => {
    const here = tasks.filter((task) => task.node === node.id).toSorted((a, b) => (a.id < b.id ? -1 : 1));
    const byOwner = Map.groupBy(here, ({ owner }) => `${owner.kind} ${owner.name}`);
    const owners = [...byOwner.values()]
      .map((group) => ({ owner: group[0]!.owner.name, kind: group[0]!.owner.kind, tasks: group }))
      .toSorted((a, b) => rank(a.kind) - rank(b.kind) || (a.owner < b.owner ? -1 : 1));
    const shares: Share[] = [
      { label: 'CPU', unit: 'shares', total: node.cpus, asked: node.askedCpus, used: null },
      {
        label: 'Memory',
        unit: 'MiB',
        total: node.memoryMiB,
        asked: node.askedMemoryMiB,
        used: node.usedMemoryMiB,
      },
    ];
    return { id: node.id, address: node.address, shares, owners };
  });
}

function rank(kind: string): number {
  const at = ownerOrder.indexOf(kind);
  return at < 0 ? ownerOrder.length : at;
}

/** Cores' worth of processor time between two looks at a task; null where either is missing or it was started anew. */
export function cpusUsed(
  before: { readonly atMs: number; readonly cpuSeconds: number } | undefined,
  now: { readonly atMs: number; readonly cpuSeconds: number },
): number | null {
  if (before === undefined || now.atMs <= before.atMs || now.cpuSeconds < before.cpuSeconds) return null;
  return (now.cpuSeconds - before.cpuSeconds) / ((now.atMs - before.atMs) / 1000);
}
