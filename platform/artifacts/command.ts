/** Runs the clients of package registries (pip, mvn, java) and reads what they say. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fail } from '../errors.ts';

export interface Command {
  readonly argv: readonly [string, ...string[]];
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Each line of standard output and standard error, without its end. */
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

const keptLines = 30;

/** Resolves with the whole output when the command ends with code 0, else throws COMMAND_FAILED with its first and last lines. */
export async function run(command: Command): Promise<string> {
  const { code, signal, lines } = await start(command);
  if (code === 0) return lines.join('\n');
  const ending = signal === null ? `with code ${code}` : `by ${signal}`;
  const said = lines.map(withoutCredentials);
  const [head, tail] = [said.slice(0, keptLines).join('\n'), said.slice(-keptLines).join('\n')];
  return fail('COMMAND_FAILED', { command: command.argv.slice(0, 4).join(' '), ending, head, tail });
}

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly lines: readonly string[];
}

function start({ argv, cwd, env = process.env, onLine, signal }: Command): Promise<Ended> {
  const [file, ...rest] = argv;
  const child = spawn(file, rest, {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
    ...(signal === undefined ? {} : { signal }),
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      onLine?.(line);
    });
  }
  const { promise, resolve, reject } = Promise.withResolvers<Ended>();
  child.on('error', reject);
  child.on('close', (code, ended) => resolve({ code, signal: ended, lines }));
  return promise;
}

/** Clients may print an address from their configuration; a password in it must not reach a log. */
export function withoutCredentials(line: string): string {
  return line.replace(/\/\/[^/@\s]+@/g, '//***@');
}
