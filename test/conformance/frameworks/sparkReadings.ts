/** Readings for the sample pipeline, and which of them were sent. */
import { randomUUID } from 'node:crypto';
import { formatPathwayHeader } from '../../../platform/telemetry/pathway/header.ts';
import { pathwayId, rootPathway } from '../../../platform/telemetry/pathway/pathways.ts';
import type { SparkPipeline } from './sparkPipeline.ts';

export const place = `place-${randomUUID()}`;
export const parent = pathwayId(rootPathway, 'test');

export function reading(id = randomUUID() as string, value = 11) {
  const time = new Date().toISOString();
  const trace = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
  const nowMs = Date.now();
  const pathway = formatPathwayHeader({ pathway: parent, originMs: nowMs, previousMs: nowMs });
  const headers = { ce_id: id, ce_time: time, traceparent: trace, 'millrace-pathway': pathway };
  return { key: id, value: JSON.stringify({ place, at: time, value, note: null }), headers };
}

/** Ids of well-formed events that were sent: all of them, each to be counted once, and those at or above the limit. */
export class SentReadings {
  readonly all = new Set<string>();
  readonly high = new Set<string>();

  /** Sends and remembers. */
  async send(pipeline: SparkPipeline, events: readonly ReturnType<typeof reading>[]): Promise<void> {
    await pipeline.send(events);
    for (const { key, value } of events) {
      this.all.add(key);
      if (JSON.parse(value).value >= 10) this.high.add(key);
    }
  }
}
