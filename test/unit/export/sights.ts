/** What tasks of a pipeline would tell, made by the real checkpoints and ledgers. */
import { memoryJournal } from '../../../platform/telemetry/conservation/journal.ts';
import type { PipelineSight } from '../../../platform/telemetry/export/sight.ts';
import { formatPathwayHeader } from '../../../platform/telemetry/pathway/header.ts';
import { rootPathway } from '../../../platform/telemetry/pathway/pathways.ts';
import { FlowMeter, type MeteredRecord } from '../../../platform/telemetry/stageMeter.ts';

export const bornMs = 1_795_538_300_000;
export const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
export const spanId = '00f067aa0ba902b7';

export interface Sink {
  readonly meter: FlowMeter;
  /** Events that took so many milliseconds from their origin, acknowledged at `nowMs`; the first of them is sampled. */
  pass(latenciesMs: readonly number[], nowMs: number): void;
}

export function sink(stage: string, startMs = bornMs): Sink {
  let clockMs = startMs;
  let offset = 0;
  const meter = new FlowMeter({ stage, kind: 'sink', journal: memoryJournal(), now: () => clockMs });
  return {
    meter,
    pass(latenciesMs, nowMs) {
      clockMs = nowMs;
      const incoming = latenciesMs.map((latencyMs, at): MeteredRecord => {
        const originMs = nowMs - latencyMs;
        return {
          id: `event-${offset}`,
          pathway: formatPathwayHeader({ pathway: rootPathway, originMs, previousMs: originMs }),
          traceparent: at === 0 ? `00-${traceId}-${spanId}-01` : undefined,
          jobAt: undefined,
          raw: { topic: 'p.t', partition: 0, offset: String(offset++) },
        };
      });
      const none = new Set<never>();
      meter.passed({ incoming, filtered: none, deadLettered: none, acknowledged: incoming, anew: false }, nowMs);
    },
  };
}

export function sightOf(sinks: readonly Sink[], more: Partial<PipelineSight> = {}): PipelineSight {
  return { pipeline: 'p', tasks: [{ task: 'p.sinks.0', stages: sinks.map(({ meter }) => meter.report()) }], ...more };
}
