/** A pipeline's blueprint as a graph with what was measured on it. Pure; made anew after each look. */
import type { GraphEdge, GraphNode, PipelineGraph, PipelineState } from '../../api/contract/pipelines.ts';
import type { BlueprintSpec } from '../../model/blueprint.ts';
import type { PipelineRecord } from '../../model/records.ts';
import { type Hop, hopsOf } from '../hops.ts';
import type { HopLag } from '../lag.ts';
import { queueHop } from '../queues.ts';
import { silentAfterMs } from './complaints.ts';
import type { HopFact, QueueFact, TaskFact } from './flowState.ts';
import { latencyOf, type StageMeasure } from './measure.ts';
import { count, rate, seconds } from './say.ts';

export interface GraphMeasures {
  readonly atMs: number;
  readonly state: PipelineState;
  readonly reason: string;
  readonly freshnessMs: number;
  /** Of tasks that are known to be there or not; none of a time that is past. */
  readonly tasks: readonly TaskFact[];
  readonly hops: readonly HopFact[];
  readonly edges: ReadonlyMap<string, StageFigures>;
  /** Queues as hops, and jobs of theirs that were given up. */
  readonly queueHops?: readonly Hop[];
  readonly queues?: readonly QueueFact[];
}

/** What is told of a stage at its edges. */
export interface StageFigures extends Pick<GraphEdge, 'ratePerSecond' | 'latency' | 'lagRecords' | 'lagSeconds'> {}

export function figuresOf(measures: readonly StageMeasure[], lags: readonly HopLag[]): Map<string, StageFigures> {
  const byHop = new Map(lags.map((lag) => [lag.hop, lag]));
  return new Map(
    measures.map(({ stage, ratePerSecond, edge }) => {
      const { lagRecords = null, lagSeconds = null } = byHop.get(stage) ?? {};
      return [stage, { ratePerSecond, latency: latencyOf(edge), lagRecords, lagSeconds }];
    }),
  );
}

export function graphOf(
  { pipeline, plan }: Pick<PipelineRecord, 'pipeline' | 'plan'>,
  measures: GraphMeasures,
): PipelineGraph {
  const hops = hopsOf(pipeline, plan.spec);
  const world = worldOf(
    pipeline,
    measures,
    plan.placements.map(({ task }) => task),
  );
  const nodes = [
    ...feeds(plan.spec).map(({ name, group }) => node('feed', name, world, group)),
    ...hops.map((hop) => node(kindOf(hop), hop.name, world, hop.part, hop.name)),
    ...Object.keys(plan.spec.topics).map((name) => topicNode(name, hops, world)),
    ...targets(plan.spec).map(({ kind, name, flows }) => targetNode(kind, name, flows, world)),
    ...modules(plan.spec).map((name) => node('service', name, world, name)),
  ];
  const { atMs, state, reason } = measures;
  return { pipeline, atMs, state, reason, nodes, edges: edgesOf(plan.spec, hops, measures) };
}

interface World {
  readonly measures: GraphMeasures;
  readonly hops: ReadonlyMap<string, HopFact>;
  /** Names of tasks, and what is known of them, by part. */
  readonly tasks: ReadonlyMap<string, readonly string[]>;
  readonly facts: ReadonlyMap<string, TaskFact>;
}

/** Looked up, never searched for: a graph of a thousand nodes is made every second. */
function worldOf(pipeline: string, measures: GraphMeasures, placed: readonly string[]): World {
  return {
    measures,
    hops: new Map(measures.hops.map((hop) => [hop.name, hop])),
    tasks: Map.groupBy(placed, (task) => task.slice(pipeline.length + 1, task.lastIndexOf('.'))),
    facts: new Map(measures.tasks.map((fact) => [fact.task, fact])),
  };
}

/** A worker is none of the blueprint's hops: its service has a node. */
function kindOf({ kind }: Hop): GraphNode['kind'] {
  return kind === 'sink' ? 'flow' : kind === 'worker' ? 'service' : kind;
}

type Condition = Pick<GraphNode, 'state' | 'reason'>;

function node(kind: GraphNode['kind'], name: string, world: World, part: string, hop?: string): GraphNode {
  const tasks = world.tasks.get(part) ?? [];
  const condition = ofTasks(tasks, world) ?? (hop === undefined ? working : ofHop(hop, world));
  return { id: `${kind}:${name}`, kind, name, ...condition, tasks: [...tasks] };
}

const working: Condition = { state: 'ok', reason: 'It runs.' };
const unknown: Condition = { state: 'unknown', reason: 'It does not tell.' };

/** Undefined: nothing is wrong with its tasks, or nothing is known of them. */
function ofTasks(tasks: readonly string[], { facts }: World): Condition | undefined {
  const known = tasks.flatMap((task) => facts.get(task) ?? []);
  const ill = known.flatMap((fact) => {
    const silent = fact.silentMs === null || (fact.silentMs ?? 0) > silentAfterMs;
    if (fact.phase === 'running' || (fact.phase === undefined && !silent))
      return silent ? [{ fact, how: 'does not answer' }] : [];
    return [{ fact, how: `is ${fact.phase ?? 'not there'}${fact.reason === '' ? '' : ` (${fact.reason})`}` }];
  });
  const [first] = ill;
  if (first === undefined) return undefined;
  const down =
    ill.length === known.length && ill.every(({ fact }) => fact.phase !== 'running' && fact.phase !== 'backoff');
  const more = ill.length === 1 ? '' : `, and ${ill.length - 1} more of ${known.length}`;
  return { state: down ? 'down' : 'degraded', reason: `${first.fact.task} ${first.how}${more}.` };
}

function ofHop(name: string, { hops, measures: { freshnessMs } }: World): Condition {
  const hop = hops.get(name);
  if (hop === undefined || (hop.ratePerSecond === null && hop.lagRecords === null)) return unknown;
  const skew = hop.clockSkewed === 0 ? '' : ` ${count(hop.clockSkewed, 'event')} had clocks that run backwards.`;
  // A record whose time nobody knows has waited at least since its hop stands still.
  const isUndated = hop.lagSeconds === null && (hop.lagRecords ?? 0) > 0;
  const ageMs = isUndated ? (hop.stillMs ?? 0) : (hop.lagSeconds ?? 0) * 1000;
  const oldest = `the oldest for ${isUndated ? 'at least ' : ''}${seconds(ageMs / 1000)}`;
  const behind = `${count(hop.lagRecords ?? 0, 'record')} wait, ${oldest}`;
  const late = ageMs >= freshnessMs;
  if (late && (hop.stillMs ?? 0) >= freshnessMs / 2)
    return { state: 'down', reason: `It does not go on: ${behind}.${skew}` };
  if (late) return { state: 'degraded', reason: `It is late: ${behind}.${skew}` };
  if (hop.ratePerSecond === null) return { ...unknown, reason: `It does not tell; ${behind}.` };
  if (hop.ratePerSecond === 0 && (hop.lagRecords ?? 0) === 0)
    return { state: 'idle', reason: `Nothing passes it now.${skew}` };
  return { state: 'ok', reason: `${rate(hop.ratePerSecond)} pass.${skew}` };
}

/** A topic is as lively as what writes it. */
function topicNode(name: string, hops: readonly Hop[], world: World): GraphNode {
  const heading = { id: `topic:${name}`, kind: 'topic' as const, name, tasks: [] };
  const writers = hops.filter(({ writes }) => writes === name);
  return {
    ...heading,
    ...livelinessOf(
      writers.map((hop) => hop.name),
      world,
      'written',
    ),
  };
}

function targetNode(kind: GraphNode['kind'], name: string, flows: readonly string[], world: World): GraphNode {
  const own = kind === 'queue' ? ofQueue(name, world) : undefined;
  return { id: `${kind}:${name}`, kind, name, tasks: [], ...(own ?? livelinessOf(flows, world, 'stored')) };
}

/** Undefined: nothing is known of it, but what its flows put in. */
function ofQueue(name: string, { hops, measures: { freshnessMs, queues = [] } }: World): Condition | undefined {
  const hop = hops.get(queueHop(name));
  if (hop === undefined || hop.lagRecords === null) return undefined;
  const { failed = 0, failedLately = 0 } = queues.find((queue) => queue.name === name) ?? {};
  const given =
    failed === 0 ? '' : ` ${count(failed, 'job')} that failed at each attempt ${failed === 1 ? 'is' : 'are'} kept.`;
  const oldest = hop.lagSeconds === null ? '' : `, the oldest for ${seconds(hop.lagSeconds)}`;
  const waits = `${count(hop.lagRecords, 'job')} wait${oldest}`;
  if ((hop.lagSeconds ?? 0) * 1000 >= freshnessMs)
    return { state: 'degraded', reason: `It is late: ${waits}.${given}` };
  if (failedLately > 0)
    return { state: 'degraded', reason: `Jobs are given up: ${failedLately} of late; ${waits}.${given}` };
  if (hop.lagRecords > 0) return { state: 'ok', reason: `${waits}.${given}` };
  const worked =
    hop.ratePerSecond === null || hop.ratePerSecond === 0 ? '' : `, ${rate(hop.ratePerSecond)} are worked off`;
  return { state: worked === '' ? 'idle' : 'ok', reason: `No job waits${worked}.${given}` };
}

function livelinessOf(stages: readonly string[], { hops }: World, verb: string): Condition {
  const rates = stages.flatMap((stage) => hops.get(stage)?.ratePerSecond ?? []);
  if (rates.length === 0) return unknown;
  const total = rates.reduce((sum, each) => sum + each, 0);
  return total === 0
    ? { state: 'idle', reason: `Nothing is ${verb} now.` }
    : { state: 'ok', reason: `${rate(total)} are ${verb}.` };
}

function edgesOf(
  spec: BlueprintSpec,
  hops: readonly Hop[],
  { edges: figures, queueHops = [] }: Pick<GraphMeasures, 'edges' | 'queueHops'>,
): GraphEdge[] {
  const edge = (from: string, to: string, stage: string | null, shown: readonly (keyof StageFigures)[]): GraphEdge => {
    const own = stage === null ? undefined : figures.get(stage);
    const pick = <K extends keyof StageFigures>(key: K) => (shown.includes(key) ? (own?.[key] ?? null) : null);
    return {
      ...{ id: `${from}>${to}`, from, to, stage },
      ratePerSecond: pick('ratePerSecond') as number | null,
      latency: pick('latency') as GraphEdge['latency'],
      lagRecords: pick('lagRecords') as number | null,
      lagSeconds: pick('lagSeconds') as number | null,
    };
  };
  const into = ['ratePerSecond', 'latency', 'lagRecords', 'lagSeconds'] as const;
  const out = ['ratePerSecond'] as const;
  return [
    ...feeds(spec).map(({ name, ingress }) => edge(`feed:${name}`, `ingress:${ingress}`, ingress, out)),
    ...hops.flatMap(({ name, kind, reads, writes }) => {
      const id = `${kind === 'sink' ? 'flow' : kind}:${name}`;
      const target = kind === 'sink' ? targetOf(spec, name) : undefined;
      return [
        ...(reads === undefined ? [] : [edge(`topic:${reads}`, id, name, into)]),
        ...(writes === undefined
          ? []
          : [edge(id, `topic:${writes}`, name, reads === undefined ? ['ratePerSecond', 'latency'] : out)]),
        ...(target === undefined ? [] : [edge(id, `${target.kind}:${target.name}`, name, out)]),
      ];
    }),
    // Which service works a queue off, its task has said.
    ...queueHops.flatMap(({ name, part }) =>
      spec.services[part]?.runs.kind === 'module' ? [edge(name, `service:${part}`, name, into)] : [],
    ),
  ];
}

function feeds({ flows }: BlueprintSpec) {
  return Object.entries(flows).flatMap(([name, { from, to, group }]) =>
    from.kind === 'dataset' && to.kind === 'ingress' ? [{ name, group, ingress: to.service }] : [],
  );
}

function modules({ services }: BlueprintSpec): readonly string[] {
  return Object.entries(services).flatMap(([name, { runs }]) => (runs.kind === 'module' ? [name] : []));
}

function targetOf(
  { flows }: BlueprintSpec,
  flow: string,
): { readonly kind: GraphNode['kind']; readonly name: string } | undefined {
  const to = flows[flow]?.to;
  if (to?.kind === 'cassandra') return { kind: 'table', name: to.table };
  if (to?.kind === 'redis') return { kind: 'projection', name: to.projection };
  return to?.kind === 'bullmq' ? { kind: 'queue', name: to.queue } : undefined;
}

function targets(
  spec: BlueprintSpec,
): readonly { readonly kind: GraphNode['kind']; readonly name: string; readonly flows: readonly string[] }[] {
  const found = new Map<
    string,
    { readonly kind: GraphNode['kind']; readonly name: string; readonly flows: string[] }
  >();
  for (const flow of Object.keys(spec.flows)) {
    const target = targetOf(spec, flow);
    if (target === undefined) continue;
    const key = `${target.kind}:${target.name}`;
    const known = found.get(key) ?? { ...target, flows: [] };
    known.flows.push(flow);
    found.set(key, known);
  }
  return [...found.values()];
}
