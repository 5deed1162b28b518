/** How many of a run's events the aggregation counted: the other way, besides reading each one, to see a duplicate. */
import { pause } from '../connectors/backoff.ts';

const pollMs = 250;
/** After the count is complete it is read once more: a duplicate comes after its original. */
const settleMs = 1500;
const requestTimeoutMs = 5000;

/** Waits until the count is at least `expected`, or until `deadlineMs` of `performance.now()`. Answers the last count read. */
export async function waitForCount(url: string, expected: number, deadlineMs: number): Promise<number> {
  let count = await readCount(url);
  while ((count ?? 0) < expected && performance.now() < deadlineMs) {
    await pause(pollMs);
    count = (await readCount(url)) ?? count;
  }
  if ((count ?? 0) < expected) return count ?? 0;
  await pause(settleMs);
  return (await readCount(url)) ?? count ?? 0;
}

/** Undefined when the API does not answer with a count now. */
async function readCount(url: string): Promise<number | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(requestTimeoutMs) });
    const body = (await response.json()) as { count?: unknown } | null;
    return response.status === 200 && typeof body?.count === 'number' ? body.count : undefined;
  } catch {
    return undefined;
  }
}
