import { createInterface } from 'node:readline/promises';
import { fail } from '../errors.ts';
import type { Session } from './session.ts';

/** Asks for a yes. Without a person to ask, only `--yes` counts as one. Throws NEEDS_CONFIRMATION otherwise. */
export async function confirm(session: Session, question: string, command: string): Promise<boolean> {
  if (session.yes) return true;
  if (!session.interactive) fail('NEEDS_CONFIRMATION', { command, question });
  return /^y(es)?$/i.test(((await ask(`${question} [y/N] `)) ?? '').trim());
}

/** Undefined: Ctrl-C, the end of the input, or `signal`. While it asks, Ctrl-C makes no SIGINT but ends the question. */
export async function ask(question: string, signal?: AbortSignal): Promise<string | undefined> {
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  const ended = new AbortController();
  reader.once('SIGINT', () => ended.abort());
  reader.once('close', () => ended.abort());
  try {
    const stop = AbortSignal.any(signal ? [ended.signal, signal] : [ended.signal]);
    return await reader.question(question, { signal: stop });
  } catch (error) {
    if ((error as Error).name === 'AbortError') return undefined;
    throw error;
  } finally {
    reader.close();
  }
}
