/** Answers of tasks as their health ports give them, made by real meters. */
import type { Answer } from '../../../../platform/observe/watch/look.ts';
import { memoryJournal } from '../../../../platform/telemetry/conservation/journal.ts';
import { FlowMeter, IngressMeter, type MeteredRecord } from '../../../../platform/telemetry/stageMeter.ts';

export function ingressMeter(now: () => number): IngressMeter {
  return new IngressMeter({ stage: 'ingress', kind: 'ingress', journal: memoryJournal(), now });
}

export function sinkMeter(stage: string, now: () => number): FlowMeter {
  return new FlowMeter({ stage, kind: 'sink', journal: memoryJournal(), now });
}

/** Events that enter at `atMs`, by their ids; answers the headers that they go on with. */
export function enter(meter: IngressMeter, ids: readonly string[], atMs: number): readonly MeteredRecord[] {
  const records = ids.map((id) => ({ id, pathway: meter.stamp(atMs), traceparent: undefined }));
  meter.offered(records);
  meter.acknowledged(records, atMs);
  return records.map((record, at) => ({
    ...record,
    jobAt: undefined,
    raw: { topic: 't', partition: 0, offset: `${at}` },
  }));
}

/** The records come to the sink from this offset on; those in `dead` go to the dead-letter topic. */
export function arrive(
  meter: FlowMeter,
  records: readonly MeteredRecord[],
  {
    atMs,
    offset = 0,
    dead = [],
  }: { readonly atMs: number; readonly offset?: number; readonly dead?: readonly string[] },
): void {
  const incoming = records.map((record, at) => ({ ...record, raw: { ...record.raw, offset: String(offset + at) } }));
  const isDead = ({ id }: MeteredRecord) => dead.includes(id ?? '');
  const acknowledged = incoming.filter((record) => !isDead(record));
  const deadLettered = new Set(incoming.filter(isDead).map(({ raw }) => raw));
  meter.passed({ incoming, filtered: new Set(), deadLettered, acknowledged, anew: false }, atMs);
}

export function answerOf(
  task: string,
  meters: readonly (IngressMeter | FlowMeter)[],
  atMs: number,
  sinceMs = 0,
): Answer {
  return { task, stages: meters.map((meter) => meter.report(sinceMs)), askedMs: atMs, answeredMs: atMs, sinceMs };
}

export function idsOf(count: number, prefix = 'e'): readonly string[] {
  return Array.from({ length: count }, (_, at) => `${prefix}-${at}`);
}
