/**
 * Amounts as vectors: one number for each of `resourceNames`, in whole thousandths, so that what is taken and given back a
 * million times is still exact. Up to 2^53 thousandths.
 */
import { type Amounts, type ResourceName, resourceNames } from './capacity.ts';

export type Vector = Float64Array;

/** How many resources there are. */
export const width = resourceNames.length;
const scale = 1000;
/** Of a thousandth: what 0.1 + 0.2 is off by. */
const tolerance = 1e-6;

type Named = { readonly [name in ResourceName]?: number | undefined };

/** What is asked: rounded up. `missing`: for resources that are not named. */
export function askedVector(amounts: Named, missing = 0): Vector {
  return Float64Array.from(resourceNames, (name) => {
    const amount = amounts[name];
    return amount === undefined ? missing : Math.ceil(amount * scale - tolerance);
  });
}

/** What there is: rounded down. */
export function thereVector(amounts: Named, missing = 0): Vector {
  return Float64Array.from(resourceNames, (name) => {
    const amount = amounts[name];
    return amount === undefined ? missing : Math.floor(amount * scale + tolerance);
  });
}

export function amountsOf(vector: ArrayLike<number>, from = 0): Amounts {
  const amount = (name: ResourceName) => vector[from + resourceNames.indexOf(name)]! / scale;
  return { cpus: amount('cpus'), memoryMiB: amount('memoryMiB'), diskMiB: amount('diskMiB'), gpus: amount('gpus') };
}

/** Adds `vector` times `sign` to the vector that begins at `at` in `into`. */
export function addTo(into: Vector, at: number, vector: Vector, sign: 1 | -1): void {
  for (let r = 0; r < width; r++) into[at + r] = into[at + r]! + sign * vector[r]!;
}

export function sumOf(vectors: readonly Vector[]): Vector {
  const sum = new Float64Array(width);
  for (const vector of vectors) addTo(sum, 0, vector, 1);
  return sum;
}

/** Whether the vector that begins at `at` in `free` has room for `asked`. */
export function fits(asked: Vector, free: Vector, at = 0): boolean {
  for (let r = 0; r < width; r++) if (asked[r]! > free[at + r]!) return false;
  return true;
}
