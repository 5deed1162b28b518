/** The state of a pipeline by its data, out of what was seen. Pure. */
import type { PipelineState } from '../../api/contract/pipelines.ts';
import type { TaskPhase } from '../../cluster/driver.ts';
import type { PipelineRecord } from '../../model/records.ts';
import type { Hop } from '../hops.ts';
import { allEnds, asSentence, count, list, rate, seconds } from './say.ts';

export interface TaskFact {
  readonly task: string;
  /** See Hop. */
  readonly part: string;
  /** `stage`: events pass it, nothing flows without. `feed`: it brings events of its own. `service`: beside the flow. */
  readonly role: 'stage' | 'feed' | 'service';
  /** Undefined: there is no such task, or no agent to ask. */
  readonly phase: TaskPhase | undefined;
  readonly desired?: 'running' | 'stopped';
  readonly reason: string;
  /** By its own word; empty: nothing. */
  readonly waitingFor: string;
  /** Milliseconds since it last answered; null: it has not yet; undefined: it was not asked. */
  readonly silentMs: number | null | undefined;
}

export interface HopFact extends Pick<Hop, 'name' | 'kind' | 'part'> {
  /** Events that passed, a second. Null here and below: not known. */
  readonly ratePerSecond: number | null;
  readonly lastPassedMs: number | null;
  readonly lagRecords: number | null;
  readonly lagSeconds: number | null;
  /** Since when it has not gone on although there is something to read. */
  readonly stillMs: number | null;
  /** From the ingress to here. */
  readonly endToEndP99Ms: number | null;
  readonly clockSkewed: number;
}

export interface FrameworkFact {
  readonly framework: string;
  readonly state: string;
  /** None of its tasks runs. */
  readonly down: boolean;
  readonly reason: string;
}

export interface FlowFacts {
  readonly pipeline: string;
  readonly recorded: PipelineRecord['state'];
  readonly error?: PipelineRecord['error'];
  /** Whether the agent answers, which keeps tasks running, and the worker, which carries operations out. */
  readonly agent: boolean;
  readonly worker: boolean;
  readonly tasks: readonly TaskFact[];
  readonly frameworks: readonly FrameworkFact[];
  readonly hops: readonly HopFact[];
  /** Older than this, what is not done is late. */
  readonly freshnessMs: number;
  /** Records that came into the dead-letter topics of late, and over which time that is. */
  readonly deadLetters: { readonly records: number; readonly overMs: number };
  /** Windows that do not balance and that nobody has acknowledged, and the newest of them in a few words. */
  readonly unbalanced: { readonly windows: number; readonly newest: string } | null;
  /** Why Kafka's offsets are not known; null: they are. */
  readonly offsetsFault: string | null;
}

export interface Verdict {
  readonly state: PipelineState;
  readonly reason: string;
  readonly next: string | null;
}

/** A task that has not answered for so long does not answer; so long after the last event nothing comes in. */
export const silentAfterMs = 5000;
export const idleAfterMs = 10_000;
export const defaultFreshnessMs = 30_000;

export function flowStateOf(facts: FlowFacts, nowMs: number): Verdict {
  const passing = operation(facts) ?? stopped(facts);
  if (passing !== undefined) return passing;
  const stalled = stalls(facts);
  if (stalled.length > 0) return { state: 'stalled', ...asSentence(stalled) };
  const degraded = troubles(facts);
  if (degraded.length > 0) return { state: 'degraded', ...asSentence(degraded) };
  return isIdle(facts, nowMs) ? idle(facts, nowMs) : flowing(facts);
}

/** What is wrong, and the command that tells more or mends it. */
export interface Complaint {
  readonly text: string;
  readonly next: string;
}

function operation({ recorded, worker, error, pipeline }: FlowFacts): Verdict | undefined {
  if (recorded === 'deploying' || recorded === 'destroying') {
    const verb = recorded === 'deploying' ? 'deploy' : 'destroy';
    if (worker) return { state: recorded, reason: `A ${verb} is under way.`, next: null };
    return { state: recorded, reason: `A ${verb} was cut off.`, next: 'millrace up' };
  }
  if (recorded === 'failed') {
    const why = error === undefined ? 'Its deploy failed' : `Its deploy failed with ${error.code}: ${error.message}`;
    return { state: 'failed', reason: why.endsWith('.') ? why : `${why}.`, next: `millrace destroy ${pipeline}` };
  }
  return undefined;
}

function stopped({ recorded, pipeline, tasks, agent }: FlowFacts): Verdict | undefined {
  if (recorded === 'stopped')
    return { state: 'stopped', reason: 'It was destroyed and its data kept.', next: `millrace destroy ${pipeline}` };
  const isDown = ({ phase, silentMs }: TaskFact) =>
    phase === undefined ? silentMs === null || silentMs === undefined || silentMs > silentAfterMs : phase === 'stopped';
  if (!tasks.every(isDown)) return undefined;
  const reason = agent ? 'All its tasks are stopped.' : 'No agent runs, and none of its tasks answers.';
  return { state: 'stopped', reason, next: 'millrace up' };
}

function stalls(facts: FlowFacts): readonly Complaint[] {
  const { pipeline, tasks, frameworks, hops } = facts;
  const servers = frameworks
    .filter(({ down }) => down)
    .map(({ framework, reason }) => ({ text: `${framework} is down: ${reason}`, next: 'millrace up' }));
  const parts = [...new Set(tasks.filter(({ role }) => role === 'stage').map(({ part }) => part))];
  const down = parts.flatMap((part): Complaint[] => {
    const own = tasks.filter((task) => task.part === part && task.role === 'stage');
    if (facts.agent ? !own.every(isEnded) : true) return [];
    const stages = hops.filter((hop) => hop.part === part).map(({ name }) => name);
    const text = `${list(stages)} can't go on: ${own[0]!.task} is ${own[0]!.phase ?? 'not there'}${because(own[0]!)}`;
    return [{ text, next: own[0]!.phase === 'stopped' ? 'millrace up' : `millrace logs ${own[0]!.task}` }];
  });
  return [...servers, ...down, ...stuckHops(facts).map((hop) => stuck(pipeline, hop, tasks))];
}

/** The one with the oldest record first. */
function stuckHops({ hops, freshnessMs }: FlowFacts): readonly HopFact[] {
  const waitedMs = Math.min(freshnessMs, idleAfterMs);
  return hops
    .filter(({ lagSeconds, lagRecords }) => (lagSeconds ?? 0) * 1000 >= freshnessMs && (lagRecords ?? 0) > 0)
    .filter(({ stillMs }) => (stillMs ?? 0) >= waitedMs)
    .sort((one, other) => other.lagSeconds! - one.lagSeconds!);
}

function stuck(pipeline: string, hop: HopFact, tasks: readonly TaskFact[]): Complaint {
  const own = tasks.filter((task) => task.part === hop.part);
  const silent = own.find(isSilent);
  const waiting = own.find(({ waitingFor }) => waitingFor !== '');
  const waits = waiting === undefined ? '' : `, and ${waiting.task} waits for ${waiting.waitingFor}`;
  const why = silent === undefined ? waits : `, and ${silent.task} does not answer`;
  const text = `${hop.name} does not go on: ${count(hop.lagRecords ?? 0, 'record')} wait, the oldest for ${seconds(hop.lagSeconds!)}${why}`;
  return { text, next: silent === undefined ? `millrace lag ${pipeline}` : `millrace logs ${silent.task}` };
}

function troubles(facts: FlowFacts): readonly Complaint[] {
  const { agent, offsetsFault, pipeline } = facts;
  return [
    ...(agent ? [] : [{ text: 'The agent does not run, so that nothing is started again', next: 'millrace up' }]),
    ...facts.frameworks.filter(({ state }) => state !== 'running').map(lesserServer),
    ...taskTroubles(facts),
    ...lateHops(facts),
    ...(facts.unbalanced === null ? [] : [unbalanced(pipeline, facts.unbalanced)]),
    ...(facts.deadLetters.records === 0 ? [] : [deadLetters(facts)]),
    ...(offsetsFault === null
      ? []
      : [{ text: `Kafka does not tell offsets: ${offsetsFault}`, next: 'millrace status' }]),
  ];
}

function lesserServer({ framework, state, reason }: FrameworkFact): Complaint {
  return { text: `${framework} is ${state}${reason === '' ? '' : `: ${reason}`}`, next: 'millrace status' };
}

function taskTroubles({ tasks, agent }: FlowFacts): readonly Complaint[] {
  const ill = tasks.filter((task) => {
    if (task.role === 'feed' && task.phase === 'stopped' && task.desired !== 'running') return false;
    return (agent && task.phase !== 'running') || isSilent(task) || task.waitingFor !== '';
  });
  return ill.map((task) => {
    const isUp = !agent || task.phase === 'running';
    const answers = isSilent(task) ? 'does not answer' : `waits for ${task.waitingFor}`;
    const how = isUp ? answers : `is ${task.phase ?? 'not there'}`;
    return { text: `${task.task} ${how}${because(task)}`, next: `millrace logs ${task.task}` };
  });
}

function lateHops({ hops, freshnessMs, pipeline }: FlowFacts): readonly Complaint[] {
  const late = hops.filter(({ lagSeconds }) => (lagSeconds ?? 0) * 1000 >= freshnessMs);
  const slow = hops.filter(
    (hop) => hop.kind === 'sink' && !late.includes(hop) && (hop.endToEndP99Ms ?? 0) > freshnessMs,
  );
  const bound = seconds(freshnessMs / 1000);
  return [
    ...late
      .sort((one, other) => other.lagSeconds! - one.lagSeconds!)
      .map(({ name, lagSeconds, lagRecords }) => ({
        text: `${name} is late: ${count(lagRecords ?? 0, 'record')} wait, the oldest for ${seconds(lagSeconds!)}; ${bound} are allowed`,
        next: `millrace lag ${pipeline}`,
      })),
    ...slow.map(({ name, endToEndP99Ms }) => ({
      text: `${name} gets events late: p99 from the ingress ${seconds(endToEndP99Ms! / 1000)}; ${bound} are allowed`,
      next: `millrace lag ${pipeline}`,
    })),
  ];
}

function unbalanced(pipeline: string, { windows, newest }: NonNullable<FlowFacts['unbalanced']>): Complaint {
  return {
    text: `${count(windows, 'window')} of the ledger do not balance: ${newest}`,
    next: `millrace ledger ${pipeline}`,
  };
}

function deadLetters({ deadLetters: { records, overMs } }: FlowFacts): Complaint {
  return {
    text: `${count(records, 'event')} went to the dead-letter topics in the last ${seconds(overMs / 1000)}`,
    next: 'read the dead letters: their headers say why',
  };
}

function isIdle({ hops }: FlowFacts, nowMs: number): boolean {
  if (hops.some(({ lagRecords }) => (lagRecords ?? 0) > 0)) return false;
  const ingresses = hops.filter(({ kind }) => kind === 'ingress');
  return ingresses.every(({ lastPassedMs }) => lastPassedMs === null || nowMs - lastPassedMs > idleAfterMs);
}

function idle({ hops, tasks }: FlowFacts, nowMs: number): Verdict {
  const last = Math.max(0, ...hops.flatMap((hop) => (hop.kind === 'ingress' ? (hop.lastPassedMs ?? 0) : 0)));
  const since =
    last === 0
      ? 'Nothing has come in since the ingress started'
      : `Nothing has come in for ${seconds((nowMs - last) / 1000)}`;
  const feed = tasks.find(({ role, phase }) => role === 'feed' && phase === 'stopped');
  const why = feed === undefined ? '' : `; ${feed.task} is stopped`;
  return { state: 'idle', reason: `${since}, and all that came is done${why}.`, next: null };
}

function flowing({ hops }: FlowFacts): Verdict {
  const known = hops.filter(({ kind, ratePerSecond }) => kind === 'ingress' && ratePerSecond !== null);
  const perSecond = known.reduce((total, hop) => total + hop.ratePerSecond!, 0);
  const [last] = hops
    .filter(({ lagSeconds }) => lagSeconds !== null)
    .sort((one, other) => other.lagSeconds! - one.lagSeconds!);
  const input = known.length === 0 ? 'Events come in' : `${rate(perSecond)} come in`;
  const sinks = allEnds(hops.filter(({ kind }) => kind === 'sink').length);
  const behind = last === undefined ? '' : `; the last, ${last.name}, is ${seconds(last.lagSeconds!)} behind`;
  return { state: 'flowing', reason: `${input} and reach ${sinks}${behind}.`, next: null };
}

function isEnded({ phase }: TaskFact): boolean {
  return phase === undefined || phase === 'stopped' || phase === 'failed';
}

function isSilent({ silentMs }: TaskFact): boolean {
  return silentMs === null || (silentMs !== undefined && silentMs > silentAfterMs);
}

function because({ reason }: TaskFact): string {
  return reason === '' ? '' : ` (${reason})`;
}
