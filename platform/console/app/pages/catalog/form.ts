/** The form of a blueprint's parameters: what is typed, what is wrong with it, what is sent. Bounds as platform/plan/parameters.ts. */
import type { DeployBody, DeployedParameters, ParameterInfo } from '../../../../api/contract/control.ts';

/** As typed; of a boolean `true` or `false`. */
export type FormValues = Readonly<Record<string, string>>;

export function defaultValues(parameters: readonly ParameterInfo[]): FormValues {
  return Object.fromEntries(parameters.map((parameter) => [parameter.name, String(parameter.default)]));
}

/** A pipeline that is there, whose next revision the form is for. */
export interface Standing {
  readonly pipeline: string;
  readonly revision: number;
  readonly values: FormValues;
}

/** Undefined where it is of another blueprint: its parameters say nothing of this one's. */
export function standingOf(blueprint: string, deployed: DeployedParameters | undefined): Standing | undefined {
  if (deployed?.blueprint !== blueprint) return undefined;
  const { pipeline, revision, parameters } = deployed;
  const values = Object.entries(parameters).map(([name, value]) => [name, String(value)]);
  return { pipeline, revision, values: Object.fromEntries(values) };
}

/** What the pipeline has now; defaults for what it does not have yet, and where there is none. */
export function startValues(parameters: readonly ParameterInfo[], standing: Standing | undefined): FormValues {
  const own = (name: string) => (standing && Object.hasOwn(standing.values, name) ? standing.values[name] : undefined);
  const defaults = defaultValues(parameters);
  return Object.fromEntries(parameters.map(({ name }) => [name, own(name) ?? defaults[name]!]));
}

export interface FieldMarks {
  /** Other than what the form began with. */
  readonly changed: boolean;
  readonly offDefault: boolean;
  /** What the pipeline has, where the field says something else. */
  readonly present: string | undefined;
}

export function marksOf(parameter: ParameterInfo, value: string, standing: Standing | undefined): FieldMarks {
  const differs = (other: string) => value.trim() !== other.trim();
  const start = startValues([parameter], standing)[parameter.name]!;
  const known = standing !== undefined && Object.hasOwn(standing.values, parameter.name);
  return {
    changed: differs(start),
    offDefault: differs(String(parameter.default)),
    present: known && differs(start) ? start : undefined,
  };
}

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** Why the value is not accepted, as the error table says it; undefined when it is. */
export function parameterFault(parameter: ParameterInfo, raw: string): string | undefined {
  return accepts(parameter, raw) ? undefined : `It must be ${rangeText(parameter)}.`;
}

function accepts({ type, min, max, values }: ParameterInfo, raw: string): boolean {
  if (values !== null) return values.includes(raw);
  if (type === 'boolean') return raw === 'true' || raw === 'false';
  if (type === 'string' || type === 'enum') return true;
  const number = Number(raw);
  if (!decimal.test(raw.trim()) || !Number.isFinite(number)) return false;
  if (type === 'integer' && !Number.isSafeInteger(number)) return false;
  return (min === null || number >= min) && (max === null || number <= max);
}

/** `a whole number from 1 to 64`, `one of: laptop, server`. */
export function rangeText({ type, min, max, values }: ParameterInfo): string {
  if (values !== null) return `one of: ${values.join(', ')}`;
  if (type === 'boolean') return 'true or false';
  if (type === 'string' || type === 'enum') return 'text';
  const kind = type === 'integer' ? 'a whole number' : 'a number';
  if (min !== null && max !== null) return `${kind} from ${min} to ${max}`;
  return min !== null ? `${kind} of at least ${min}` : max !== null ? `${kind} of at most ${max}` : kind;
}

/** As `name` of platform/model/names.ts: it becomes part of topics, tables and files. A test compares the two. */
const pipelineName = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
/** Empty: the blueprint's own name is taken. */
export function nameFault(name: string): string | undefined {
  if (name === '') return undefined;
  const fits = name.length >= 2 && name.length <= 40 && pipelineName.test(name);
  return fits ? undefined : 'It must be 2 to 40 lower-case letters, digits and single dashes, and start with a letter.';
}

export interface FormFaults {
  readonly name: string | undefined;
  readonly parameters: Readonly<Record<string, string>>;
  readonly count: number;
}
export function formFaults(parameters: readonly ParameterInfo[], name: string, values: FormValues): FormFaults {
  const found = parameters.flatMap((parameter) => {
    const text = parameterFault(parameter, values[parameter.name] ?? '');
    return text === undefined ? [] : [[parameter.name, text] as const];
  });
  const ofName = nameFault(name);
  return { name: ofName, parameters: Object.fromEntries(found), count: found.length + (ofName === undefined ? 0 : 1) };
}

/**
 * Only what differs from the defaults is sent: a deploy takes the default for the rest, also where the pipeline has another
 * value now.
 */
export function deployBodyOf(
  blueprint: string,
  parameters: readonly ParameterInfo[],
  name: string,
  values: FormValues,
): DeployBody {
  const changed = parameters.filter((parameter) => (values[parameter.name] ?? '').trim() !== String(parameter.default));
  return {
    blueprint,
    ...(name === '' ? {} : { name }),
    parameters: Object.fromEntries(changed.map((parameter) => [parameter.name, (values[parameter.name] ?? '').trim()])),
  };
}
