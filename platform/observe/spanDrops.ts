/** Asks the tasks of a pipeline for the spans that they could not write or deliver: `spans` in `GET /metrics.json`. */
import type { PipelineRecord } from '../model/records.ts';
import type { SpanCounters } from '../telemetry/recorder.ts';
import { healthPortsOf } from './stages.ts';

export interface SpanDropReply {
  readonly task: string;
  /** Undefined of a task that did not answer, or as another, or that makes no spans. */
  readonly spans: Partial<SpanCounters> | undefined;
  readonly answered: boolean;
}

const answerTimeoutMs = 4000;

/** One reply for each task that has a health port. Never rejects. */
export function askSpanDrops(
  record: Pick<PipelineRecord, 'plan'>,
  timeoutMs = answerTimeoutMs,
): Promise<readonly SpanDropReply[]> {
  return Promise.all(healthPortsOf(record).map(({ task, url }) => askOne(task, url, timeoutMs)));
}

async function askOne(task: string, url: string, timeoutMs: number): Promise<SpanDropReply> {
  try {
    const response = await fetch(`${url}/metrics.json`, { signal: AbortSignal.timeout(timeoutMs) });
    // Spark's driver has no such page: it makes no spans of its own.
    if (response.status === 404) return { task, spans: undefined, answered: true };
    const body = (await response.json()) as { readonly task?: string; readonly spans?: Partial<SpanCounters> };
    return body.task === task
      ? { task, spans: body.spans, answered: true }
      : { task, spans: undefined, answered: false };
  } catch {
    return { task, spans: undefined, answered: false };
  }
}
