/** The form of a blueprint's parameters: what is typed, what is wrong with it, what is sent. Bounds as platform/plan/parameters.ts. */
import type { DeployBody, ParameterInfo } from '../../../../api/contract/control.ts';

/** As typed; of a boolean `true` or `false`. */
export type FormValues = Readonly<Record<string, string>>;

export function defaultValues(parameters: readonly ParameterInfo[]): FormValues {
  return Object.fromEntries(parameters.map((parameter) => [parameter.name, String(parameter.default)]));
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

/** Only what differs from the defaults is sent, so that the plan says what was chosen. */
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
