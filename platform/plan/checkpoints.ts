/** Where each query of the Spark driver keeps its offsets and state, and what a changed one takes over. */
import type { BlueprintSpec } from '../model/blueprint.ts';
import { physical } from '../model/names.ts';
import type { DataConsequence, Plan, QueryCheckpoint } from '../model/plan.ts';
import { deadLetterQuery, type QueryShape, queryShapes } from './jobShape.ts';
import type { StandingPipeline } from './standing.ts';

type Checkpoints = Readonly<Record<string, QueryCheckpoint>>;

/**
 * By the name of the query. One whose shape is the same goes on in its directory; one that goes back to the shape before, in
 * the directory it had then; any other gets a new one. Those of jobs that were dropped stay, for as long as there is a driver.
 */
export function planCheckpoints(
  spec: BlueprintSpec,
  sql: Readonly<Record<string, string>>,
  standing: StandingPipeline,
): Checkpoints {
  if (Object.keys(spec.jobs).length === 0) return {};
  const before = standingCheckpoints(standing);
  const planned = Object.entries(queryShapes(spec, sql)).map(([name, shape]): [string, QueryCheckpoint] => {
    return [name, checkpointOf(name, shape, before)];
  });
  return { ...dropped(before), ...Object.fromEntries(planned) };
}

/** Whoever writes dead letters next goes by who wrote them last, not by who did long ago. */
function dropped(before: Checkpoints): Checkpoints {
  return Object.fromEntries(Object.entries(before).map(([name, each]) => [name, { ...each, deadLetters: false }]));
}

function checkpointOf(name: string, shape: QueryShape, all: Checkpoints): QueryCheckpoint {
  const before = all[name];
  if (before?.shape === shape.shape) return { ...before, ...shape };
  const former = before && { shape: before.shape, directory: before.directory };
  if (before?.former?.shape === shape.shape) {
    return { ...shape, directory: before.former.directory, from: [], ...(former && { former }) };
  }
  const base = { ...shape, directory: `${name}.${shape.shape}`, ...(former && { former }) };
  const own = before && !before.stateful && before.topic === shape.topic ? [before.directory] : [];
  const isDeadLetterQuery = shape.deadLetters && name.endsWith('.dead');
  if (shape.stateful || (own.length === 0 && !isDeadLetterQuery)) return { ...base, from: [] };
  // Who wrote the dead letters until now may be behind: none between the two may be left out.
  const writers = Object.values(all).filter((each) => each.deadLetters && each.topic === shape.topic);
  const handedOver = shape.deadLetters && !before?.deadLetters ? writers.map(({ directory }) => directory) : [];
  return { ...base, from: [...new Set([...own, ...handedOver])] };
}

/**
 * What lies in the driver's data directory. Plans of before checkpoints had shapes name none: their directories were named
 * after the jobs alone. A job that wrote dead letters beside its windows read its topic twice, which no query does now: what
 * it left is of no more use than as the place where dead letters go on.
 */
export function recordedCheckpoints(plan: Pick<Plan, 'spec' | 'sql' | 'checkpoints'>): Checkpoints {
  if (plan.checkpoints !== undefined) return plan.checkpoints;
  const shapes = queryShapes(plan.spec, plan.sql);
  const old = Object.entries(shapes).map(([name, query]): [string, QueryCheckpoint] => {
    const { shape, topic } = query;
    const readTwice = Object.hasOwn(shapes, deadLetterQuery(topic));
    if (!readTwice) return [name, { ...query, directory: name, from: [] }];
    const directory = `${name}.${shape}`;
    if (Object.hasOwn(plan.spec.jobs, name)) return [name, { ...query, shape: `${shape}-twice`, directory, from: [] }];
    const jobs = Object.keys(plan.spec.jobs).filter((job) => plan.spec.jobs[job]?.input.topic === topic);
    return [name, { ...query, directory, from: jobs }];
  });
  return Object.fromEntries(old);
}

/** A driver that the failed revision had made new is gone with its data. */
function standingCheckpoints({ plan, ended, endedIsCounted }: StandingPipeline): Checkpoints {
  if (plan === undefined || Object.keys(plan.spec.jobs).length === 0) return {};
  const driver = physical.pipelineTask(plan.pipeline, 'spark-driver', 0);
  const isUndone = endedIsCounted && ended.some(({ task }) => task === driver);
  return isUndone ? {} : recordedCheckpoints(plan);
}

/** One for each job that there is or was. */
export function checkpointConsequences(
  spec: BlueprintSpec,
  sql: Readonly<Record<string, string>>,
  standing: StandingPipeline,
): DataConsequence[] {
  const before = standingCheckpoints(standing);
  const after = planCheckpoints(spec, sql, standing);
  const consequences = Object.keys(spec.jobs).map((name): DataConsequence => {
    const sameSql = standing.plan?.sql[name] === sql[name];
    return { kind: 'checkpoint', name, ...consequence(after[name]!, before[name], sameSql) };
  });
  const dropped = Object.keys(before).filter((name) => !name.includes('.') && !Object.hasOwn(spec.jobs, name));
  const goes = Object.keys(spec.jobs).length === 0;
  return [
    ...consequences,
    ...dropped.map((name): DataConsequence => {
      if (goes) return { kind: 'checkpoint', name, effect: 'delete', text: 'goes with the last of the jobs' };
      return {
        kind: 'checkpoint',
        name,
        effect: 'keep',
        text: 'no longer used; stays until the pipeline is destroyed',
      };
    }),
  ];
}

function consequence(
  { shape, directory, stateful, topic, from }: QueryCheckpoint,
  before: QueryCheckpoint | undefined,
  sameSql: boolean,
): Pick<DataConsequence, 'effect' | 'text'> {
  if (before === undefined) return { effect: 'create', text: `new: reads topic ${topic} from its oldest record on` };
  if (before.shape === shape && (stateful || sameSql)) return { effect: 'keep', text: 'goes on where it was' };
  if (before.shape === shape || from.length > 0) {
    const text = `goes on where it was in topic ${topic}: the change holds for what is read from now on`;
    return { effect: 'keep', text };
  }
  if (before.former?.directory === directory) {
    const text = 'goes back to the checkpoint it had before the last change, and reads on from there';
    return { effect: 'keep', text };
  }
  if (!stateful) return { effect: 'rebuild', text: `starts anew, from the oldest record of topic ${topic} on` };
  const rebuilt = `state is rebuilt from the oldest record of topic ${topic} on: results are written again`;
  const partly = 'a window that began before that record counts only the rest';
  return { effect: 'rebuild', text: `${rebuilt}, ${partly}; the former state stays for a rollback` };
}
