/**
 * `npm run bench:allocate`: the allocator at 100, 2,000 and 20,000 agents with as many roles, and how its times grow. In
 * memory, no server. Options, after `--`: `--agents 100,2000,20000`, `--rounds 3`.
 *
 * The cluster: agents of four sizes in three zones. Roles in groups of forty, weights 1 to 4, one in ten with a guarantee, one
 * in ten with a limit. Each asks five tasks of sizes of its own; one ask in ten has constraints, one in twenty is a gang of
 * three. Together they ask more than there is, so that some wait at the end.
 *
 * Full cycle: all that was asked, placed from nothing. One change: something happens, then a cycle; the change is timed with it.
 * Times are of the CPU.
 */
import { availableParallelism, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { Allocator } from '../../platform/allocate/allocator.ts';
import { changesOf, type World, worldOf } from './allocateWorld.ts';

const { values: asked } = parseArgs({
  options: { agents: { type: 'string', default: '100,2000,20000' }, rounds: { type: 'string', default: '5' } },
});
const sizes = asked.agents.split(',').map(Number);
const rounds = Number(asked.rounds);

interface Figures {
  readonly fullMs: number;
  /** With one ask of each role. */
  readonly oneEachMs: number;
  readonly tasks: number;
  readonly placed: number;
  /** By change: median and greatest. */
  readonly changes: ReadonlyMap<string, { readonly medianMs: number; readonly mostMs: number }>;
}

const median = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!;

function load({ offers, roles, asks }: World): Allocator {
  const allocator = new Allocator();
  for (const offer of offers) allocator.addNode(offer);
  for (const role of roles) allocator.setRole(role);
  for (const ask of asks) allocator.submit(ask);
  return allocator;
}

/** Milliseconds of CPU: on a machine with other work the clock says little. */
function timed(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** Median of a full cycle, after one that compiles; and the allocator after it. */
function fullCycles(world: World): { readonly ms: number; readonly allocator: Allocator; readonly placed: number } {
  const full: number[] = [];
  let [allocator, placed] = [load(world), 0];
  for (let round = 0; round <= rounds; round++) {
    allocator = load(world);
    const ms = timed(() => {
      placed = allocator.cycle().placements.length;
    });
    if (round > 0) full.push(ms);
  }
  return { ms: median(full), allocator, placed };
}

function measure(agents: number): Figures {
  const world = worldOf(agents);
  const { ms: fullMs, allocator, placed } = fullCycles(world);
  const times = new Map<string, number[]>();
  for (const { name, apply } of changesOf(allocator, world)) {
    const ms = timed(() => {
      apply();
      allocator.cycle();
    });
    times.set(name, [...(times.get(name) ?? []), ms]);
  }
  const changes = new Map(
    [...times].map(([name, each]) => [name, { medianMs: median(each), mostMs: Math.max(...each) }]),
  );
  const oneEachMs = fullCycles({ ...world, asks: world.asks.filter(({ id }) => id.endsWith('.0')) }).ms;
  return { fullMs, oneEachMs, tasks: world.asks.reduce((sum, { tasks }) => sum + tasks.length, 0), placed, changes };
}

const column = (text: string | number, width = 16) => String(text).padStart(width);
const figures = sizes.map((agents) => ({ agents, ...measure(agents) }));
const row = (name: string, value: (figures: Figures & { readonly agents: number }) => string | number) =>
  console.log(`${name.padEnd(30)}${figures.map((each) => column(value(each))).join('')}`);

console.log(
  `${availableParallelism()} cores, load ${loadavg()[0]!.toFixed(1)}, Node ${process.versions.node}, ${rounds} rounds\n`,
);
row('agents, and roles', ({ agents }) => agents);
row('tasks asked', ({ tasks }) => tasks);
row('tasks placed', ({ placed }) => placed);
row('full cycle, CPU ms', ({ fullMs }) => fullMs.toFixed(1));
row('  µs for a task asked', ({ fullMs, tasks }) => ((fullMs * 1000) / tasks).toFixed(1));
row('  ÷ that of the first', ({ fullMs, tasks }) =>
  (fullMs / tasks / (figures[0]!.fullMs / figures[0]!.tasks)).toFixed(2),
);
row('full cycle, one ask a role', ({ oneEachMs }) => oneEachMs.toFixed(1));
console.log('\none change and a cycle, CPU ms: median (greatest)');
for (const name of figures[0]!.changes.keys()) {
  row(`  ${name}`, ({ changes }) => {
    const { medianMs, mostMs } = changes.get(name)!;
    return `${medianMs.toFixed(2)} (${mostMs.toFixed(2)})`;
  });
}
console.log('\naims at 2,000: a full cycle 100 ms, one change 1 ms');
