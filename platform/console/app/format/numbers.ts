/** Numbers as text. Pure; null is not known (yet), which is not 0, and reads as a dash. */

export const unknownText = '–';
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const units = [
  { from: 1e9, sign: 'G' },
  { from: 1e6, sign: 'M' },
  { from: 1e4, sign: 'k', by: 1e3 },
];

/** `1,234`, and from ten thousand on `12.3k`, `4.56M`. */
export function formatCount(value: number | null | undefined): string {
  if (value === null || value === undefined) return unknownText;
  const unit = units.find(({ from }) => Math.abs(value) >= from);
  if (unit === undefined) return whole.format(value);
  return threeDigits(value / (unit.by ?? unit.from)) + unit.sign;
}

/** All digits, in groups. */
export function formatExact(value: number | null | undefined): string {
  return value === null || value === undefined ? unknownText : whole.format(value);
}

export function formatRate(perSecond: number | null | undefined): string {
  if (perSecond === null || perSecond === undefined) return unknownText;
  if (perSecond !== 0 && Math.abs(perSecond) < 0.05) return '<0.1/s';
  if (Math.abs(perSecond) < 10) return `${trim(perSecond.toFixed(1))}/s`;
  return `${formatCount(perSecond)}/s`;
}

export function formatPercent(share: number | null | undefined, digits = 1): string {
  return share === null || share === undefined ? unknownText : `${trim((share * 100).toFixed(digits))} %`;
}

export function formatBytes(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return unknownText;
  const steps = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const step = bytes < 1024 ? 0 : Math.min(steps.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${threeDigits(bytes / 1024 ** step)} ${steps[step]}`;
}

/** `1 event`, `2 events`; from ten thousand on shortened. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** Three digits that say something: `1.23`, `12.3`, `123`. */
export function threeDigits(value: number): string {
  const size = Math.abs(value);
  return trim(value.toFixed(size < 9.995 ? 2 : size < 99.95 ? 1 : 0));
}

function trim(digits: string): string {
  return digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits;
}
