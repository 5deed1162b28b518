/**
 * Where a feed stands in its dataset, kept over restarts so that an event id never stands for two rows. Written to a
 * temporary name and renamed.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fail } from '../../errors.ts';

export interface FeedPosition {
  /**
   * How often the dataset was begun. The first is the Unix time, in seconds, at which the feed was first started: a feed
   * that has lost its position does not use an id again.
   */
  readonly loop: number;
  /** The next row to send, from 0. */
  readonly row: number;
}

const format = 'millrace/feed-position/1';

/** No file: the beginning. Throws CORRUPT_STATE or FOREIGN_STATE, and leaves the file as it is. */
export async function readPosition(file: string, nowMs: number): Promise<FeedPosition> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return { loop: Math.floor(nowMs / 1000), row: 0 };
  let stored: Partial<FeedPosition> & { format?: unknown };
  try {
    stored = JSON.parse(text) as typeof stored;
  } catch (error) {
    fail('CORRUPT_STATE', { file, reason: (error as Error).message });
  }
  if (stored?.format !== format) fail('FOREIGN_STATE', { file, found: stored?.format ?? 'nothing', expected: format });
  const { loop, row } = stored;
  if (!isCount(loop) || !isCount(row)) fail('CORRUPT_STATE', { file, reason: 'loop and row must be whole numbers' });
  return { loop, row };
}

export async function writePosition(file: string, position: FeedPosition): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const temporary = `${file}.${process.pid}`;
  await writeFile(temporary, `${JSON.stringify({ format, ...position })}\n`, { mode: 0o600 });
  await rename(temporary, file);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
