/** What a command runs with: where things are, and how to speak to the user. */
import { fileURLToPath } from 'node:url';
import { styleText } from 'node:util';
import { cacheOf, homeOf } from '../home.ts';
import type { Operating } from '../operate/operating.ts';

export type Style = Parameters<typeof styleText>[0];

export interface Session extends Operating {
  /** The result is wanted as JSON on standard output; progress then goes to standard error, plainly. */
  readonly json: boolean;
  /** A person is there to be asked. */
  readonly interactive: boolean;
  /** `--yes`: every question is answered with yes. */
  readonly yes: boolean;
  /** Writes a line of the result to standard output. */
  print(line: string): void;
  /** Writes a line of progress to standard error. */
  progress(line: string): void;
  paint(style: Style, text: string): string;
}

export interface GlobalOptions {
  readonly json?: boolean;
  readonly yes?: boolean;
}

export function createSession({ json = false, yes = false }: GlobalOptions): Session {
  const { env } = process;
  const color = !env.NO_COLOR && !json && Boolean(process.stdout.isTTY);
  return {
    home: homeOf(env),
    cache: cacheOf(env),
    service: 'millrace.cli',
    repoRoot: fileURLToPath(new URL('../..', import.meta.url)),
    env,
    json,
    yes,
    interactive: Boolean(process.stdin.isTTY && process.stdout.isTTY) && !yes && !json,
    print: (line) => process.stdout.write(`${line}\n`),
    progress: (line) => process.stderr.write(`${line}\n`),
    paint: (style, text) => (color ? styleText(style, text, { validateStream: false }) : text),
  };
}

/** Prints `value` as JSON where asked for, else the lines that `human` makes of it. */
export function answer<T>(session: Session, value: T, human: (value: T) => string): void {
  session.print(session.json ? JSON.stringify(value, null, 2) : human(value));
}

/** Columns padded to equal width, two spaces between. The first row may be a heading. */
export function columns(rows: readonly (readonly string[])[]): string {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
