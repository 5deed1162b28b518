import { z } from 'zod';
import { fail } from '../errors.ts';

/** A name of a blueprint, pipeline, topic, table, job or service: lower case, digits and single dashes, 2 to 40 long. */
export const name = z
  .string()
  .min(2)
  .max(40)
  .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'must be lower-case letters, digits and single dashes');

const shownCharacters = 60;

/**
 * A pipeline's name as it came in, checked before anything is named after it: folders, tasks, topics, keyspaces, users.
 * Throws INVALID_NAME.
 */
export function pipelineName(text: string): string {
  if (name.safeParse(text).success) return text;
  const shown = text.length > shownCharacters ? `${text.slice(0, shownCharacters)}…` : text;
  return fail('INVALID_NAME', { name: shown });
}

/** A name of a field, column or parameter: snake_case or camelCase, as CQL, SQL and JSON all take it unquoted. */
export const fieldName = z.string().regex(/^[a-z][A-Za-z0-9_]{0,47}$/, 'must start with a lower-case letter');

/**
 * Physical names of a pipeline's resources. One place, so that what is created is what is removed.
 * Kafka allows dots and dashes in topics; CQL allows neither, so a keyspace takes underscores.
 */
export const physical = {
  topic: (pipeline: string, topic: string) => `${pipeline}.${topic}`,
  deadLetterTopic: (pipeline: string, topic: string) => `${pipeline}.${topic}.dead`,
  keyspace: (pipeline: string) => pipeline.replaceAll('-', '_'),
  table: (table: string) => table.replaceAll('-', '_'),
  consumerGroup: (pipeline: string, flow: string) => `${pipeline}.${flow}`,
  redisKey: (pipeline: string, key: string) => `${pipeline}:${key}`,
  /** A dot, which no name has: with a dash, queue `b-c` of pipeline `a` would be queue `c` of pipeline `a-b`. */
  queue: (pipeline: string, queue: string) => `${pipeline}.${queue}`,
  user: (pipeline: string) => `pipeline-${pipeline}`,
  role: (pipeline: string) => `pipeline_${pipeline.replaceAll('-', '_')}`,
  secret: (pipeline: string) => `pipeline-${pipeline}`,
  pipelineTask: (pipeline: string, part: string, instance: number) => `${pipeline}.${part}.${instance}`,
  frameworkTask: (framework: string, part: string, instance: number) => `${framework}.${part}.${instance}`,
} as const;
