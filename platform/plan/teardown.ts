/** The reverse of a deploy. Every call is idempotent; a wave begins when the one before has ended. */

import type { FrameworkName, UndoKind } from '../model/plan.ts';
import type { PipelineRecord } from '../model/records.ts';
import { flowGroups, isFeed } from './tasks.ts';

export interface TeardownCall {
  readonly kind: UndoKind;
  /** Unique over all waves. */
  readonly step: string;
  readonly input: Record<string, unknown>;
}

/** Feeds; the other tasks; data, unless it is kept; users; frameworks. Waves with nothing in them are left out. */
export function planTeardown(record: PipelineRecord, keepData: boolean): readonly TeardownCall[][] {
  const { plan, pipeline } = record;
  const groups = flowGroups(plan.spec);
  const feeds = new Set(
    Object.keys(groups).flatMap((group) => (isFeed(groups[group]!) ? [`${pipeline}.${group}`] : [])),
  );
  const remove = (feed: boolean) =>
    plan.placements
      .filter(({ demand }) => feeds.has(demand.group) === feed)
      .map(({ task }) => call('task.remove', task, { task, data: !keepData }));
  const uses = plan.frameworks.map(({ framework }) => framework);
  const users = uses.filter((framework) => framework === 'kafka' || framework === 'cassandra');
  const waves = [
    remove(true),
    remove(false),
    keepData ? [] : dataCalls(record),
    users.map((framework) => call('pipeline.user.remove', framework, { framework })),
    uses.map((framework) => call('framework.release', framework, { framework })),
  ];
  return waves.filter((wave) => wave.length > 0);
}

/** Topics and tables of earlier revisions, too: the plan's data names all that are there. */
function dataCalls({ plan }: PipelineRecord): TeardownCall[] {
  const named = (kind: 'topic' | 'table') => plan.data.filter((each) => each.kind === kind).map(({ name }) => name);
  const [topics, tables] = [named('topic'), named('table')];
  const uses = (name: FrameworkName) => plan.frameworks.some(({ framework }) => framework === name);
  const calls: TeardownCall[] = [];
  if (topics.length > 0) calls.push(call('kafka.topics.remove', 'topics', { topics }));
  if (uses('cassandra')) calls.push(call('cassandra.tables.remove', 'tables', { tables, keyspace: true }));
  if (uses('redis')) calls.push(call('redis.keys.remove', 'keys', {}));
  return calls;
}

function call(kind: UndoKind, name: string, input: Record<string, unknown>): TeardownCall {
  return { kind, step: `${kind}:${name}`, input };
}
