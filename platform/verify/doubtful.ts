/**
 * Events of unknown end: sent, and neither acknowledged nor known to be refused. Batches go one after the other, so that they
 * are the one batch after the last acknowledged event. Each is asked for at the API: what is there counts as once sent, and
 * what the aggregation counts beyond that is a duplicate. Without asking, each would hide one.
 */
import { pause } from '../connectors/backoff.ts';
import { waitForCount } from './count.ts';
import { eventId, maxBatchEvents } from './markedEvents.ts';

export interface CountCheck {
  readonly mark: string;
  readonly acknowledged: number;
  readonly unacknowledged: number;
  readonly urlOf: (id: string) => string;
  readonly countUrl: string;
  /** Of `performance.now()`. */
  readonly deadlineMs: number;
}

export interface Counted {
  readonly counted: number;
  /** Events of unknown end that the API answered with. */
  readonly unacknowledgedRead: number;
}

const readers = 16;
const pollMs = 500;
const requestTimeoutMs = 5000;

/** Waits until what is there is counted. A surplus may be an event that is counted sooner than it can be read: it is awaited. */
export async function countAll(check: CountCheck): Promise<Counted> {
  const { mark, acknowledged, unacknowledged, countUrl, deadlineMs } = check;
  const possible = Math.min(unacknowledged, maxBatchEvents);
  let left = Array.from({ length: possible }, (_, offset) => eventId(mark, acknowledged + offset));
  const expected = () => acknowledged + possible - left.length;
  left = await absent(left, check.urlOf);
  let counted = await waitForCount(countUrl, expected(), deadlineMs);
  while (counted > expected() && left.length > 0 && performance.now() < deadlineMs) {
    await pause(pollMs);
    left = await absent(left, check.urlOf);
    counted = await waitForCount(countUrl, expected(), deadlineMs);
  }
  return { counted, unacknowledgedRead: possible - left.length };
}

/** Those of `ids` that the API does not answer with now. */
async function absent(ids: readonly string[], urlOf: CountCheck['urlOf']): Promise<string[]> {
  const found = new Set<string>();
  const queue = ids.values();
  const reader = async () => {
    for (const id of queue) if (await isThere(urlOf(id))) found.add(id);
  };
  await Promise.all(Array.from({ length: readers }, reader));
  return ids.filter((id) => !found.has(id));
}

async function isThere(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(requestTimeoutMs) });
    await response.arrayBuffer();
    return response.status === 200;
  } catch {
    return false;
  }
}
