/** Lines of a task's log: what they say of themselves, which are shown, and how many are kept. Text stays as it was printed. */
import type { LogLine } from '../../../../api/contract/traces.ts';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug' | 'unknown';
export interface ShownLine {
  /** Grows by one a line; a stable key while lines fall off the front. */
  readonly number: number;
  readonly atMs: number | null;
  readonly task: string;
  readonly level: LogLevel;
  readonly text: string;
}
export interface LogFilter {
  /** Words that must all occur, in any order, upper and lower case alike; `-word` must not. */
  readonly text: string;
  /** The least level that is shown; lines without one are shown, too. */
  readonly level: LogLevel;
}
export interface LogBuffer {
  readonly lines: readonly ShownLine[];
  readonly nextNumber: number;
  /** Lines that fell off the front. */
  readonly forgotten: number;
}

export const emptyLog: LogBuffer = { lines: [], nextNumber: 1, forgotten: 0 };
/** Lines that one page keeps. */
export const mostLines = 5000;

const order: readonly LogLevel[] = ['error', 'warn', 'info', 'debug'];
const words: Readonly<Record<string, LogLevel>> = {
  FATAL: 'error',
  ERROR: 'error',
  SEVERE: 'error',
  WARN: 'warn',
  WARNING: 'warn',
  INFO: 'info',
  NOTICE: 'info',
  DEBUG: 'debug',
  TRACE: 'debug',
};
/** pino's numbers (https://getpino.io/#/docs/api?id=level-string). */
const numbers: readonly (readonly [number, LogLevel])[] = [
  [50, 'error'],
  [40, 'warn'],
  [30, 'info'],
];

/** Adds lines behind those that are there; the oldest fall off past `most`. */
export function append(buffer: LogBuffer, lines: readonly LogLine[], most = mostLines): LogBuffer {
  const added = lines.map((line, index) => ({ number: buffer.nextNumber + index, ...parse(line) }));
  const all = [...buffer.lines, ...added];
  const surplus = Math.max(0, all.length - most);
  return {
    lines: surplus > 0 ? all.slice(surplus) : all,
    nextNumber: buffer.nextNumber + lines.length,
    forgotten: buffer.forgotten + surplus,
  };
}

function parse({ atMs, task, text }: LogLine): Omit<ShownLine, 'number'> {
  const clean = withoutColour(text);
  return { atMs, task, text: clean, level: levelOf(clean) };
}

/** Colours of terminals (ECMA-48 SGR) only; other escape sequences stay, to be shown as marks. */
function withoutColour(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
  return text.replaceAll(/\u001b\[[0-9;]*m/g, '');
}

/** By a level word near the start (Java's servers, Temporal), Redis's sign, or pino's number in a JSON line. */
export function levelOf(text: string): LogLevel {
  const head = text.slice(0, 160);
  const number = /"level":\s*(\d+)/.exec(head);
  if (number !== null) return numbers.find(([least]) => Number(number[1]) >= least)?.[1] ?? 'debug';
  const word = /\b(FATAL|ERROR|SEVERE|WARN(?:ING)?|INFO|NOTICE|DEBUG|TRACE)\b/.exec(head);
  if (word !== null) return words[word[1]!] ?? 'unknown';
  const named = /"?level"?[=:]\s*"?(fatal|error|warn(?:ing)?|info|debug|trace)\b/i.exec(head);
  if (named !== null) return words[named[1]!.toUpperCase()] ?? 'unknown';
  return /^(Error|Exception in thread|Caused by:|\w+(\.\w+)+(Error|Exception)\b)/.test(text) ? 'error' : 'unknown';
}

export function filtered(lines: readonly ShownLine[], filter: LogFilter): readonly ShownLine[] {
  const terms = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  const least = order.indexOf(filter.level);
  if (terms.length === 0 && least < 0) return lines;
  return lines.filter((line) => {
    const level = order.indexOf(line.level);
    if (least >= 0 && level > least) return false;
    const text = line.text.toLowerCase();
    return terms.every((term) =>
      term.length > 1 && term.startsWith('-') ? !text.includes(term.slice(1)) : text.includes(term),
    );
  });
}
