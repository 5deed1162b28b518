/**
 * Changes of a topic that holds records. Those that are there stay as they were written, and senders outside go on as before:
 * a schema may grow by nullable fields, and a field may become nullable; nothing else.
 *
 * A wider type (int to long) is no exception: columns, checkpoints and references keep the type that they began with.
 */
import type { BlueprintSpec, TopicSpec } from '../model/blueprint.ts';
import type { Reason } from '../model/cluster.ts';
import type { Field } from '../model/schema.ts';
import { fault, faultAt } from './reasons.ts';

/** One tree for the topic, with a leaf for each change that breaks. */
export function checkTopicChange(
  name: string,
  before: TopicSpec | undefined,
  after: TopicSpec,
  spec: BlueprintSpec,
): Reason[] {
  if (before === undefined) return [];
  const path = `topics.${name}`;
  const fields = fieldFaults(before, after).map(([field, text]) => faultAt(`${path}.schema.fields.${field}`, text));
  const partitions = partitionFaults(path, before, after);
  if (fields.length === 0) return partitions;
  const readers = readersOf(name, spec);
  const who = readers.length > 0 ? ` by ${readers.join(', ')}` : '';
  const text = `${path}: its records, up to ${hours(before.retentionMs)} old, can't be read${who} as asked, nor its senders go on`;
  const remedy = 'use a topic of another name, or add a nullable field and keep those there are';
  return [fault(`${text}; ${remedy}`, fields), ...partitions];
}

/** Said before a deploy, and let through: nothing is lost. Empty without a change. */
export function keyChange(before: TopicSpec | undefined, after: TopicSpec): string {
  if (before === undefined || before.key === after.key) return '';
  return (
    `its key changes from ${before.key} to ${after.key}: records that are there stay on their partitions, ` +
    'so that those of one key are in order only among new ones'
  );
}

function fieldFaults({ schema: before }: TopicSpec, { schema: after }: TopicSpec): (readonly [string, string])[] {
  const was = (field: string) => own(before.fields, field);
  const changed = Object.keys(before.fields).flatMap((field): [string, string][] => {
    const [from, to] = [before.fields[field]!, own(after.fields, field)];
    if (to === undefined) return [[field, `is ${kindOf(from)}, and is gone: whoever sends it still is refused`]];
    if (from.type !== to.type)
      return [[field, `is ${from.type}, ${to.type} asked: records that are there hold ${from.type}`]];
    if (from.nullable && !to.nullable)
      return [[field, 'is nullable, required asked: records that are there may lack it']];
    return [];
  });
  const added = Object.keys(after.fields).flatMap((field): [string, string][] => {
    if (was(field) !== undefined || after.fields[field]!.nullable) return [];
    return [
      [field, `is new and required: records that are there, and whoever sends as before, lack it; make it nullable`],
    ];
  });
  return [...changed, ...added];
}

function partitionFaults(path: string, before: TopicSpec, after: TopicSpec): Reason[] {
  if (after.partitions >= before.partitions) return [];
  const text = `has ${before.partitions}, ${after.partitions} asked: Kafka takes no partitions away`;
  return [faultAt(`${path}.partitions`, `${text}. Keep ${before.partitions}, or use a topic of another name`)];
}

/** Flows and jobs that read the topic in the revision that is asked for. */
function readersOf(topic: string, { flows, jobs }: BlueprintSpec): readonly string[] {
  const flowNames = Object.keys(flows).filter((each) => {
    const { from } = flows[each]!;
    return from.kind === 'kafka' && from.topic === topic;
  });
  const jobNames = Object.keys(jobs).filter((each) => jobs[each]!.input.topic === topic);
  return [...jobNames.map((each) => `job ${each}`), ...flowNames.map((each) => `flow ${each}`)];
}

const kindOf = ({ type, nullable }: Field) => (nullable ? `a nullable ${type}` : type);

function own(fields: Readonly<Record<string, Field>>, name: string): Field | undefined {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

function hours(ms: number): string {
  const whole = Math.ceil(ms / 3_600_000);
  return whole === 1 ? '1 hour' : `${whole} hours`;
}
