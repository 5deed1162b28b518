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
  /** The node on which its place is reserved: this one is another. */
  readonly bound?: string;
  /** Constraints that do not allow the node, as they are written, and why. */
  readonly constraints?: readonly { readonly text: string; readonly fault: string }[];
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
  const bound = obstacles.find((obstacle) => obstacle.bound !== undefined)?.bound;
  if (bound !== undefined) parts.push(`its place is reserved on node ${bound}`);
  const texts = obstacles.flatMap(({ constraints = [] }) => constraints.map(({ text }) => text));
  for (const text of new Set(texts)) {
    const nodes = texts.filter((each) => each === text).length;
    parts.push(`${nodes} ${nodes === 1 ? 'is' : 'are'} not allowed by ${text}`);
  }
  return `${count(obstacles.length, 'node')}: ${parts.join(', ')}`;
}

function nodeReason(demand: TaskDemand, obstacle: Obstacle): Reason {
  const { node, free, lacking, missingPorts, home, bound, constraints = [] } = obstacle;
  const parts = lacking.map(
    (name) => `${words[name]}: ask ${amount(name, demand.resources[name])}, ${amount(name, free[name])} free`,
  );
  if (missingPorts.length > 0) {
    parts.push(`no free port for ${missingPorts.join(', ')} in ${node.ports.first}–${node.ports.last}`);
  }
  if (home !== undefined) parts.push(`the tasks that share its port are on node ${home}`);
  if (bound !== undefined) parts.push(`its place is reserved on node ${bound}`);
  for (const { text, fault } of constraints) parts.push(`${text}: ${fault}`);
  return { ok: false, text: `node ${node.id}: ${parts.join('; ')}`, children: [] };
}

/** What would let the tasks fit: for each resource, how much more the roomiest node needs for the largest of them. */
function helpFor(refused: readonly RefusedTask[]): string {
  if (refused.some(({ obstacles }) => obstacles.length === 0)) return 'Add a node to cluster.json.';
  const more = resourceNames.flatMap((name) => {
    const short = Math.max(0, ...refused.map((each) => shortfall(each, name)));
    return short > 0 ? [`${amount(name, short)} more ${words[name]}`] : [];
  });
  const ports = refused.some((each) => {
    const nodes = possible(each);
    return nodes.length > 0 && nodes.every(({ missingPorts }) => missingPorts.length > 0);
  });
  if (ports) more.push('a wider port range');
  const without = inTheWay(refused);
  if (without.length > 0) {
    const also = more.length > 0 ? `, or if one node had ${more.join(' and ')}` : '';
    return `It would fit without ${without.join(' and without ')}${also}. Or add a node that it allows.`;
  }
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
  const nodes = possible(refused);
  if (nodes.length === 0) return 0;
  return Math.max(0, refused.demand.resources[name] - Math.max(...nodes.map(({ free }) => free[name])));
}

/** Constraints without which a task would have a place: those of nodes that lack nothing. */
function inTheWay(refused: readonly RefusedTask[]): string[] {
  const sets = refused.map(({ obstacles }) => {
    const roomy = obstacles.filter(({ lacking, missingPorts, home, bound }) => {
      return lacking.length === 0 && missingPorts.length === 0 && home === undefined && bound === undefined;
    });
    const least = roomy.toSorted((a, b) => (a.constraints ?? []).length - (b.constraints ?? []).length).at(0);
    return least?.constraints?.map(({ text }) => text) ?? [];
  });
  return [...new Set(sets.flat())];
}

/** The nodes that would do, if they had room. */
function possible({ obstacles }: RefusedTask): readonly Obstacle[] {
  return obstacles.filter(
    ({ home, bound, constraints = [] }) => home === undefined && bound === undefined && constraints.length === 0,
  );
}

export const words: Record<ResourceName, string> = { cpus: 'CPU', memoryMiB: 'memory', diskMiB: 'disk', gpus: 'GPU' };

/** `2048 MiB`, `0.5`. */
export function amount(name: ResourceName, value: number): string {
  const rounded = Math.round(value * 100) / 100;
  return name === 'memoryMiB' || name === 'diskMiB' ? `${rounded} MiB` : `${rounded}`;
}

function lack(nodes: number): string {
  return nodes === 1 ? '1 lacks' : `${nodes} lack`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
