/** The state of a pipeline by its data, out of what was seen. Pure. */
import type { PipelineState } from '../../api/contract/pipelines.ts';
import type { TaskPhase } from '../../cluster/driver.ts';
import type { PipelineRecord } from '../../model/records.ts';
import type { Hop } from '../hops.ts';
import { idleAfterMs, silentAfterMs, stalls, troubles } from './complaints.ts';
import { allEnds, asSentence, rate, seconds } from './say.ts';

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

export interface QueueFact {
  readonly name: string;
  readonly failed: number;
  readonly failedLately: number;
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
  /** Jobs that were given up: those that are kept, and those of the last ten minutes. Only of queues that tell. */
  readonly queues?: readonly QueueFact[];
  /** Older than this, what is not done is late. */
  readonly freshnessMs: number;
  /** Records that came into the dead-letter topics of late, over which time that is, and into which; of the newest why. */
  readonly deadLetters: {
    readonly records: number;
    readonly overMs: number;
    readonly topics: readonly string[];
    /** Null: not known. */
    readonly newest: { readonly agoMs: number; readonly stage: string; readonly reason: string } | null;
  };
  /** Windows that do not balance and that nobody has acknowledged, and the newest of them in a few words. */
  readonly unbalanced: { readonly windows: number; readonly newest: string } | null;
  /** Why Kafka's offsets are not known; null: they are. */
  readonly offsetsFault: string | null;
  /** Why the record of the pipeline can't be read, and what to do; else null. */
  readonly unread?: { readonly message: string; readonly next: string } | null;
}

export interface Verdict {
  readonly state: PipelineState;
  readonly reason: string;
  readonly next: string | null;
}

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

function operation({ recorded, worker, error, pipeline }: FlowFacts): Verdict | undefined {
  if (recorded === 'deploying' || recorded === 'destroying') {
    const verb = recorded === 'deploying' ? 'deploy' : 'destroy';
    if (worker) return { state: recorded, reason: `A ${verb} is under way.`, next: null };
    return { state: recorded, reason: `A ${verb} was cut off.`, next: 'millrace up' };
  }
  if (recorded === 'failed') {
    const verb = error?.code === 'LEFT_BEHIND' ? 'destroy' : 'deploy';
    const why = error === undefined ? 'Its deploy failed' : `Its ${verb} failed with ${error.code}: ${error.message}`;
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
  if (tasks.length > 0 && tasks.every(({ phase, desired }) => phase === 'stopped' && desired === 'stopped')) {
    return { state: 'stopped', reason: 'All its tasks were stopped on request.', next: `millrace start ${pipeline}` };
  }
  const reason = agent ? 'All its tasks are stopped.' : 'No agent runs, and none of its tasks answers.';
  return { state: 'stopped', reason, next: 'millrace up' };
}

function isIdle({ hops }: FlowFacts, nowMs: number): boolean {
  if (hops.some(({ lagRecords }) => (lagRecords ?? 0) > 0)) return false;
  const ingresses = hops.filter(({ kind }) => kind === 'ingress');
  return ingresses.every(({ lastPassedMs }) => lastPassedMs === null || Math.abs(nowMs - lastPassedMs) > idleAfterMs);
}

function idle({ hops, tasks }: FlowFacts, nowMs: number): Verdict {
  const last = Math.max(0, ...hops.flatMap((hop) => (hop.kind === 'ingress' ? (hop.lastPassedMs ?? 0) : 0)));
  const since =
    last === 0
      ? 'Nothing has come in since the ingress started'
      : `Nothing has come in for ${seconds(Math.max(0, nowMs - last) / 1000)}`;
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
