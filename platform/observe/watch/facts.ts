/** Puts together what was seen of a pipeline as facts for its state. Pure. */
import type { TaskStatus } from '../../cluster/driver.ts';
import type { PipelineRecord } from '../../model/records.ts';
import { type Hop, hopsOf } from '../hops.ts';
import type { HopLag } from '../lag.ts';
import type { SeenQueue } from '../queues.ts';
import type { FlowFacts, FrameworkFact, HopFact, TaskFact } from './flowState.ts';
import { latencyOf, type StageMeasure } from './measure.ts';

export interface Sight {
  readonly record: PipelineRecord;
  /** By id; undefined: there is no agent to ask. */
  readonly statuses: ReadonlyMap<string, TaskStatus> | undefined;
  readonly worker: boolean;
  readonly frameworks: readonly FrameworkFact[];
  /** By task: when it last answered; a task that was asked and has not answered yet has null. */
  readonly answeredMs: ReadonlyMap<string, number | null>;
  /** By task, of those that wait. */
  readonly waitingFor: ReadonlyMap<string, string>;
  readonly measures: readonly StageMeasure[];
  readonly lags: readonly HopLag[];
  readonly stillMs: (hop: string) => number | undefined;
  /** Queues, as hops and as they were seen. */
  readonly queueHops?: readonly Hop[];
  readonly queues?: readonly SeenQueue[];
}

type Rest = Pick<FlowFacts, 'freshnessMs' | 'deadLetters' | 'unbalanced' | 'offsetsFault' | 'unread'>;

export function factsOf(sight: Sight, rest: Rest, nowMs: number): FlowFacts {
  const { record, statuses, worker, frameworks } = sight;
  const { pipeline, plan, state, error } = record;
  const hops = hopsOf(pipeline, plan.spec);
  return {
    pipeline,
    recorded: state,
    ...(error === undefined ? {} : { error }),
    agent: statuses !== undefined,
    worker,
    tasks: plan.placements.map(({ task }) => taskFact(sight, hops, task, nowMs)),
    frameworks,
    hops: [...hops, ...(sight.queueHops ?? [])].map((hop) => hopFact(sight, hop)),
    queues: (sight.queues ?? []).map(({ name, failed, failedLately }) => ({ name, failed, failedLately })),
    ...rest,
  };
}

/** `open`: faults that nobody has acknowledged, oldest first. */
export function unbalancedOf(
  open: readonly { readonly origin: string; readonly text: string }[],
): FlowFacts['unbalanced'] {
  const newest = open.at(-1);
  if (newest === undefined) return null;
  return { windows: new Set(open.map(({ origin }) => origin)).size, newest: `${newest.origin}, ${newest.text}` };
}

function taskFact(
  { record, statuses, answeredMs, waitingFor }: Sight,
  hops: readonly Hop[],
  task: string,
  nowMs: number,
): TaskFact {
  const status = statuses?.get(task);
  const answered = answeredMs.get(task);
  const part = partOf(record.pipeline, task);
  return {
    task,
    part,
    role: roleOf(record, hops, part),
    phase: status?.phase,
    ...(status === undefined ? {} : { desired: status.desired }),
    reason: status?.phase === 'running' ? '' : (status?.reason ?? ''),
    waitingFor: waitingFor.get(task) ?? '',
    silentMs: typeof answered === 'number' ? Math.max(0, nowMs - answered) : answered,
  };
}

/** `mine.api.0` → `api`. */
export function partOf(pipeline: string, task: string): string {
  return task.slice(pipeline.length + 1, task.lastIndexOf('.'));
}

function roleOf({ plan }: PipelineRecord, hops: readonly Hop[], part: string): TaskFact['role'] {
  if (hops.some((hop) => hop.part === part)) return 'stage';
  const feeds = Object.values(plan.spec.flows).filter(({ from }) => from.kind === 'dataset');
  return feeds.some(({ group }) => group === part) ? 'feed' : 'service';
}

function hopFact({ record, measures, lags, stillMs }: Sight, { name, kind, part }: Hop): HopFact {
  const measure = measures.find(({ stage }) => stage === name);
  const lag = lags.find(({ hop }) => hop === name);
  return {
    ...{ name, kind, part },
    ratePerSecond: measure?.ratePerSecond ?? null,
    lastPassedMs: measure?.lastPassedMs ?? null,
    lagRecords: lag?.lagRecords ?? null,
    lagSeconds: lag?.lagSeconds ?? null,
    stillMs: beyondPause(stillMs(name), record, name),
    endToEndP99Ms: measure === undefined ? null : (latencyOf(measure.endToEnd)?.p99Ms ?? null),
    clockSkewed: measure?.clockSkewed ?? 0,
  };
}

/** A job that works in batches stands still between two of them, which is no fault. */
function beyondPause(stillMs: number | undefined, { plan }: PipelineRecord, name: string): number | null {
  if (stillMs === undefined) return null;
  const job = plan.spec.jobs[name];
  return job === undefined || job.mode === 'realtime' ? stillMs : Math.max(0, stillMs - job.triggerMs);
}
