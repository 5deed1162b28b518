/** What was dropped, wherever: of the store by reason, and of each task that could not write or deliver. The most first. */
import type { TelemetryStats } from '../../../../api/contract/traces.ts';

export interface DropRow {
  /** Null: of the store. */
  readonly task: string | null;
  readonly what: string;
  readonly why: string;
  readonly count: number;
}

const words = { spans: 'Spans', metrics: 'Points of metrics', forwarded: 'Requests handed on' } as const;

export function dropRows({
  dropped,
  undelivered,
}: Pick<TelemetryStats, 'dropped' | 'undelivered'>): readonly DropRow[] {
  const stored = Object.entries(dropped).map(([why, count]) => ({ task: null, what: 'What came in', why, count }));
  const sent = undelivered.map(({ task, signal, reason, count }) => ({
    task,
    what: words[signal],
    why: reason,
    count,
  }));
  return [...stored, ...sent].toSorted((one, other) => other.count - one.count);
}
