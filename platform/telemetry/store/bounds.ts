/** How much the telemetry store keeps, and for how long: `MILLRACE_TELEMETRY_MIB`, `MILLRACE_TELEMETRY_DAYS`. */
import { fail } from '../../errors.ts';

export interface StoreBounds {
  /** Of the database's file. */
  readonly maxBytes: number;
  readonly retentionMs: number;
}

const mib = 1024 ** 2;
const dayMs = 24 * 3600 * 1000;
const sizes = { name: 'MILLRACE_TELEMETRY_MIB', unit: 'MiB', least: 16, most: 1024 * 1024, default: 1024 };
const ages = { name: 'MILLRACE_TELEMETRY_DAYS', unit: 'days', least: 1, most: 3650, default: 7 };

export const defaultStoreBounds: StoreBounds = { maxBytes: sizes.default * mib, retentionMs: ages.default * dayMs };

/** Throws INVALID_VARIABLE. */
export function storeBoundsOf(env: NodeJS.ProcessEnv): StoreBounds {
  return { maxBytes: numberOf(sizes, env) * mib, retentionMs: numberOf(ages, env) * dayMs };
}

function numberOf({ name, unit, least, most, default: otherwise }: typeof sizes, env: NodeJS.ProcessEnv): number {
  const value = env[name];
  if (!value) return otherwise;
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= least && number <= most) return number;
  return fail('INVALID_VARIABLE', {
    name,
    allowed: `a whole number of ${unit} from ${least} to ${most}`,
    value,
    default: otherwise,
  });
}
