/**
 * Whether what stands on disk has the content of a record, as deep as plan, status, verify and destroy read it. Fields beyond
 * these are let through: a check never changes what it looks at.
 */
import { z } from 'zod';
import { blueprintSpec } from './blueprint.ts';
import { frameworkNames } from './plan.ts';
import type { FrameworkRecord, PipelineRecord } from './records.ts';

const texts = z.array(z.string());
const amounts = { cpus: z.number(), memoryMiB: z.number(), diskMiB: z.number() };

const placement = z.looseObject({
  task: z.string(),
  node: z.string(),
  address: z.string(),
  ports: z.record(z.string(), z.number().int()),
  demand: z.looseObject({
    task: z.string(),
    group: z.string(),
    spread: z.boolean(),
    resources: z.looseObject({ ...amounts, gpus: z.number() }),
    ports: texts,
    sharedPorts: texts.optional(),
  }),
});

const phase = z.looseObject({
  name: z.string(),
  strategy: z.enum(['serial', 'parallel', 'dependency']),
  steps: z.array(
    z.looseObject({
      id: z.string(),
      label: z.string(),
      kind: z.string(),
      input: z.looseObject({}),
      after: texts,
      timeoutSeconds: z.number(),
    }),
  ),
});

const framework = z.enum(frameworkNames);

const frameworkPlan = z.looseObject({
  framework,
  version: z.string(),
  options: z.looseObject({}),
  placements: z.array(placement),
  phases: z.array(phase),
});

const plan = z.looseObject({
  pipeline: z.string(),
  blueprint: z.string(),
  revision: z.number().int(),
  parameters: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])),
  spec: blueprintSpec,
  sql: z.record(z.string(), z.string()),
  taskRevisions: z.record(z.string(), z.number().int()),
  frameworks: z.array(frameworkPlan),
  placements: z.array(placement),
  phases: z.array(phase),
});

const pipelineRecord = z.looseObject({
  pipeline: z.string(),
  blueprint: z.string(),
  revision: z.number().int(),
  operation: z.string(),
  state: z.enum(['deploying', 'flowing', 'failed', 'destroying', 'stopped']),
  endpoints: z.record(z.string(), z.string()),
  deployedAt: z.string().optional(),
  firstEventMs: z.number().optional(),
  error: z.looseObject({ code: z.string(), message: z.string() }).optional(),
  plan,
});

const frameworkRecord = z.looseObject({
  framework,
  state: z.enum(['installing', 'running', 'failed', 'removing']),
  identity: z.string(),
  installedBy: z.string(),
  users: texts,
  plan: frameworkPlan,
});

/** Gives the value back. Throws an Error that names the first part that is not as it must be. */
export function checkPipelineRecord(value: unknown, name: string): PipelineRecord {
  const { pipeline } = pipelineRecord.parse(value);
  refuseOther('pipeline', pipeline, name);
  return value as PipelineRecord;
}

/** As `checkPipelineRecord`. */
export function checkFrameworkRecord(value: unknown, name: string): FrameworkRecord {
  const { framework } = frameworkRecord.parse(value);
  refuseOther('framework', framework, name);
  return value as FrameworkRecord;
}

function refuseOther(kind: string, found: string, expected: string): void {
  if (found !== expected) throw new Error(`it is about ${kind} "${found}", not "${expected}"`);
}
