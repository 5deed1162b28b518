/** The tail of a task's log and what it prints from then on, as one sequence of lines. */
import type { LogLine } from '../../../../api/contract/traces.ts';
import { createSseParser } from '../../live/sse.ts';

/**
 * The stream is opened before the tail is asked for, so that no line falls between; what both have is shown once. `streamed`
 * begins somewhere in the tail, or after it.
 */
export function afterTail(tail: readonly LogLine[], streamed: readonly LogLine[]): readonly LogLine[] {
  for (let overlap = Math.min(tail.length, streamed.length); overlap > 0; overlap--) {
    const start = tail.length - overlap;
    if (streamed.slice(0, overlap).every((line, index) => line.text === tail[start + index]?.text))
      return streamed.slice(overlap);
  }
  return streamed;
}

export interface FollowOptions {
  readonly fetch: typeof fetch;
  readonly task: string;
  readonly signal: AbortSignal;
  readonly onOpen: () => void;
  readonly onLines: (lines: readonly LogLine[]) => void;
}

/** Until the stream ends or `signal` does. False: it could not be opened. */
export async function followLog({ fetch, task, signal, onOpen, onLines }: FollowOptions): Promise<boolean> {
  const answer = await fetch(`/api/tasks/${encodeURIComponent(task)}/logs/follow`, {
    headers: { accept: 'text/event-stream' },
    credentials: 'same-origin',
    cache: 'no-store',
    signal,
  });
  if (!answer.ok || answer.body === null) return false;
  onOpen();
  const parser = createSseParser();
  const decoder = new TextDecoder();
  const reader = answer.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return true;
    const lines = parser.push(decoder.decode(value, { stream: true })).flatMap(({ data }) => linesOf(data));
    if (lines.length > 0) onLines(lines);
  }
}

/** A message holds a line, or several. Anything else (a note of the server) is passed over. */
export function linesOf(data: string): LogLine[] {
  try {
    const parsed: unknown = JSON.parse(data);
    const all: unknown[] = Array.isArray(parsed) ? parsed : [parsed];
    return all.filter((each): each is LogLine => typeof (each as Partial<LogLine> | null)?.text === 'string');
  } catch {
    return [];
  }
}
