/** Checks what a person gave as parameters, fills in the defaults, and tells what differs from the revision before. */
import { fail } from '../errors.ts';
import type { BlueprintModule, ParameterSpec, ParameterValues } from '../model/blueprint.ts';
import { nearestNames } from '../model/nearest.ts';
import type { ParameterChange } from '../model/plan.ts';

type Value = string | number | boolean;

/**
 * Every parameter of the blueprint with its value: as given (a string from the command line is converted to the declared
 * type), else the default. Throws UNKNOWN_PARAMETER, which names the nearest, and INVALID_PARAMETER, which names the range.
 */
export function resolveParameters(module: BlueprintModule, given: Readonly<Record<string, Value>>): ParameterValues {
  const allowed = Object.keys(module.parameters);
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(module.parameters, name)) continue;
    const nearest = nearestNames(name, allowed).join(', ') || 'none';
    fail('UNKNOWN_PARAMETER', { blueprint: module.name, name, allowed: allowed.join(', ') || 'none', nearest });
  }
  const values = Object.entries(module.parameters).map(([name, spec]): [string, Value] => {
    const raw = Object.hasOwn(given, name) ? given[name]! : spec.default;
    const checked = check(spec, raw);
    if (checked.ok) return [name, checked.value];
    return fail('INVALID_PARAMETER', { blueprint: module.name, name, value: shown(raw), reason: checked.reason });
  });
  return Object.fromEntries(values);
}

/** In the blueprint's order, what it has no more at the end. `before` undefined: nothing was deployed, so nothing changes. */
export function parameterChanges(
  { parameters: specs }: Pick<BlueprintModule, 'parameters'>,
  after: ParameterValues,
  before: ParameterValues | undefined,
): ParameterChange[] {
  if (before === undefined) return [];
  const names = [...new Set([...Object.keys(specs), ...Object.keys(after), ...Object.keys(before)])];
  return names.flatMap((name) => {
    const from = Object.hasOwn(before, name) ? before[name]! : null;
    const to = Object.hasOwn(after, name) ? after[name]! : null;
    if (from === to) return [];
    return [{ name, from, to, toDefault: to !== null && Object.hasOwn(specs, name) && specs[name]!.default === to }];
  });
}

type Checked = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly reason: string };

function check(spec: ParameterSpec, raw: Value): Checked {
  const value = convert(spec.type, raw);
  if (value === undefined) return { ok: false, reason: `it must be ${rangeOf(spec)}` };
  const below = typeof value === 'number' && spec.minimum !== undefined && value < spec.minimum;
  const above = typeof value === 'number' && spec.maximum !== undefined && value > spec.maximum;
  const outside = spec.oneOf !== undefined && !spec.oneOf.includes(String(value));
  return below || above || outside ? { ok: false, reason: `it must be ${rangeOf(spec)}` } : { ok: true, value };
}

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function convert(type: ParameterSpec['type'], raw: Value): Value | undefined {
  if (type === 'string') return typeof raw === 'string' ? raw : String(raw);
  if (type === 'boolean') {
    if (typeof raw === 'boolean') return raw;
    return raw === 'true' ? true : raw === 'false' ? false : undefined;
  }
  if (typeof raw === 'string' && !decimal.test(raw.trim())) return undefined;
  const number = typeof raw === 'boolean' ? Number.NaN : Number(raw);
  if (!Number.isFinite(number)) return undefined;
  return type === 'number' || Number.isSafeInteger(number) ? number : undefined;
}

const kinds: Record<ParameterSpec['type'], string> = {
  integer: 'a whole number',
  number: 'a number',
  string: 'text',
  boolean: 'true or false',
};

/** `a whole number from 1 to 64 (partitions)`, `one of: laptop, server`. */
export function rangeOf(spec: ParameterSpec): string {
  if (spec.oneOf) return `one of: ${spec.oneOf.join(', ')}`;
  const { minimum, maximum } = spec;
  const from = minimum === undefined ? '' : maximum === undefined ? ` of at least ${minimum}` : ` from ${minimum}`;
  const to = maximum === undefined ? '' : minimum === undefined ? ` of at most ${maximum}` : ` to ${maximum}`;
  return `${kinds[spec.type]}${from}${to}${spec.unit ? ` (${spec.unit})` : ''}`;
}

function shown(raw: Value): string {
  return typeof raw === 'string' ? JSON.stringify(raw) : String(raw);
}
