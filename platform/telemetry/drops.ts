/** What telemetry could not keep or deliver, as counts beside those of the store: by task, signal and reason, since its process began. */
import type { MetricExportCounters } from './export/exporter.ts';
import type { Forwarder } from './otlp/forward.ts';
import type { SpanCounters } from './recorder.ts';

/** `spans` and `metrics`: a process's own, in spans and data points; `forwarded`: OTLP of others handed on, in requests. */
export type DroppedSignal = 'spans' | 'metrics' | 'forwarded';

export interface TelemetryDrop {
  readonly task: string;
  readonly signal: DroppedSignal;
  readonly reason: string;
  readonly count: number;
}

/** Of a span recorder, as it stands or as `GET /metrics.json` of a task tells it. None of what is zero, here and below. */
export function spanDrops(task: string, { dropped = 0, undelivered = 0 }: Partial<SpanCounters>): TelemetryDrop[] {
  return [
    { task, signal: 'spans' as const, reason: 'not written to the span files', count: dropped },
    { task, signal: 'spans' as const, reason: 'not taken by the collector', count: undelivered },
  ].filter(isSome);
}

export function pointDrops(
  task: string,
  { droppedPoints, lastFailure }: Pick<MetricExportCounters, 'droppedPoints' | 'lastFailure'>,
): TelemetryDrop[] {
  const reason = `not taken by the collector${lastFailure === undefined ? '' : `: ${lastFailure}`}`;
  return [{ task, signal: 'metrics' as const, reason, count: droppedPoints }].filter(isSome);
}

export function forwardDrops(task: string, forwarder: Pick<Forwarder, 'counters'> | undefined): TelemetryDrop[] {
  return Object.entries(forwarder?.counters.dropped ?? {})
    .map(([reason, count]) => ({ task, signal: 'forwarded' as const, reason, count }))
    .filter(isSome);
}

function isSome({ count }: TelemetryDrop): boolean {
  return count > 0;
}
