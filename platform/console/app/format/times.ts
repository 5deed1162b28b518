/** Times and durations as text. Pure: now is handed in. */
import { threeDigits, unknownText } from './numbers.ts';

export const secondMs = 1000;
export const minuteMs = 60 * secondMs;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/** `<1 ms`, `12.3 ms`, `1.24 s`, `2 min 5 s`, `3 h 4 min`, `2 d 3 h`. */
export function formatDuration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return unknownText;
  if (ms < 0) return `−${formatDuration(-ms)}`;
  if (ms === 0) return '0 ms';
  if (ms < 1) return ms < 0.01 ? '<0.01 ms' : `${threeDigits(ms)} ms`;
  if (ms < secondMs) return `${threeDigits(ms)} ms`;
  if (ms < minuteMs) return `${threeDigits(ms / secondMs)} s`;
  if (ms < hourMs) return two(ms, minuteMs, 'min', secondMs, 's');
  if (ms < dayMs) return two(ms, hourMs, 'h', minuteMs, 'min');
  return two(ms, dayMs, 'd', hourMs, 'h');
}

export function formatSeconds(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return unknownText;
  return seconds === 0 ? '0 s' : formatDuration(seconds * secondMs);
}

/** `unknown` where something waits, and nobody knows since when. */
export function formatLag(lag: { readonly lagSeconds: number | null; readonly lagRecords: number | null }): string {
  return lag.lagSeconds === null && (lag.lagRecords ?? 0) > 0 ? 'unknown' : formatSeconds(lag.lagSeconds);
}

/** `now`, `12 s ago`, `5 min ago`, `3 h ago`, `2 d ago`; the future reads `in 5 s`. */
export function formatAge(atMs: number, nowMs: number): string {
  const ageMs = nowMs - atMs;
  if (Math.abs(ageMs) < secondMs) return 'now';
  const size = Math.abs(ageMs);
  const [unitMs, unit] =
    size < minuteMs ? [secondMs, 's'] : size < hourMs ? [minuteMs, 'min'] : size < dayMs ? [hourMs, 'h'] : [dayMs, 'd'];
  const text = `${Math.floor(size / unitMs)} ${unit}`;
  return ageMs > 0 ? `${text} ago` : `in ${text}`;
}

/** `14:03:59`, in the zone of who looks; `zone` for tests. */
export function formatClock(atMs: number, zone?: string): string {
  return clock(zone).format(atMs);
}

/** `14:03`; with seconds, or parts of them, where the ticks of an axis are so near to each other; `24 Nov` where they are days. */
export function formatTick(atMs: number, stepMs: number, zone?: string): string {
  if (stepMs >= dayMs) return day(zone).format(atMs).replace(/ \d+$/, '');
  if (stepMs < secondMs) return formatClockMs(atMs, zone);
  return stepMs < minuteMs ? formatClock(atMs, zone) : formatClock(atMs, zone).slice(0, 5);
}

/** `14:03:59.042`. */
export function formatClockMs(atMs: number, zone?: string): string {
  return `${formatClock(atMs, zone)}.${String(Math.floor(atMs) % 1000).padStart(3, '0')}`;
}

/** `24 Nov 2026, 14:03:59`. */
export function formatDateTime(atMs: number, zone?: string): string {
  return `${day(zone).format(atMs)}, ${formatClock(atMs, zone)}`;
}

/** The clock today, with the day before it otherwise. */
export function formatMoment(atMs: number, nowMs: number, zone?: string): string {
  const sameDay = day(zone).format(atMs) === day(zone).format(nowMs);
  return sameDay ? formatClock(atMs, zone) : formatDateTime(atMs, zone);
}

function two(ms: number, largeMs: number, large: string, smallMs: number, small: string): string {
  const rest = Math.floor((ms % largeMs) / smallMs);
  return `${Math.floor(ms / largeMs)} ${large}${rest === 0 ? '' : ` ${rest} ${small}`}`;
}

// Making a formatter costs some 50 µs, using one 1 µs: tables of a thousand times want it kept.
const made = new Map<string, Intl.DateTimeFormat>();

function clock(zone: string | undefined): Intl.DateTimeFormat {
  return keep(`clock ${zone}`, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZone: zone,
  });
}

function day(zone: string | undefined): Intl.DateTimeFormat {
  return keep(`day ${zone}`, { day: 'numeric', month: 'short', year: 'numeric', timeZone: zone });
}

function keep(key: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const found = made.get(key) ?? new Intl.DateTimeFormat('en-GB', options);
  made.set(key, found);
  return found;
}
