/** A plan, or the reasons why there is none, as text for a terminal. */
import type { DriverCapabilities } from '../cluster/driver.ts';
import type { BlueprintSpec, FlowSpec } from '../model/blueprint.ts';
import type { Placement, Reason } from '../model/cluster.ts';
import type { Bucket, Change, ParameterChange, Plan, PlanOutcome, Refusal, ResourceTotals } from '../model/plan.ts';
import { table, wrap } from './layout.ts';

/** Of the machine that is planned for: what its driver can't do, and what a CPU of the plan is, is said. */
export interface PlannedMachine {
  readonly capabilities: DriverCapabilities;
  readonly cores: number;
  /** How many times the cores are shared out. */
  readonly cpusPerCore: number;
}

/** At most 100 columns wide but for what is to be copied, no colours, ends without a line break. */
export function renderPlan(outcome: PlanOutcome, machine?: PlannedMachine): string {
  return 'refused' in outcome ? renderRefusal(outcome) : renderSections(outcome, machine);
}

/** The tree with its branches drawn; each fault on a line of its own. */
export function renderReason(reason: Reason): string {
  return [...wrap(reason.text, '', '  '), ...branches(reason.children, '')].join('\n');
}

function branches(children: readonly Reason[], indent: string): string[] {
  return children.flatMap((child, index) => {
    const last = index === children.length - 1;
    const inner = `${indent}${last ? '   ' : '│  '}`;
    const lines = wrap(`${child.ok ? '✓ ' : ''}${child.text}`, `${indent}${last ? '└─ ' : '├─ '}`, inner);
    return [...lines, ...branches(child.children, inner)];
  });
}

function renderRefusal({ pipeline, summary, reason, help }: Refusal): string {
  const head = wrap(`${pipeline} can't be deployed: ${summary}`, '', '  ');
  return [...head, '', renderReason(reason), '', ...wrap(help, '', '  ')].join('\n');
}

function renderSections(plan: Plan, machine: PlannedMachine | undefined): string {
  const { spec } = plan;
  const sections: readonly (readonly [string, readonly string[]])[] = [
    ['Parameters', parameterLines(plan)],
    ['Frameworks', table(frameworkRows(plan))],
    ['Topics', table(parts(plan, 'topic', topicText(spec)))],
    ['Tables', table(parts(plan, 'table', tableText(spec)))],
    ['Jobs', table(parts(plan, 'job', jobText(spec)))],
    ['Services', table(parts(plan, 'service', serviceText(spec)))],
    ['Connectors', table(parts(plan, 'flow', flowText(spec)))],
    ['Ports', table(portRows(plan))],
    ['Resources', [...table(resourceRows(plan.totals)), ...limits(machine)]],
    ['Data', table(plan.data.map(({ kind, name, effect, text }) => [effect, kind, name, text]))],
    ['Steps', table(stepRows(plan))],
  ];
  const title = `${plan.pipeline}  revision ${plan.revision} of blueprint ${plan.blueprint}`;
  const shown = sections.filter(([, lines]) => lines.length > 0);
  return [...wrap(title, '', '  '), ...shown.flatMap(([name, lines]) => ['', name, ...lines])].join('\n');
}

/** What changes, old → new; then how to keep what would go back to its default. Empty: nothing changes. */
export function parameterLines({ parameterChanges = [] }: Pick<Plan, 'parameterChanges'>): string[] {
  const told = ({ to, toDefault }: ParameterChange) =>
    to === null ? ' (the blueprint has it no more)' : toDefault ? " (the blueprint's default)" : '';
  const value = (each: ParameterChange['to']) => (each === null ? '–' : JSON.stringify(each));
  const rows = parameterChanges.map((each) => [each.name, `${value(each.from)} → ${value(each.to)}${told(each)}`]);
  const reset = parameterChanges.filter(({ from, toDefault }) => toDefault && from !== null);
  if (reset.length === 0) return table(rows);
  const kept = reset.map(({ name, from }) => `--set ${shellWord(`${name}=${from}`)}`);
  // To be copied: a break within a quoted value would be part of it.
  const lines = kept.map((option) => `    ${option}`);
  return [...table(rows), '  What is not given takes its default. To keep what is there:', ...lines];
}

function shellWord(text: string): string {
  return /^[\w=.,:/+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

const words: Record<Bucket, string> = {
  install: 'new',
  keep: 'keep',
  updateInPlace: 'update',
  replace: 'replace',
  remove: 'remove',
};

function parts(plan: Plan, kind: Change['kind'], describe: (name: string) => string): string[][] {
  const changes = plan.changes.filter((change) => change.kind === kind);
  return changes.map(({ bucket, name, why }) => {
    const told = bucket === 'install' || bucket === 'keep' ? '' : ` (${why})`;
    return [words[bucket], name, `${bucket === 'remove' ? '' : describe(name)}${told}`.trim()];
  });
}

function frameworkRows({ frameworks }: Plan): string[][] {
  return frameworks.map(({ framework, action, version, placements, options }) => {
    const memoryMiB = placements.reduce((sum, { demand }) => sum + demand.resources.memoryMiB, 0);
    const named = Object.entries(options).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
    const size = `${count(placements.length, 'task')}, ${memoryMiB} MiB`;
    return [action, `${framework} ${version}`, [size, ...named].join(', ')];
  });
}

function topicText({ topics }: BlueprintSpec) {
  return (name: string) => {
    const { partitions, retentionMs, key, schema } = topics[name]!;
    const hours = Math.round(retentionMs / 36_000) / 100;
    return `${count(partitions, 'partition')}, kept ${hours} h, key ${key}, schema ${schema.name} v${schema.version}`;
  };
}

function tableText({ tables }: BlueprintSpec) {
  return (name: string) => {
    const { columns, partitionKey, clusteringKey, ttlSeconds } = tables[name]!;
    const key = [`(${partitionKey.join(', ')})`, ...clusteringKey.map(({ column, order }) => `${column} ${order}`)];
    const kept = ttlSeconds === 0 ? 'kept for ever' : `kept ${Math.round(ttlSeconds / 864) / 100} days`;
    return `${count(Object.keys(columns).length, 'column')}, key ${key.join(', ')}, ${kept}`;
  };
}

function jobText({ jobs }: BlueprintSpec) {
  return (name: string) => {
    const { input, output, mode, references } = jobs[name]!;
    const joins = Object.values(references);
    const joined = joins.length === 0 ? '' : `, joins ${joins.join(', ')}`;
    const watermark = input.watermarkMs === 0 ? '' : `, watermark ${input.watermarkMs / 1000} s`;
    return `${input.topic} → ${output.topic}, ${mode}${watermark}${joined}`;
  };
}

function serviceText({ services }: BlueprintSpec) {
  return (name: string) => {
    const { runs, instances, resources } = services[name]!;
    const what = runs.kind === 'ingress' ? `HTTP → ${runs.topic}` : runs.entry;
    const each = `${resources.cpus} CPU, ${resources.memoryMiB} MiB`;
    return `${what}, ${instances === 1 ? each : `${instances} × (${each})`}`;
  };
}

function flowText({ flows }: BlueprintSpec) {
  return (name: string) => {
    const { from, to, group } = flows[name]!;
    const source = from.kind === 'kafka' ? `topic ${from.topic}` : `dataset ${from.dataset}`;
    return `${source} → ${target(to)}, in ${group}`;
  };
}

function target(to: FlowSpec['to']): string {
  if (to.kind === 'cassandra') return `table ${to.table}`;
  if (to.kind === 'redis') return `projection ${to.projection}`;
  return to.kind === 'bullmq' ? `queue ${to.queue}` : `service ${to.service}, ${to.ratePerSecond}/s`;
}

function portRows({ frameworks, placements }: Plan): string[][] {
  const all: readonly Placement[] = [...frameworks.flatMap((each) => each.placements), ...placements];
  return all.map(({ task, node, address, ports }) => {
    const named = Object.entries(ports).map(([name, port]) => `${name} ${port}`);
    return [task, node, address, named.join(', ')];
  });
}

function resourceRows({ asked, free }: Plan['totals']): string[][] {
  const row = (label: string, { cpus, memoryMiB, diskMiB }: ResourceTotals) => [
    label,
    `${cpus} CPU`,
    `${memoryMiB} MiB memory`,
    `${diskMiB} MiB disk`,
  ];
  return [row('asked, new', asked), row('free', free)];
}

function limits(machine: PlannedMachine | undefined): string[] {
  if (machine === undefined) return [];
  const { memoryLimit, cpuLimit, sharedPorts } = machine.capabilities;
  const shares = `CPUs are shares: ${count(machine.cores, 'core')}, shared ${machine.cpusPerCore} times`;
  const enforced = `memory limits are ${memoryLimit}, CPU limits are ${cpuLimit}`;
  const shared = sharedPorts ? '' : "; instances of a service can't share a port here: the first one serves";
  return wrap(`${shares}. On this machine ${enforced}${shared}.`, '  ', '  ');
}

function stepRows({ phases }: Plan): string[][] {
  return phases.map(({ name, steps }) => {
    const labels = steps.map(({ label }) => label);
    return [name, `${steps.length}`, labels.join('; ')];
  });
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
