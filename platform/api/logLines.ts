/** Lines of a task's log: cut from its text, and followed as they come. */
import type { ClusterDriver } from '../cluster/driver.ts';
import type { LogLine } from './contract/traces.ts';
import type { Stream } from './eventStream.ts';

const longestLine = 16 * 1024;
const timeAtStart = /^\W{0,2}(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)/;

/** `atMs`: where the line begins with a time (ISO-8601; without a zone: UTC, as tasks run in), or is JSON with one. */
export function logLines(task: string, text: string): LogLine[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => ({ atMs: timeOf(line), task, text: line.slice(0, longestLine) }));
}

function timeOf(line: string): number | null {
  const stated =
    timeAtStart.exec(line)?.[1] ?? /"(?:time|ts|timestamp)":"([^"]{19,35})"/.exec(line.slice(0, 2000))?.[1];
  if (stated === undefined) return null;
  const iso = stated.replace(' ', 'T').replace(',', '.');
  const atMs = Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(iso) ? iso : `${iso}Z`);
  return Number.isNaN(atMs) ? null : atMs;
}

/** Sends each line that is written from now on, when it is whole. */
export async function followLog(driver: Pick<ClusterDriver, 'follow'>, task: string, stream: Stream): Promise<void> {
  const end = new AbortController();
  void stream.closed.then(() => end.abort());
  let partial = '';
  try {
    for await (const part of driver.follow(task, end.signal)) {
      const lines = (partial + part).split('\n');
      partial = (lines.pop() ?? '').slice(-longestLine);
      for (const line of logLines(task, lines.join('\n'))) stream.send({ data: line });
    }
  } finally {
    // A log that ends, or can't be read any more: the reader comes again, and is told.
    stream.end();
  }
}
