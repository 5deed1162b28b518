/** What keeps a pipeline from flowing, and what is not as it should be while it flows: one sentence each. Pure. */
import { failedSpanMs } from '../../model/queueDepth.ts';
import type { FlowFacts, FrameworkFact, HopFact, QueueFact, TaskFact } from './flowState.ts';
import { count, list, seconds } from './say.ts';

/** A task that has not answered for so long does not answer; so long after the last event nothing comes in. */
export const silentAfterMs = 5000;
export const idleAfterMs = 10_000;

/** What is wrong, and the command that tells more or mends it. */
export interface Complaint {
  readonly text: string;
  readonly next: string;
}

/** Why nothing comes out: servers and stages that are down, hops that stand still. The gravest first. */
export function stalls(facts: FlowFacts): readonly Complaint[] {
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
    return [{ text, next: nextOf(pipeline, own[0]!) }];
  });
  return [...servers, ...down, ...stuckHops(facts).map((hop) => stuck(pipeline, hop, tasks))];
}

function nextOf(pipeline: string, { task, phase, desired }: TaskFact): string {
  if (phase !== 'stopped') return `millrace logs ${task}`;
  return desired === 'stopped' ? `millrace start ${pipeline}` : 'millrace up';
}

/** The one with the oldest record first. */
function stuckHops({ hops, freshnessMs }: FlowFacts): readonly HopFact[] {
  const waitedMs = Math.min(freshnessMs, idleAfterMs);
  return hops
    .filter((hop) => leastAgeMs(hop) >= freshnessMs && (hop.lagRecords ?? 0) > 0)
    .filter(({ stillMs }) => (stillMs ?? 0) >= waitedMs)
    .sort((one, other) => leastAgeMs(other) - leastAgeMs(one));
}

/** A record whose time nobody knows has waited at least since its hop stands still. */
function leastAgeMs({ lagSeconds, stillMs }: HopFact): number {
  return lagSeconds === null ? (stillMs ?? 0) : lagSeconds * 1000;
}

function stuck(pipeline: string, hop: HopFact, tasks: readonly TaskFact[]): Complaint {
  const own = tasks.filter((task) => task.part === hop.part);
  const silent = own.find(isSilent);
  const waiting = own.find(({ waitingFor }) => waitingFor !== '');
  const waits = waiting === undefined ? '' : `, and ${waiting.task} waits for ${waiting.waitingFor}`;
  const why = silent === undefined ? waits : `, and ${silent.task} does not answer`;
  const text = `${hop.name} does not go on: ${count(hop.lagRecords ?? 0, 'record')} wait, ${waitedFor(hop)}${why}`;
  return { text, next: silent === undefined ? `millrace lag ${pipeline}` : `millrace logs ${silent.task}` };
}

function waitedFor(hop: HopFact): string {
  const least = hop.lagSeconds === null ? 'at least ' : '';
  return `the oldest for ${least}${seconds(leastAgeMs(hop) / 1000)}`;
}

/** The gravest first. */
export function troubles(facts: FlowFacts): readonly Complaint[] {
  const { agent, offsetsFault, pipeline } = facts;
  return [
    ...(facts.unread ? [unread(facts.unread)] : []),
    ...(agent ? [] : [{ text: 'The agent does not run, so that nothing is started again', next: 'millrace up' }]),
    ...facts.frameworks.filter(({ state }) => state !== 'running').map(lesserServer),
    ...taskTroubles(facts),
    ...lateHops(facts),
    ...(facts.unbalanced === null ? [] : [unbalanced(pipeline, facts.unbalanced)]),
    ...(facts.deadLetters.records === 0 ? [] : [deadLetters(facts)]),
    ...(facts.queues ?? []).filter(({ failedLately }) => failedLately > 0).map(givenUp),
    ...(offsetsFault === null
      ? []
      : [{ text: `Kafka does not tell offsets: ${offsetsFault}`, next: 'millrace status' }]),
  ];
}

/** The messages of errors are sentences. */
function unread({ message, next }: NonNullable<FlowFacts['unread']>): Complaint {
  return { text: `${message.replace(/\.$/, '')}; it is watched as it was recorded before`, next };
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
    next: `millrace ledger ${pipeline}, and once you have seen why: millrace ledger ${pipeline} --acknowledge`,
  };
}

function deadLetters({ deadLetters: { records, overMs, topics, newest } }: FlowFacts): Complaint {
  const span = `${Math.round(overMs / 60_000)} min`;
  const last =
    newest === null ? '' : `; the newest, ${seconds(newest.agoMs / 1000)} ago by ${newest.stage}: ${newest.reason}`;
  return {
    text: `${count(records, 'event')} went to ${list(topics)} in the last ${span}${last}`,
    next: `millrace console shows them with their reasons; told until ${span} after the last one`,
  };
}

function givenUp({ name, failedLately }: QueueFact): Complaint {
  const span = `${failedSpanMs / 60_000} min`;
  return {
    text: `${count(failedLately, 'job')} of queue ${name} failed at each attempt and ${failedLately === 1 ? 'was' : 'were'} given up in the last ${span}`,
    next: `the log of the service that works ${name} off tells why; told until ${span} after the last one`,
  };
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
