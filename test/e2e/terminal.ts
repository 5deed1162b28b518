/** The command line in a real pseudo-terminal, with keys typed into it. Python's `pty` drives it: Python is needed anyway. */
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { millrace, type TestHome } from './cli.ts';

export const ctrlC = '\x03';

export interface Terminal {
  /** Waits until `text` has been printed since the last call; fails when the command has ended without it. */
  until(text: RegExp): Promise<void>;
  type(keys: string): void;
  /** Exit code, and everything that was printed. */
  readonly ended: Promise<{ readonly code: number | null; readonly screen: string }>;
}

const program = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))';

export function openTerminal({ env }: TestHome, ...args: string[]): Terminal {
  const child = spawn('python3', ['-c', program, millrace, ...args], {
    cwd: tmpdir(),
    env: { NO_COLOR: '1', ...env, TERM: 'dumb' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let screen = '';
  let seen = 0;
  let open = true;
  child.stdout.on('data', (chunk) => (screen += chunk));
  const ended = new Promise<{ code: number | null; screen: string }>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      open = false;
      resolve({ code, screen });
    });
  });
  return {
    ended,
    type: (keys) => void child.stdin.write(keys),
    async until(text) {
      for (;;) {
        const found = text.exec(screen.slice(seen));
        if (found) {
          seen += found.index + found[0].length;
          return;
        }
        if (!open) throw new Error(`it ended without ${text}:\n${screen}`);
        await sleep(50);
      }
    },
  };
}
