/** Numbers and complaints as sentences. Pure. */

export function seconds(value: number): string {
  if (value >= 5400) return `${(value / 3600).toFixed(1)} h`;
  if (value >= 90) return `${(value / 60).toFixed(1)} min`;
  return `${value >= 10 ? Math.round(value) : Math.round(value * 10) / 10} s`;
}

export function count(value: number, what: string): string {
  return `${value} ${what}${value === 1 ? '' : 's'}`;
}

export function rate(perSecond: number): string {
  return `${perSecond >= 10 ? Math.round(perSecond) : Math.round(perSecond * 10) / 10} events/s`;
}

export function allEnds(ends: number): string {
  return ends === 1 ? 'the only end' : `all ${ends} ends`;
}

/** `a`, `a and b`, `a, b and 2 more`. */
export function list(names: readonly string[]): string {
  if (names.length === 0) return 'it';
  if (names.length <= 2) return names.join(' and ');
  return `${names.slice(0, 2).join(', ')} and ${names.length - 2} more`;
}

/** One sentence of several complaints, of which the first is the gravest. */
export function asSentence(complaints: readonly { readonly text: string; readonly next: string }[]): {
  readonly reason: string;
  readonly next: string;
} {
  const [first, ...others] = complaints;
  const more = others.length === 0 ? '' : ` (and ${count(others.length, 'further trouble')})`;
  return { reason: `${first?.text ?? ''}${more}.`, next: first?.next ?? '' };
}
