/** The steps of a deploy, phase by phase. The same on every deploy; undo only for what this revision makes new. */
import type { BlueprintSpec } from '../model/blueprint.ts';
import type { FrameworkName, Phase, Step, StepInputs, StepKind } from '../model/plan.ts';
import type { FrameworkIntent } from './frameworkPlans.ts';
import type { StandingPipeline } from './standing.ts';
import type { PipelineTask } from './tasks.ts';

export interface StepsInput {
  readonly pipeline: string;
  readonly spec: BlueprintSpec;
  readonly intents: readonly FrameworkIntent[];
  readonly tasks: readonly PipelineTask[];
  readonly taskRevisions: Readonly<Record<string, number>>;
  readonly standing: StandingPipeline;
}

const timeoutSeconds = { ensure: 420, user: 120, data: 120, launch: 60, ready: 240, observe: 180, retire: 90 } as const;

/** Ids are unique over all phases: `ensure:kafka`, `user:kafka`, `topics`, `tables`, `launch:TASK`, `ready:TASK`, `observe`. */
export function pipelinePhases(input: StepsInput): Phase[] {
  const feeds = input.tasks.filter(({ role }) => role === 'feed');
  const others = input.tasks.filter(({ role }) => role !== 'feed');
  const prepare = prepareSteps(input);
  const prepared = [...input.intents.map(({ framework }) => `ensure:${framework}`), ...prepare.map(({ id }) => id)];
  const ready = others.map((task) => readyStep(task, prepared));
  const readyIds = ready.map(({ id }) => id);
  const observe = observeStep(input.spec, others, prepared);
  const feed = feeds.flatMap((task) => [launchStep(input, task, readyIds), readyStep(task, [])]);
  const phases: Phase[] = [
    { name: 'frameworks', strategy: 'parallel', steps: input.intents.map((intent) => ensureStep(input, intent)) },
    { name: 'prepare', strategy: 'dependency', steps: prepare },
    { name: 'launch', strategy: 'parallel', steps: others.map((task) => launchStep(input, task, [])) },
    { name: 'ready', strategy: 'dependency', steps: ready },
    { name: 'feed', strategy: 'dependency', steps: feed },
    { name: 'retire', strategy: 'parallel', steps: retireSteps(input, readyIds) },
    { name: 'observe', strategy: 'serial', steps: [observe] },
  ];
  return phases.filter(({ steps }) => steps.length > 0);
}

/** `seconds`: see `Step.timeoutSeconds`. */
export function makeStep<K extends StepKind>(
  id: string,
  kind: K,
  input: StepInputs[K],
  label: string,
  after: readonly string[],
  seconds: number,
  undo?: Step['undo'],
): Step<K> {
  return { id, label, kind, input, after, ...(undo ? { undo } : {}), timeoutSeconds: seconds };
}

function ensureStep({ pipeline }: StepsInput, { framework, action, users }: FrameworkIntent): Step {
  const undo = users.includes(pipeline) ? undefined : ({ kind: 'framework.release', input: { framework } } as const);
  const label = action === 'install' ? `install ${framework}` : `reuse ${framework}`;
  return makeStep(`ensure:${framework}`, 'framework.ensure', { framework }, label, [], timeoutSeconds.ensure, undo);
}

/** Topics, tables and users, for the servers that are there. The grants of Cassandra's user name tables: it comes after them. */
function prepareSteps({ spec, intents, standing }: StepsInput): Step[] {
  const uses = (name: FrameworkName) => intents.some(({ framework }) => framework === name);
  const steps: Step[] = [];
  if (uses('kafka')) {
    steps.push(userStep('kafka', ['ensure:kafka'], standing));
    const topics = Object.keys(spec.topics);
    const made = topics.filter((topic) => !standing.topics.has(topic));
    const flows = Object.keys(spec.flows).filter((flow) => standing.spec?.flows[flow] === undefined);
    const isNew = made.length > 0 || flows.length > 0;
    const undo = isNew ? ({ kind: 'kafka.topics.remove', input: { topics: made, flows } } as const) : undefined;
    steps.push(makeStep('topics', 'kafka.topics', { topics }, 'topics', ['ensure:kafka'], timeoutSeconds.data, undo));
  }
  if (uses('cassandra')) {
    const tables = Object.keys(spec.tables);
    const made = tables.filter((table) => !standing.tables.has(table));
    const keyspace = standing.tables.size === 0 && !hadUser('cassandra', standing);
    const isNew = made.length > 0 || keyspace;
    const undo = isNew ? ({ kind: 'cassandra.tables.remove', input: { tables: made, keyspace } } as const) : undefined;
    steps.push(
      makeStep('tables', 'cassandra.tables', { tables }, 'tables', ['ensure:cassandra'], timeoutSeconds.data, undo),
    );
    steps.push(userStep('cassandra', ['tables'], standing));
  }
  return steps;
}

function userStep(framework: 'kafka' | 'cassandra', after: readonly string[], standing: StandingPipeline): Step {
  const undo = hadUser(framework, standing)
    ? undefined
    : ({ kind: 'pipeline.user.remove', input: { framework } } as const);
  const label = `the pipeline's user in ${framework}`;
  return makeStep(`user:${framework}`, 'pipeline.user', { framework }, label, after, timeoutSeconds.user, undo);
}

/** Whether the former revision used it: its user is there, and in Cassandra its keyspace. */
function hadUser(framework: 'kafka' | 'cassandra', { installed, plan }: StandingPipeline): boolean {
  return installed && (plan?.frameworks.some((each) => each.framework === framework) ?? false);
}

/** A new task is removed by a rollback; one that the revision changes goes back to what it was. */
function launchStep({ taskRevisions, standing }: StepsInput, { demand }: PipelineTask, after: readonly string[]): Step {
  const { task } = demand;
  const runs = standing.running.some((placement) => placement.task === task);
  const leftData = standing.ended.some((placement) => placement.task === task);
  const changed = taskRevisions[task] === standing.revision + 1;
  const restore = { kind: 'task.restore', input: { task, revision: standing.revision } } as const;
  const remove = { kind: 'task.remove', input: { task, data: !leftData } } as const;
  const undo = runs ? (changed ? restore : undefined) : remove;
  return makeStep(`launch:${task}`, 'task.launch', { task }, `start ${task}`, after, timeoutSeconds.launch, undo);
}

function readyStep({ demand: { task } }: PipelineTask, prepared: readonly string[]): Step {
  const after = [`launch:${task}`, ...prepared];
  return makeStep(`ready:${task}`, 'task.ready', { task }, `${task} answers`, after, timeoutSeconds.ready);
}

/**
 * The first event is sent as soon as the ingress takes it, and waits in Kafka for parts that are not up yet: a part that never
 * gets ready fails the deploy by its own step. Everything is launched before, so that no part of a former revision is seen.
 */
function observeStep({ verify }: BlueprintSpec, tasks: readonly PipelineTask[], prepared: readonly string[]): Step {
  const launched = tasks.map(({ demand }) => `launch:${demand.task}`);
  const ingress = tasks.filter(({ part }) => part === verify.ingressService);
  const after = [...prepared, ...launched, ...ingress.map(({ demand }) => `ready:${demand.task}`)];
  return makeStep('observe', 'flow.observe', {}, 'first event seen from end to end', after, timeoutSeconds.observe);
}

/** Tasks of the former revision that this one does not have end when the others are ready. */
function retireSteps({ tasks, standing }: StepsInput, after: readonly string[]): Step[] {
  const wanted = new Set(tasks.map(({ demand }) => demand.task));
  const dropped = standing.running.filter(({ task }) => !wanted.has(task));
  return dropped.map(({ task }) => {
    const undo = { kind: 'task.restore', input: { task, revision: standing.revision } } as const;
    return makeStep(`retire:${task}`, 'task.retire', { task }, `end ${task}`, after, timeoutSeconds.retire, undo);
  });
}
