/** Lines of a task's log: cut from its text, and followed as they come. */
import { open, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
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

const pollMs = 400;
const mostBytes = 256 * 1024;

/**
 * Sends each line that is written from now on. The log is emptied in place when it has become large (cluster/process/log-file.ts):
 * reading begins anew then. Of a burst larger than 256 KiB between two looks, the newest part is sent.
 */
export async function followLog(driver: Pick<ClusterDriver, 'paths'>, task: string, stream: Stream): Promise<void> {
  try {
    await follow(driver.paths(task).logFile, task, stream);
  } catch (error) {
    // A log that can't be read any more: the reader comes again, and is told.
    stream.end();
    throw error;
  }
}

async function follow(logFile: string, task: string, stream: Stream): Promise<void> {
  const sizeNow = () =>
    stat(logFile).then(
      ({ size }) => size,
      () => 0,
    );
  let ended = false;
  void stream.closed.then(() => {
    ended = true;
  });
  let at = await sizeNow();
  let partial = '';
  while (!ended) {
    await sleep(pollMs);
    const size = await sizeNow();
    if (size < at) at = 0;
    if (size === at) continue;
    const from = Math.max(at, size - mostBytes);
    const lines = (partial + (await readPart(logFile, from, size - from))).split('\n');
    partial = (lines.pop() ?? '').slice(-longestLine);
    at = size;
    for (const line of logLines(task, lines.join('\n'))) stream.send({ data: line });
  }
}

async function readPart(file: string, from: number, length: number): Promise<string> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (handle === undefined) return '';
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, from);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}
