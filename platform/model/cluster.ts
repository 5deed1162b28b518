import { z } from 'zod';
import { resourcesSpec } from './blueprint.ts';

export const nodeSpec = z.object({
  id: z.string(),
  /** Address that the node's tasks listen on: 127.0.0.1, 127.0.0.2 … on this machine. */
  address: z.string(),
  resources: resourcesSpec,
  attributes: z.record(z.string(), z.string()).default({}),
  /** Ports given to tasks, inclusive; below 32768, where the kernel's ephemeral range begins. */
  ports: z.object({ first: z.number().int().min(1024), last: z.number().int().max(32767) }),
});

/** The file `cluster.json`: which nodes this cluster has. */
export const clusterSpec = z.object({
  format: z.literal('millrace/cluster/1'),
  id: z.string(),
  driver: z.enum(['process', 'docker']),
  nodes: z.array(nodeSpec).min(1),
});

export type Node = z.infer<typeof nodeSpec>;
export type Cluster = z.infer<typeof clusterSpec>;

/** What one task asks of the cluster. Inert; made by frameworks and by the planner out of a blueprint. */
export interface TaskDemand {
  /** `kafka.broker.0`, `flight-delays.api.1`: unique in the cluster. */
  readonly task: string;
  readonly owner: TaskOwner;
  /** Tasks of one group that carry `spread` land on different nodes. */
  readonly group: string;
  readonly spread: boolean;
  readonly resources: {
    readonly cpus: number;
    readonly memoryMiB: number;
    readonly diskMiB: number;
    readonly gpus: number;
  };
  /** Names of the ports it listens on, in order. */
  readonly ports: readonly string[];
  /**
   * Those of `ports` that all tasks of the group listen on together (SO_REUSEPORT): one number at one address, so that the
   * tasks of the group are on one node.
   */
  readonly sharedPorts?: readonly string[];
}

export interface TaskOwner {
  readonly kind: 'platform' | 'framework' | 'pipeline';
  readonly name: string;
}

/** Where a task was put, and what it was given. */
export interface Placement {
  readonly task: string;
  readonly node: string;
  readonly address: string;
  readonly ports: Readonly<Record<string, number>>;
  readonly demand: TaskDemand;
}

/** A node with what is still free on it. `takenPorts`: every port of its range that something listens on or holds. */
export interface Offer {
  readonly node: Node;
  readonly free: { readonly cpus: number; readonly memoryMiB: number; readonly diskMiB: number; readonly gpus: number };
  readonly takenPorts: readonly number[];
  /** Groups that have a task here already. */
  readonly groups: readonly string[];
}

/** Why something was not placed: a tree, printable as it is. */
export interface Reason {
  readonly ok: boolean;
  readonly text: string;
  readonly children: readonly Reason[];
}
