/** From a span's attributes to the pages that show what it worked on. Names: OpenTelemetry's conventions (telemetry/attributes.ts). */
import type { ApiTraceSpan } from '../../../../api/contract/traces.ts';

export type SpanLink =
  | {
      readonly page: 'topic';
      readonly pipeline: string;
      readonly topic: string;
      readonly partition: number | null;
      readonly offset: string | null;
    }
  | { readonly page: 'table'; readonly pipeline: string; readonly table: string; readonly eventId: string | null }
  | { readonly page: 'job'; readonly pipeline: string; readonly job: string };

/** Empty when the span names nothing that has a page. Attributes are strangers' text: only plain names are followed. */
export function spanLinks({ attributes }: Pick<ApiTraceSpan, 'attributes'>, tracePipeline: string | null): SpanLink[] {
  const pipeline = name(attributes['millrace.pipeline']) ?? tracePipeline;
  if (pipeline === null) return [];
  const links: SpanLink[] = [];
  const destination = name(attributes['messaging.destination.name']);
  if (attributes['messaging.system'] === 'kafka' && destination !== null) {
    const prefix = `${pipeline}.`;
    const topic = destination.startsWith(prefix) ? destination.slice(prefix.length) : destination;
    const partition = whole(attributes['messaging.destination.partition.id']);
    const offset = whole(attributes['messaging.kafka.offset']);
    links.push({ page: 'topic', pipeline, topic, partition, offset: offset === null ? null : `${offset}` });
  }
  const table = name(attributes['db.collection.name']);
  if (attributes['db.system.name'] === 'cassandra' && table !== null) {
    const eventId = attributes['millrace.event.id'];
    links.push({ page: 'table', pipeline, table, eventId: typeof eventId === 'string' ? eventId : null });
  }
  const job = name(attributes['millrace.job']);
  if (job !== null) links.push({ page: 'job', pipeline, job });
  return links;
}

function name(value: unknown): string | null {
  return typeof value === 'string' && /^[A-Za-z0-9._-]{1,249}$/.test(value) ? value : null;
}

function whole(value: unknown): number | null {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : null;
}
