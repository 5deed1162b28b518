/** Sorts what a pipeline should have, against what it has, into named buckets. Pure. */
import type { BlueprintSpec } from '../model/blueprint.ts';
import type { Bucket, Change, FrameworkName } from '../model/plan.ts';
import { differingKeys, sameJson } from './equal.ts';

export interface PipelineState {
  readonly spec: BlueprintSpec;
  /** SQL of each job, parameters filled in. */
  readonly sql: Readonly<Record<string, string>>;
  readonly frameworks: readonly { readonly framework: FrameworkName; readonly action: 'install' | 'reuse' }[];
}

/** One change per framework, topic, table, job, service and flow, in that order; removals last. No `current`: all is new. */
export function reconcile(desired: PipelineState, current: PipelineState | undefined): Change[] {
  const before = current?.spec;
  const { spec } = desired;
  const jobs = (state: PipelineState | undefined) =>
    state &&
    Object.fromEntries(Object.entries(state.spec.jobs).map(([name, job]) => [name, { ...job, sql: state.sql[name] }]));
  return [
    ...frameworkChanges(desired, current),
    ...sort('topic', spec.topics, before?.topics, 'updateInPlace'),
    ...sort('table', spec.tables, before?.tables, 'updateInPlace'),
    ...sort('job', jobs(desired)!, jobs(current), 'replace'),
    ...sort('service', spec.services, before?.services, 'replace', ['instances']),
    ...sort('flow', spec.flows, before?.flows, 'replace'),
  ].toSorted((one, other) => Number(one.bucket === 'remove') - Number(other.bucket === 'remove'));
}

function frameworkChanges(desired: PipelineState, current: PipelineState | undefined): Change[] {
  const used = new Set(current?.frameworks.map(({ framework }) => framework));
  const changes = desired.frameworks.map(({ framework, action }): Change => {
    const base = { kind: 'framework', name: framework } as const;
    if (action === 'install') return { ...base, bucket: 'install', why: 'it does not run yet' };
    return {
      ...base,
      bucket: 'keep',
      why: used.has(framework) ? 'the pipeline uses it already' : 'it runs; it is shared',
    };
  });
  const needed = new Set(desired.frameworks.map(({ framework }) => framework));
  const gone = [...used].filter((framework) => !needed.has(framework));
  return [...changes, ...gone.map((name): Change => removal('framework', name))];
}

/** `changed`: the bucket of a part that differs; in place after all if only `inPlace` keys do. */
function sort(
  kind: Change['kind'],
  desired: Readonly<Record<string, object>>,
  current: Readonly<Record<string, object>> | undefined,
  changed: Bucket,
  inPlace: readonly string[] = [],
): Change[] {
  const changes = Object.entries(desired).map(([name, part]): Change => {
    const before = current && Object.hasOwn(current, name) ? current[name] : undefined;
    if (before === undefined) return { bucket: 'install', kind, name, why: current ? 'new in this revision' : 'new' };
    if (sameJson(part, before)) return { bucket: 'keep', kind, name, why: 'unchanged' };
    const keys = differingKeys(part, before);
    const bucket = keys.every((key) => inPlace.includes(key)) ? 'updateInPlace' : changed;
    return { bucket, kind, name, why: keys.map((key) => difference(key, before, part)).join(', ') };
  });
  const gone = Object.keys(current ?? {}).filter((name) => !Object.hasOwn(desired, name));
  return [...changes, ...gone.map((name) => removal(kind, name))];
}

function removal(kind: Change['kind'], name: string): Change {
  return { bucket: 'remove', kind, name, why: 'no longer in the blueprint' };
}

/** `partitions 4 → 8`; what is no plain value is only named. */
function difference(key: string, before: object, after: object): string {
  const [one, other] = [before, after].map((part) => (part as Record<string, unknown>)[key]);
  const plain = [one, other].every((value) => typeof value !== 'object' && String(value).length <= 24);
  return plain ? `${key} ${one ?? 'none'} → ${other ?? 'none'}` : `${key} changed`;
}
