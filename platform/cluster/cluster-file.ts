/** The file `cluster.json`: the nodes of this home's cluster, and how a machine is shared out between them. */
import { randomUUID } from 'node:crypto';
import { existsSync, statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism, totalmem } from 'node:os';
import { dirname } from 'node:path';
import { fail, MillraceError } from '../errors.ts';
import type { Home } from '../home.ts';
import { type Cluster, clusterSpec, type Node } from '../model/cluster.ts';
import { controlPlaneMiB } from '../model/controlPlane.ts';
import { readState, writeState } from '../state-files.ts';

const format = 'millrace/cluster/1';

/**
 * CPUs offered per core. A task's `cpus` are shares, weights under contention, and servers idle most of the time: the dozen
 * tasks of a pipeline ask for about 8 and use well under 2 once they have started.
 */
export const cpusPerCore = 4;
export const portsPerNode = 100;
export const defaultPortBase = 19_000;
/** Last port below the kernel's ephemeral range. */
const lastPort = 32_767;
/** Loopback addresses are made out of the node's number. */
const maxNodes = 250;

export interface ClusterSize {
  readonly nodes: number;
  /** First port of the first node. */
  readonly portBase?: number;
  /** Cores to share out; all of the machine's unless given. */
  readonly cpus?: number;
  /** What runs the tasks of frameworks and pipelines; processes of this machine unless given. */
  readonly driver?: Cluster['driver'];
  /** Address of a node by its number, from 0: loopback addresses unless given. */
  readonly addressOf?: (index: number) => string;
  /** Memory to share out, control plane included; all of the machine's unless given. */
  readonly memoryMiB?: number;
}

/** Throws CLUSTER_ABSENT, CORRUPT_STATE, FOREIGN_STATE. */
export function loadCluster(home: Home): Cluster {
  return readCluster(home) ?? fail('CLUSTER_ABSENT', { file: home.clusterFile });
}

export function readCluster(home: Home): Cluster | undefined {
  return readState<Cluster>(home.clusterFile, format, (value) => clusterSpec.parse(value));
}

/**
 * Makes the cluster and answers it. Again with the same number of nodes: answers the one that is there, as it is.
 * Throws CLUSTER_EXISTS (another number of nodes), INVALID_ARGUMENT, NODE_ADDRESS_ABSENT.
 */
export async function createCluster(home: Home, size: ClusterSize): Promise<Cluster> {
  const there = readCluster(home);
  if (there && there.nodes.length !== size.nodes) {
    fail('CLUSTER_EXISTS', { found: counted(there.nodes.length), asked: counted(size.nodes) });
  }
  if (there) return there;
  const cluster = plannedCluster(home, size);
  if (cluster.driver === 'process') for (const node of cluster.nodes) await checkAddress(node.address);
  writeState(home.clusterFile, cluster);
  return cluster;
}

/** The cluster that `createCluster` would make of this machine; writes nothing. Throws INVALID_ARGUMENT. */
export function plannedCluster(home: Home, size: ClusterSize): Cluster {
  const nodes = shareOut(size, {
    cores: availableParallelism(),
    memoryMiB: machineMiB(),
    diskMiB: freeDiskMiB(home.root),
  });
  return { format, id: randomUUID(), driver: size.driver ?? 'process', nodes: [...nodes] };
}

/** Pure. Equal nodes, on 127.0.0.1, 127.0.0.2 … by default, each with ports of its own. Throws INVALID_ARGUMENT. */
export function shareOut(
  size: ClusterSize,
  machine: { readonly cores: number; readonly memoryMiB: number; readonly diskMiB: number },
): readonly Node[] {
  const {
    nodes,
    portBase = defaultPortBase,
    cpus = machine.cores,
    memoryMiB = machine.memoryMiB,
    addressOf = loopback,
  } = size;
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > maxNodes)
    refuse(`A cluster has 1 to ${maxNodes} nodes, not ${nodes}.`);
  const last = portBase + nodes * portsPerNode - 1;
  if (!Number.isInteger(portBase) || portBase < 1024 || last > lastPort) {
    refuse(`${counted(nodes)} need the ports ${portBase} to ${last}; they must lie between 1024 and ${lastPort}.`);
  }
  const each = {
    cpus: Math.floor((cpus * cpusPerCore * 100) / nodes) / 100,
    memoryMiB: Math.floor((memoryMiB - controlPlaneMiB) / nodes),
    diskMiB: Math.floor(machine.diskMiB / nodes),
    gpus: 0,
  };
  if (each.memoryMiB < 1 || each.cpus <= 0)
    refuse(`${memoryMiB} MiB and ${cpus} cores are too little for ${counted(nodes)}.`);
  return Array.from({ length: nodes }, (_, index) => ({
    id: `node-${index + 1}`,
    address: addressOf(index),
    resources: each,
    attributes: {},
    ports: { first: portBase + index * portsPerNode, last: portBase + (index + 1) * portsPerNode - 1 },
  }));
}

const loopback = (index: number) => `127.0.0.${index + 1}`;

function refuse(reason: string): never {
  fail('INVALID_ARGUMENT', { reason, command: 'up' });
}

function counted(nodes: number): string {
  return `${nodes} node${nodes === 1 ? '' : 's'}`;
}

/** A control group's limit where it is below the machine's memory. */
function machineMiB(): number {
  const limit = process.constrainedMemory();
  return Math.floor(Math.min(totalmem(), limit > 0 ? limit : Number.POSITIVE_INFINITY) / 1024 / 1024);
}

function freeDiskMiB(path: string): number {
  let at = path;
  while (!existsSync(at)) at = dirname(at);
  const { bavail, bsize } = statfsSync(at);
  return Math.floor((bavail * bsize) / 1024 / 1024);
}

function checkAddress(address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (cause) => reject(new MillraceError('NODE_ADDRESS_ABSENT', { address }, cause)));
    server.listen(0, address, () => server.close(() => resolve()));
  });
}
