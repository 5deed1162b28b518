/** Says why tasks were not placed: a tree with every task, and under it every node. */
import type { Node, Reason, TaskDemand } from '../model/cluster.ts';
import { type Amounts, type ResourceName, resourceNames } from './capacity.ts';

/** What keeps a task off a node. */
export interface Obstacle {
  readonly node: Node;
  readonly free: Amounts;
  readonly lacking: readonly ResourceName[];
  /** Names of ports for which the node's range has no number left. */
  readonly missingPorts: readonly string[];
  /** The node with which its group shares a port: this one is another. */
  readonly home?: string;
}

export interface RefusedTask {
  readonly demand: TaskDemand;
  readonly obstacles: readonly Obstacle[];
}

export function refuse(refused: readonly RefusedTask[], asked: number): { reason: Reason; help: string } {
  const children = refused.map(taskReason);
  const text = `${refused.length} of ${asked} tasks can't be placed`;
  return { reason: { ok: false, text, children }, help: helpFor(refused) };
}

function taskReason({ demand, obstacles }: RefusedTask): Reason {
  const children = obstacles.map((obstacle) => nodeReason(demand, obstacle));
  return { ok: false, text: `${demand.task}: ${summary(demand, obstacles)}`, children };
}

/** `3 nodes: 2 lack memory (ask 2048 MiB, best 900 MiB free), 1 lacks a port (service)`. */
function summary(demand: TaskDemand, obstacles: readonly Obstacle[]): string {
  if (obstacles.length === 0) return 'the cluster has no node';
  const parts = resourceNames.flatMap((name) => {
    const lacking = obstacles.filter((obstacle) => obstacle.lacking.includes(name));
    if (lacking.length === 0) return [];
    const best = Math.max(...lacking.map(({ free }) => free[name]));
    return [
      `${lack(lacking.length)} ${words[name]} (ask ${amount(name, demand.resources[name])}, best ${amount(name, best)} free)`,
    ];
  });
  const withoutPort = obstacles.filter(({ missingPorts }) => missingPorts.length > 0);
  const names = [...new Set(withoutPort.flatMap(({ missingPorts }) => missingPorts))].join(', ');
  if (withoutPort.length > 0) parts.push(`${lack(withoutPort.length)} a free port (${names})`);
  const away = obstacles.filter(({ home }) => home !== undefined);
  if (away.length > 0) parts.push(`it shares a port with others on node ${away[0]?.home}`);
  return `${count(obstacles.length, 'node')}: ${parts.join(', ')}`;
}

function nodeReason(demand: TaskDemand, { node, free, lacking, missingPorts, home }: Obstacle): Reason {
  const parts = lacking.map(
    (name) => `${words[name]}: ask ${amount(name, demand.resources[name])}, ${amount(name, free[name])} free`,
  );
  if (missingPorts.length > 0) {
    parts.push(`no free port for ${missingPorts.join(', ')} in ${node.ports.first}–${node.ports.last}`);
  }
  if (home !== undefined) parts.push(`the tasks that share its port are on node ${home}`);
  return { ok: false, text: `node ${node.id}: ${parts.join('; ')}`, children: [] };
}

/** What would let the tasks fit: for each resource, how much more the roomiest node needs for the largest of them. */
function helpFor(refused: readonly RefusedTask[]): string {
  if (refused.some(({ obstacles }) => obstacles.length === 0)) return 'Add a node to cluster.json.';
  const more = resourceNames.flatMap((name) => {
    const short = Math.max(0, ...refused.map((each) => shortfall(each, name)));
    return short > 0 ? [`${amount(name, short)} more ${words[name]}`] : [];
  });
  const ports = refused.some((each) => possible(each).every(({ missingPorts }) => missingPorts.length > 0));
  if (ports) more.push('a wider port range');
  if (more.length === 0) return 'No node has all of it at once: add a node to cluster.json, or ask for less.';
  const advice = 'Ask for less, add a node to cluster.json, or end what is not needed.';
  if (refused.length === 1) return `It would fit if one node had ${more.join(' and ')}. ${advice}`;
  return `Together these tasks ask ${together(refused)}. Each alone would fit if one node had ${more.join(' and ')}. ${advice}`;
}

function together(refused: readonly RefusedTask[]): string {
  const sums = resourceNames.map((name) => {
    const sum = refused.reduce((so, { demand }) => so + demand.resources[name], 0);
    return sum > 0 ? [`${amount(name, sum)} ${words[name]}`] : [];
  });
  return sums.flat().join(', ');
}

/** 0 when some node has enough of it. */
function shortfall(refused: RefusedTask, name: ResourceName): number {
  return Math.max(0, refused.demand.resources[name] - Math.max(...possible(refused).map(({ free }) => free[name])));
}

/** The nodes that would do, if they had room. */
function possible({ obstacles }: RefusedTask): readonly Obstacle[] {
  return obstacles.filter(({ home }) => home === undefined);
}

const words: Record<ResourceName, string> = { cpus: 'CPU', memoryMiB: 'memory', diskMiB: 'disk', gpus: 'GPU' };

function amount(name: ResourceName, value: number): string {
  const rounded = Math.round(value * 100) / 100;
  return name === 'memoryMiB' || name === 'diskMiB' ? `${rounded} MiB` : `${rounded}`;
}

function lack(nodes: number): string {
  return nodes === 1 ? '1 lacks' : `${nodes} lack`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
