/** Who shares the cluster and what is asked of it: roles, quotas, constraints, asks. Words as in Mesos and Marathon. */
import { z } from 'zod';
import type { TaskDemand } from './cluster.ts';

/** `pipelines/flight-delays`: a role below another has its path before it. Six levels at most. */
export const rolePath = z
  .string()
  .max(200)
  .regex(
    /^[a-z][a-z0-9-]*(\/[a-z][a-z0-9-]*){0,5}$/,
    'must be lower-case letters, digits and dashes, levels separated by /, six at most',
  );

/** A resource that is not named: nothing is guaranteed of it, and it is not limited. */
export const quotaSpec = z
  .strictObject({
    cpus: z.number().min(0),
    memoryMiB: z.number().int().min(0),
    diskMiB: z.number().int().min(0),
    gpus: z.number().int().min(0),
  })
  .partial();

export const roleSpec = z.strictObject({
  role: rolePath,
  /** Against the roles beside it: with twice the weight it gets twice the dominant share. */
  weight: z.number().min(0.001).max(1_000_000).default(1),
  /** Kept free for the role and those below it while they do not use it. */
  guarantee: quotaSpec.default({}),
  /** The role and those below it never hold more. */
  limit: quotaSpec.default({}),
});

/** A name of a node's attributes, or `node`: the node's id. */
const attribute = z.string().min(1).max(100);
const value = z.string().max(200);
/** A regular expression that the whole value is matched with. */
const pattern = z.string().max(200).refine(compiles, 'must be a regular expression');
const count = z.number().int().min(1);

/**
 * Where a task may go, by the values of `attribute` on the nodes and by where the tasks of its group are. A node without the
 * attribute is no place for it, except with UNLIKE.
 */
export const constraintSpec = z.discriminatedUnion('operator', [
  /** No two tasks of the group have one value. */
  z.strictObject({ attribute, operator: z.literal('UNIQUE') }),
  /** All tasks of the group have one value: the one that is given, or that of the first. */
  z.strictObject({ attribute, operator: z.literal('CLUSTER'), value: value.optional() }),
  /** Each value has as many tasks of the group as the others, within one. `count`: how many values there are to be. */
  z.strictObject({ attribute, operator: z.literal('GROUP_BY'), count: count.optional() }),
  z.strictObject({ attribute, operator: z.literal('LIKE'), pattern }),
  z.strictObject({ attribute, operator: z.literal('UNLIKE'), pattern }),
  /** No value has more than `count` tasks of the group. */
  z.strictObject({ attribute, operator: z.literal('MAX_PER'), count }),
  z.strictObject({ attribute, operator: z.literal('IS'), value }),
]);

export type Quota = z.infer<typeof quotaSpec>;
export type RoleSpec = z.infer<typeof roleSpec>;
export type Constraint = z.infer<typeof constraintSpec>;

/** What one task asks, and where it may go. */
export interface TaskAsk extends TaskDemand {
  readonly constraints?: readonly Constraint[];
  /** Its place (amounts and ports) is reserved for it when it ends: it comes back there and nowhere else. */
  readonly reserved?: boolean;
  /** Names of its volumes. With any, its place is reserved. */
  readonly volumes?: readonly string[];
  /** Where it has been: it goes back there if it fits, to the same ports if they are free. */
  readonly former?: { readonly node: string; readonly ports: Readonly<Record<string, number>> };
}

/** Tasks that are placed together or not at all: one task, or a gang. */
export interface Ask {
  /** Unique among the asks that wait or run. */
  readonly id: string;
  readonly role: string;
  /** The greater goes first within the role. */
  readonly priority: number;
  readonly tasks: readonly TaskAsk[];
  /** It may take the room of running asks of lower priority that consent. */
  readonly preempts?: boolean;
  /** Consents to lose its room to an ask of higher priority. A gang loses all of it. Tasks whose place is reserved keep it. */
  readonly preemptible?: boolean;
}

function compiles(text: string): boolean {
  try {
    return RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
}
