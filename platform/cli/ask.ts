import { createInterface } from 'node:readline/promises';
import { fail } from '../errors.ts';
import type { Session } from './session.ts';

/** Asks for a yes. Without a person to ask, only `--yes` counts as one. Throws NEEDS_CONFIRMATION otherwise. */
export async function confirm(session: Session, question: string, command: string): Promise<boolean> {
  if (session.yes) return true;
  if (!session.interactive) fail('NEEDS_CONFIRMATION', { command, question });
  return /^y(es)?$/i.test((await ask(`${question} [y/N] `)).trim());
}

export async function ask(question: string): Promise<string> {
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await reader.question(question);
  } finally {
    reader.close();
  }
}
