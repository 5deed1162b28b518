/** Runs the real command line in a home and port range of the test's own. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const millrace = fileURLToPath(new URL('../../millrace', import.meta.url));

export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface TestHome {
  readonly path: string;
  readonly env: NodeJS.ProcessEnv;
  run(...args: string[]): Promise<Run>;
  /** With variables of its own besides. */
  runWith(more: Readonly<Record<string, string>>, ...args: string[]): Promise<Run>;
  /** Runs with `--json` and parses what was printed; fails the test with the words of the error otherwise. */
  json<T>(...args: string[]): Promise<T>;
  /** Ends everything and removes the home. */
  purge(): Promise<Run>;
}

/** `more`: variables beside those that a home needs. */
export function createTestHome(portBase: number, more: Readonly<Record<string, string>> = {}): TestHome {
  const path = mkdtempSync(join(tmpdir(), 'millrace-e2e-'));
  const env = { ...process.env, MILLRACE_HOME: path, MILLRACE_PORT_BASE: String(portBase), NODE_OPTIONS: '', ...more };
  const run = (...args: string[]) => runProgram(millrace, args, env);
  return {
    path,
    env,
    run,
    runWith: (besides, ...args) => runProgram(millrace, args, { ...env, ...besides }),
    async json<T>(...args: string[]): Promise<T> {
      const { code, stdout, stderr } = await run(...args, '--json');
      if (code !== 0) throw new Error(`millrace ${args.join(' ')} ended with ${code}\n${stdout}\n${stderr}`);
      return JSON.parse(stdout) as T;
    },
    async purge() {
      const ended = await run('down', '--purge', '--yes', '--json');
      rmSync(path, { recursive: true, force: true });
      return ended;
    },
  };
}

function runProgram(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: tmpdir(), env, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk) => (stdout += chunk));
    child.stderr.on('data', (chunk) => (stderr += chunk));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}
