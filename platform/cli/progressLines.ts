/** An operation's journal as lines: what is done with its time, and what is waited for, for how long, and why. */
import type { JournalEntry } from '../model/operations.ts';
import type { Session } from './session.ts';

/** A reason to wait is worth a line only when the wait has lasted. */
const patienceMs = 1500;

export function progressLines(session: Session): { show(entry: JournalEntry): void } {
  const began = new Map<string, number>();
  const told = new Map<string, string>();
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`.padStart(8);
  return {
    show({ at, scope, step, label, state, text, ms }) {
      const key = `${scope}/${step}`;
      const atMs = Date.parse(at);
      if (state === 'started') {
        if (!began.has(key)) began.set(key, atMs);
        return;
      }
      const waitedMs = ms ?? atMs - (began.get(key) ?? atMs);
      if (state === 'waiting' && (waitedMs < patienceMs || told.get(key) === text)) return;
      if (state === 'waiting' && text) told.set(key, text);
      const marks = { done: '✓', failed: '✗', retrying: '↻', undone: '↶', waiting: '…' } as const;
      const why = text ? ` — ${state === 'waiting' ? 'waits for ' : ''}${text}` : '';
      session.progress(`${marks[state]} ${seconds(waitedMs)}  ${scope}: ${label}${why}`);
    },
  };
}
