/** The value of a line that is told in words. Pure. */

/** The newest; with `atMs` the newest of then, null where nothing was measured at it. */
export function valueAt(
  times: readonly number[],
  values: readonly (number | null)[],
  atMs: number | undefined,
): number | null {
  if (atMs === undefined) return values.findLast((value) => value !== null) ?? null;
  return values[times.findLastIndex((ms) => ms <= atMs)] ?? null;
}
