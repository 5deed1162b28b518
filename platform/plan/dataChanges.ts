/** What a deploy does to data: said before, and refused where the servers can't do it. */
import type { BlueprintSpec, TableSpec } from '../model/blueprint.ts';
import type { Reason } from '../model/cluster.ts';
import type { DataConsequence } from '../model/plan.ts';
import { checkpointConsequences } from './checkpoints.ts';
import { faultAt } from './reasons.ts';
import type { StandingPipeline } from './standing.ts';
import { checkTopicChange, keyChange } from './topicChanges.ts';

/** Topics and tables that the blueprint no longer names stay, and are still named here, until the pipeline is destroyed. */
export function dataConsequences(
  spec: BlueprintSpec,
  sql: Readonly<Record<string, string>>,
  standing: StandingPipeline,
): DataConsequence[] {
  const before = standing.installed ? standing.spec : undefined;
  return [
    ...stored('topic', Object.keys(spec.topics), standing.topics).map((each) => withKeyChange(each, spec, standing)),
    ...stored('table', Object.keys(spec.tables), standing.tables),
    ...checkpointConsequences(spec, sql, standing),
    ...targets(spec, 'bullmq').map((name) => consequence('queue', name, targets(before, 'bullmq').includes(name))),
    ...targets(spec, 'redis').map((name) => consequence('projection', name, targets(before, 'redis').includes(name))),
  ];
}

function stored(kind: 'topic' | 'table', names: readonly string[], there: ReadonlySet<string>): DataConsequence[] {
  const unused = [...there].filter((name) => !names.includes(name));
  return [
    ...names.map((name) => consequence(kind, name, there.has(name))),
    ...unused.map((name): DataConsequence => {
      return { kind, name, effect: 'keep', text: 'no longer used; stays until the pipeline is destroyed' };
    }),
  ];
}

function consequence(kind: DataConsequence['kind'], name: string, there: boolean): DataConsequence {
  return there
    ? { kind, name, effect: 'keep', text: 'what is in it stays' }
    : { kind, name, effect: 'create', text: 'new, empty' };
}

function withKeyChange(topic: DataConsequence, spec: BlueprintSpec, standing: StandingPipeline): DataConsequence {
  const asked = spec.topics[topic.name];
  if (topic.effect !== 'keep' || asked === undefined) return topic;
  const told = keyChange(standing.spec?.topics[topic.name], asked);
  return told === '' ? topic : { ...topic, text: `${topic.text}; ${told}` };
}

function targets(spec: BlueprintSpec | undefined, kind: 'bullmq' | 'redis'): string[] {
  const names = Object.values(spec?.flows ?? {}).flatMap(({ to }) => {
    if (to.kind === 'bullmq' && kind === 'bullmq') return [to.queue];
    return to.kind === 'redis' && kind === 'redis' ? [to.projection] : [];
  });
  return [...new Set(names)];
}

/** Changes of what stands that Kafka or Cassandra refuses, that would lose data, or after which it can't be read. */
export function checkDataChanges(spec: BlueprintSpec, standing: StandingPipeline): Reason[] {
  const before = standing.spec;
  if (before === undefined) return [];
  return [
    ...Object.entries(spec.topics).flatMap(([name, topic]) =>
      standing.topics.has(name) ? checkTopicChange(name, before.topics[name], topic, spec) : [],
    ),
    ...Object.entries(spec.tables).flatMap(([name, table]) =>
      standing.tables.has(name) ? checkTableChange(`tables.${name}`, before.tables[name], table) : [],
    ),
  ];
}

function checkTableChange(path: string, before: TableSpec | undefined, after: TableSpec): Reason[] {
  if (before === undefined) return [];
  const keyOf = ({ partitionKey, clusteringKey }: TableSpec) => JSON.stringify([partitionKey, clusteringKey]);
  const key =
    keyOf(before) === keyOf(after)
      ? []
      : [faultAt(path, "the primary key of a table that is there can't change; use a table of another name")];
  const types = Object.entries(after.columns).flatMap(([name, { type }]) => {
    const was = Object.hasOwn(before.columns, name) ? before.columns[name]?.type : type;
    if (was === type) return [];
    return [
      faultAt(
        `${path}.columns.${name}`,
        `is ${was}, ${type} asked: the type of a column can't change; add another column`,
      ),
    ];
  });
  return [...key, ...types];
}
