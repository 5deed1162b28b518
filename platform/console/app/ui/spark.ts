/** A line of values as an SVG path in a box, from 0 at its foot to the largest at its top. Pure. */
export function sparkPath(
  values: readonly (number | null)[],
  { width, height }: { readonly width: number; readonly height: number },
): string {
  const largest = Math.max(...values.map((value) => value ?? 0), 0);
  const step = width / Math.max(1, values.length - 1);
  const inset = 2;
  let drawn = false;
  return values
    .map((value, at) => {
      if (value === null) {
        drawn = false;
        return '';
      }
      const share = largest === 0 ? 0 : Math.max(0, value) / largest;
      const y = height - inset - share * (height - 2 * inset);
      const sign = drawn ? 'L' : 'M';
      drawn = true;
      return `${sign}${(at * step).toFixed(1)} ${y.toFixed(1)}`;
    })
    .join('');
}
