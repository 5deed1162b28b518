/** A fetch as lines: each change of an artifact's state, and how far it is while bytes come. */
import type { FetchEvent } from '../artifacts/progress.ts';
import type { Session } from './session.ts';

/** Where progress goes besides whole lines: standard error, of which a terminal rewrites its last line. */
export interface ProgressScreen {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

/** Between two lines about the growth of one artifact where lines can't be rewritten: in a file or a log. */
const growthEveryMs = 3000;
const clearLine = '\r\u001b[2K';
const underWay: ReadonlySet<FetchEvent['state']> = new Set(['waiting', 'fetching', 'unpacking', 'checking']);

const mib = (bytes: number) => Math.round(bytes / 1024 / 1024);

/** Nothing is said of artifacts that are there. */
export function fetchProgress(
  session: Pick<Session, 'progress' | 'json'>,
  screen: ProgressScreen = process.stderr,
  now: () => number = Date.now,
): (event: FetchEvent) => void {
  const last = new Map<string, { readonly state: string; readonly toldMs: number }>();
  const running = new Map<string, FetchEvent>();
  const rewrites = screen.isTTY === true && !session.json;
  const say = (line: string) => {
    if (rewrites) screen.write(clearLine);
    session.progress(line);
  };
  return (event) => {
    const { artifact, state } = event;
    if (state === 'kept') return;
    if (underWay.has(state)) running.set(artifact, event);
    else running.delete(artifact);
    const told = last.get(artifact);
    const isNew = told?.state !== state;
    const grows = state === 'fetching' && !rewrites && now() - (told?.toldMs ?? 0) >= growthEveryMs;
    if (isNew || grows) {
      last.set(artifact, { state, toldMs: now() });
      say(lineOf(event));
    }
    if (rewrites) screen.write(`${clearLine}${statusOf([...running.values()], screen.columns ?? 80)}`);
  };
}

function lineOf({ artifact, version, state, bytes, totalBytes, seconds, detail }: FetchEvent): string {
  const parts = [`  ${artifact} ${version}`.padEnd(24), state.padEnd(10), sizeOf(state, bytes, totalBytes).padEnd(15)];
  return `${parts.join(' ')} ${seconds.toFixed(1)} s ${detail}`.trimEnd();
}

function sizeOf(state: FetchEvent['state'], bytes: number, totalBytes: number): string {
  if (state === 'fetching' && totalBytes > 0) return `${mib(bytes)} of ${mib(totalBytes)} MiB`;
  const size = totalBytes || bytes;
  return size ? `${mib(size)} MiB` : '';
}

/** All that is under way, in one line that fits; empty: nothing is, and the line goes. */
function statusOf(events: readonly FetchEvent[], columns: number): string {
  const fetching = events.filter(({ state, totalBytes }) => state === 'fetching' && totalBytes > 0);
  if (fetching.length === 0) return '';
  const parts = fetching.map(({ artifact, state, bytes, totalBytes }) => {
    return `${artifact} ${sizeOf(state, bytes, totalBytes)}`;
  });
  const line = `  ${parts.join(', ')}`;
  return line.length < columns ? line : `${line.slice(0, Math.max(0, columns - 2))}…`;
}
