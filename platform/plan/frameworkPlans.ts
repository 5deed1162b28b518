/** Decides for each framework whether it is installed or reused, and with which options. */
import type { FrameworkPackage } from '../frameworks/contract.ts';
import type { BlueprintSpec } from '../model/blueprint.ts';
import type { Placement, Reason } from '../model/cluster.ts';
import type { FrameworkName } from '../model/plan.ts';
import type { FrameworkRecord } from '../model/records.ts';
import { sameJson } from '../reconcile/equal.ts';
import { faultAt } from './reasons.ts';

/** What the planner needs of a package. With `options`, defaults are filled in before options are compared. */
export type PlannedPackage = Pick<FrameworkPackage<unknown>, 'name' | 'version' | 'demands' | 'phases'> &
  Partial<Pick<FrameworkPackage<unknown>, 'options'>>;

export interface FrameworkIntent {
  readonly framework: FrameworkName;
  readonly action: 'install' | 'reuse';
  readonly version: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** Reuse: those of the record. Install: where it has been, if it was tried before. */
  readonly former: readonly Placement[];
  readonly users: readonly string[];
}

export function intendFramework(
  name: FrameworkName,
  spec: BlueprintSpec,
  record: FrameworkRecord | undefined,
  packages: Readonly<Record<FrameworkName, PlannedPackage>>,
): FrameworkIntent | readonly Reason[] {
  const asked = spec.frameworks[name] ?? {};
  const { version } = packages[name];
  const checked = checkOptions(packages[name], asked);
  if (!checked.ok) return checked.reasons;
  const base = { framework: name, version, options: checked.options, users: record?.users ?? [] };
  if (record === undefined) return { ...base, action: 'install', former: [] };
  const { plan } = record;
  // What is being installed by another deploy is planned as an install of the same thing: its workflow does it only once.
  if (record.state !== 'running' && record.state !== 'installing') {
    return { ...base, action: 'install', former: plan.placements };
  }
  const conflicts = conflictsOf(record, asked, checked.options);
  if (conflicts.length > 0) return conflicts;
  const action = record.state === 'running' ? 'reuse' : 'install';
  return { ...base, version: plan.version, options: plan.options, action, former: plan.placements };
}

type Options = Readonly<Record<string, unknown>>;

function checkOptions(planned: PlannedPackage, asked: Options) {
  const parsed = planned.options?.safeParse(asked);
  if (parsed === undefined) return { ok: true, options: asked } as const;
  if (parsed.success) return { ok: true, options: parsed.data as Options } as const;
  const reasons = parsed.error.issues.map(({ path, message }) =>
    faultAt(['frameworks', planned.name, ...path].join('.'), message),
  );
  return { ok: false, reasons } as const;
}

/** Only options that the blueprint names can conflict; the others are taken as they are. */
function conflictsOf({ framework, plan, users }: FrameworkRecord, asked: Options, filled: Options): Reason[] {
  return Object.keys(asked).flatMap((option) => {
    const there = plan.options[option];
    if (sameJson(there, filled[option])) return [];
    const by = users.length === 0 ? '' : `; it is used by ${users.join(', ')}`;
    const text = `asks ${shown(filled[option])}, but ${framework} runs with ${shown(there)}${by}`;
    const how = `leave the option out to share it, or destroy its users first (millrace destroy ${users.join(' ')})`;
    return [faultAt(`frameworks.${framework}.${option}`, `${text}. To go on: ${how}`)];
  });
}

function shown(value: unknown): string {
  return value === undefined ? 'its default' : JSON.stringify(value);
}
