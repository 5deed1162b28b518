/** Facts of a small pipeline that flows: an ingress, a job, two sinks, a feed and a service. */
import type { FlowFacts, HopFact, TaskFact } from '../../../../platform/observe/watch/flowState.ts';

export const nowMs = 1_795_538_300_000;

export function taskFact(part: string, role: TaskFact['role'], more: Partial<TaskFact> = {}): TaskFact {
  const known = { phase: 'running', desired: 'running', reason: '', waitingFor: '', silentMs: 300 } as const;
  return { task: `mine.${part}.0`, part, role, ...known, ...more };
}

export function hopFact(name: string, kind: HopFact['kind'], part: string, more: Partial<HopFact> = {}): HopFact {
  return {
    ...{ name, kind, part, ratePerSecond: 50, lastPassedMs: nowMs - 100, lagRecords: 0, lagSeconds: 0, stillMs: 0 },
    ...{ endToEndP99Ms: 40, clockSkewed: 0 },
    ...more,
  };
}

export const tasks = {
  ingress: taskFact('ingress', 'stage'),
  sinks: taskFact('sinks', 'stage'),
  spark: taskFact('spark-driver', 'stage'),
  api: taskFact('api', 'service'),
  feed: taskFact('feed', 'feed'),
};

export const hops = {
  ingress: hopFact('ingress', 'ingress', 'ingress', { lagRecords: null, lagSeconds: null, stillMs: null }),
  job: hopFact('severe', 'job', 'spark-driver'),
  store: hopFact('store', 'sink', 'sinks'),
  alerts: hopFact('alerts', 'sink', 'sinks'),
};

export function facts(more: Partial<FlowFacts> = {}): FlowFacts {
  return {
    ...{ pipeline: 'mine', recorded: 'flowing', agent: true, worker: true },
    tasks: Object.values(tasks),
    frameworks: [{ framework: 'kafka', state: 'running', down: false, reason: '' }],
    hops: Object.values(hops),
    freshnessMs: 30_000,
    deadLetters: { records: 0, overMs: 600_000, topics: [], newest: null },
    ...{ unbalanced: null, offsetsFault: null },
    ...more,
  };
}

export function withTask(part: keyof typeof tasks, more: Partial<TaskFact>): readonly TaskFact[] {
  return Object.values({ ...tasks, [part]: { ...tasks[part], ...more } });
}

export function withHop(hop: keyof typeof hops, more: Partial<HopFact>): readonly HopFact[] {
  return Object.values({ ...hops, [hop]: { ...hops[hop], ...more } });
}
