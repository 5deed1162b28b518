/** Steps of a change to a revision's tasks: stopped, started or restarted, in an order that loses nothing. Pure. */
import { fail } from '../errors.ts';
import type { ChangeRequest } from '../model/operations.ts';
import type { Phase, Plan, Step } from '../model/plan.ts';
import { makeStep } from './steps.ts';
import { flowGroups, isFeed } from './tasks.ts';

/** What is left after this long stays in the topics, and is read at the next start. */
const drainPatienceMs = 10_000;
const timeoutSeconds = { stop: 90, resume: 60, restart: 120, drain: 30, ready: 240, observe: 180 } as const;

type Changed = Pick<Plan, 'pipeline' | 'spec' | 'placements'>;

/** `service`: any part of the pipeline that tasks are named after. Throws UNKNOWN_SERVICE. */
export function planChange(plan: Changed, { change, service }: Pick<ChangeRequest, 'change' | 'service'>): Phase[] {
  const parts = partsOf(plan);
  const phases = change === 'stop' ? stopPhases(parts) : change === 'start' ? startPhases(parts) : undefined;
  return (phases ?? restartPhases(plan, parts, service)).filter(({ steps }) => steps.length > 0);
}

interface Parts {
  readonly feeds: readonly string[];
  readonly ingresses: readonly string[];
  readonly services: readonly string[];
  readonly others: readonly string[];
}

function partsOf({ pipeline, spec, placements }: Changed): Parts {
  const groups = flowGroups(spec);
  const part = ({ demand }: Plan['placements'][number]) => demand.group.slice(pipeline.length + 1);
  const kindOf = (placement: Plan['placements'][number]): keyof Parts => {
    const name = part(placement);
    const group = groups[name];
    if (group !== undefined) return isFeed(group) ? 'feeds' : 'others';
    const runs = spec.services[name]?.runs;
    return runs === undefined ? 'others' : runs.kind === 'ingress' ? 'ingresses' : 'services';
  };
  const tasks = Map.groupBy(placements, kindOf);
  const named = (kind: keyof Parts) => (tasks.get(kind) ?? []).map(({ task }) => task);
  return { feeds: named('feeds'), ingresses: named('ingresses'), services: named('services'), others: named('others') };
}

/** From the top: what sends ends first, then what takes in, then, when the topics are read, all that reads. */
function stopPhases({ feeds, ingresses, services, others }: Parts): Phase[] {
  const stop = (tasks: readonly string[], after: readonly string[]) =>
    tasks.map((task) => makeStep(`stop:${task}`, 'task.stop', { task }, `stop ${task}`, after, timeoutSeconds.stop));
  const ids = (tasks: readonly string[]) => tasks.map((task) => `stop:${task}`);
  const drain = makeStep(
    'drain',
    'flow.drain',
    { patienceMs: drainPatienceMs },
    'what is in the topics is read',
    ids([...feeds, ...ingresses]),
    timeoutSeconds.drain,
  );
  return [
    { name: 'feeds', strategy: 'parallel', steps: stop(feeds, []) },
    { name: 'ingresses', strategy: 'parallel', steps: stop(ingresses, ids(feeds)) },
    { name: 'drain', strategy: 'serial', steps: [drain] },
    { name: 'stop', strategy: 'parallel', steps: stop([...others, ...services], ['drain']) },
  ];
}

/** As a deploy: all but the feeds at once, these when the others are ready; it ends when data was seen to flow. */
function startPhases({ feeds, ingresses, services, others }: Parts): Phase[] {
  const resume = (tasks: readonly string[], after: readonly string[]) =>
    tasks.map((task) =>
      makeStep(`start:${task}`, 'task.resume', { task }, `start ${task}`, after, timeoutSeconds.resume),
    );
  const first = [...ingresses, ...services, ...others];
  const readyFirst = first.map((task) => ready(task, [`start:${task}`]));
  const answer = readyFirst.map(({ id }) => id);
  const observe = makeStep(
    'observe',
    'flow.observe',
    {},
    'an event seen from end to end',
    answer,
    timeoutSeconds.observe,
  );
  return [
    { name: 'start', strategy: 'parallel', steps: resume(first, []) },
    { name: 'ready', strategy: 'dependency', steps: readyFirst },
    {
      name: 'feeds',
      strategy: 'dependency',
      steps: [...resume(feeds, answer), ...feeds.map((task) => ready(task, [`start:${task}`]))],
    },
    { name: 'observe', strategy: 'serial', steps: [observe] },
  ];
}

/** One task after the other, each ready before the next. */
function restartPhases(plan: Changed, parts: Parts, service: string | undefined): Phase[] {
  const { ingresses, services, others, feeds } = parts;
  const tasks = service === undefined ? [...ingresses, ...services, ...others, ...feeds] : instancesOf(plan, service);
  const steps = tasks.flatMap((task, at) => {
    const before = at === 0 ? [] : [`ready:${tasks[at - 1]}`];
    const restart = makeStep(
      `restart:${task}`,
      'task.restart',
      { task },
      `restart ${task}`,
      before,
      timeoutSeconds.restart,
    );
    return [restart, ready(task, [restart.id])];
  });
  return [{ name: 'restart', strategy: 'serial', steps }];
}

function instancesOf({ pipeline, spec, placements }: Changed, service: string): string[] {
  const known = [...new Set(placements.map(({ demand }) => demand.group.slice(pipeline.length + 1)))];
  if (spec.services[service] === undefined && !known.includes(service)) {
    fail('UNKNOWN_SERVICE', { name: service, pipeline, known });
  }
  return placements.filter(({ demand }) => demand.group === `${pipeline}.${service}`).map(({ task }) => task);
}

function ready(task: string, after: readonly string[]): Step {
  return makeStep(`ready:${task}`, 'task.ready', { task }, `${task} answers`, after, timeoutSeconds.ready);
}
