/** How fast a line's dashes move. Pure. */

/** Time in which a dash moves on by one; undefined: it stands. In few steps, since each change of it makes a dash jump. */
export function dashMs(ratePerSecond: number | null): number | undefined {
  if (ratePerSecond === null || ratePerSecond <= 0) return undefined;
  const decades = Math.min(6, Math.max(-1, Math.round(Math.log10(ratePerSecond) * 2) / 2));
  return Math.round(2400 / 1.62 ** (decades + 1));
}

/** Thicker with the rate; a tenth of the range for each decade. */
export function strokeWidth(ratePerSecond: number | null): number {
  if (ratePerSecond === null || ratePerSecond <= 0) return 1.5;
  return 1.6 + 0.45 * Math.min(6, Math.max(0, Math.log10(ratePerSecond)));
}
