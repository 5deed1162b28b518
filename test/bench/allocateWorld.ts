/** The cluster of the allocator's bench: made by rule out of its size, the same each time. */
import type { Allocator } from '../../platform/allocate/allocator.ts';
import type { Ask, RoleSpec, TaskAsk } from '../../platform/model/allocation.ts';
import type { Offer } from '../../platform/model/cluster.ts';

export interface World {
  readonly offers: readonly Omit<Offer, 'groups'>[];
  readonly roles: readonly RoleSpec[];
  readonly asks: readonly Ask[];
}

export interface Change {
  readonly name: string;
  readonly apply: () => void;
}

const agentSizes = [
  { cpus: 8, memoryMiB: 16_384 },
  { cpus: 16, memoryMiB: 65_536 },
  { cpus: 32, memoryMiB: 65_536 },
  { cpus: 16, memoryMiB: 131_072 },
];
const asksOfRole = 5;

/** Numbers from 0 up to 1, always the same ones. Source: mulberry32. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export function worldOf(agents: number): World {
  const random = randomFrom(agents);
  const names = Array.from({ length: agents }, (_, n) => `group-${Math.floor(n / 40)}/role-${n}`);
  return {
    offers: Array.from({ length: agents }, (_, n) => offerOf(n)),
    roles: names.map((role, n) => roleOf(role, n)),
    asks: names.flatMap((role, n) => Array.from({ length: asksOfRole }, (_, k) => askOf(role, n, k, random))),
  };
}

export function offerOf(n: number): Omit<Offer, 'groups'> {
  const resources = { ...agentSizes[n % agentSizes.length]!, diskMiB: 500_000, gpus: n % 20 === 0 ? 4 : 0 };
  const address = `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`;
  const attributes = { zone: `zone-${n % 3}`, rack: `rack-${n >> 5}` };
  const node = { id: `agent-${n}`, address, resources, attributes, ports: { first: 20_000, last: 20_999 } };
  return { node, free: resources, takenPorts: [] };
}

function roleOf(role: string, n: number): RoleSpec {
  return {
    role,
    weight: 1 + (n % 4),
    guarantee: n % 10 === 0 ? { cpus: 2, memoryMiB: 4096 } : {},
    limit: n % 10 === 5 ? { cpus: 16 } : {},
  };
}

function askOf(role: string, n: number, k: number, random: () => number): Ask {
  const id = `${role.slice(role.lastIndexOf('/') + 1)}.${k}`;
  const gang = (n * asksOfRole + k) % 20 === 7 ? 3 : 1;
  const resources = {
    cpus: Math.ceil(random() * 60) / 10,
    memoryMiB: 256 * Math.ceil(random() * 80),
    diskMiB: 1024,
    gpus: (n + k) % 100 === 0 ? 1 : 0,
  };
  const tasks = Array.from({ length: gang }, (_, i) => taskOf(`${id}.${i}`, role, resources, (n + k) % 10 === 3));
  return { id, role, priority: k % 2, tasks };
}

function taskOf(task: string, role: string, resources: TaskAsk['resources'], constrained: boolean): TaskAsk {
  return {
    task,
    owner: { kind: 'framework', name: role },
    group: role,
    spread: false,
    resources,
    ports: ['main', 'health'],
    ...(constrained && {
      constraints: [
        { attribute: 'node', operator: 'UNIQUE' },
        { attribute: 'zone', operator: 'LIKE', pattern: 'zone-[01]' },
      ],
    }),
  };
}

/** 50 of each kind, in turns, on a cluster that is full. What an agent took with it is asked for again. */
export function changesOf(allocator: Allocator, world: World): Change[] {
  const waits = new Set(allocator.standing().queue.map(({ ask }) => ask));
  const single = world.asks.filter(({ id, tasks }) => !waits.has(id) && tasks.length === 1);
  const running = new Map(single.map((ask) => [ask.tasks[0]!.task, ask]));
  const end = () => {
    const [task] = running.keys();
    running.delete(task!);
    allocator.end(task!);
  };
  const lose = (id: string) => {
    for (const { task, demand } of allocator.removeNode(id)) {
      running.delete(task);
      allocator.submit({ id: `${task} again`, role: demand.owner.name, priority: 0, tasks: [{ ...demand }] });
    }
  };
  const random = randomFrom(waits.size);
  return Array.from({ length: 50 }, (_, n) => {
    const role = world.roles[n % world.roles.length]!;
    const back = world.offers[n % world.offers.length]!;
    const asked = askOf(role.role, n, 100 + n, random);
    return [
      { name: 'a task ends', apply: end },
      { name: 'an ask comes', apply: () => allocator.submit(asked) },
      { name: 'a limit is set', apply: () => allocator.setRole({ ...role, limit: { cpus: 2 } }) },
      { name: 'a limit is lifted', apply: () => allocator.setRole({ ...role, limit: {} }) },
      { name: 'an agent comes', apply: () => allocator.addNode(offerOf(world.offers.length + n)) },
      { name: 'an agent is lost', apply: () => lose(back.node.id) },
      { name: 'it comes back', apply: () => allocator.addNode(back) },
    ];
  }).flat();
}
