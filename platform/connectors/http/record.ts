/** An accepted event as a Kafka record: CloudEvents' Kafka binding 1.0.2 in binary mode, with our own headers. */
import type { TopicSpec } from '../../model/blueprint.ts';
import { envelopeHeaders } from '../../model/schema.ts';
import type { IncomingEvent } from './cloudEvents.ts';

export interface EncodedRecord {
  readonly key: string;
  readonly value: string;
  readonly headers: Record<string, string>;
  /** Bytes on the wire, framing left out. */
  readonly bytes: number;
}

/** A key that is null in the data gives way to the event's id: kafkajs spreads records without a key anew on each retry. */
export function encodeRecord(event: IncomingEvent, keyField: TopicSpec['key'], pathway: string): EncodedRecord {
  const fields = event.data as Readonly<Record<string, unknown>>;
  const key = String(keyField === 'event_id' ? event.id : (fields[keyField] ?? event.id));
  const value = JSON.stringify(fields);
  const headers: Record<string, string> = {
    ce_specversion: '1.0',
    'content-type': 'application/json',
    [envelopeHeaders.event_id]: event.id,
    [envelopeHeaders.event_time]: event.time,
    [envelopeHeaders.event_type]: event.type,
    [envelopeHeaders.event_source]: event.source,
    [envelopeHeaders.pathway]: pathway,
  };
  // Headers are ASCII but for a few ids and sources; a character more or less does not matter to a bound.
  let bytes = Buffer.byteLength(value) + key.length;
  for (const name in headers) bytes += name.length + headers[name]!.length;
  return { key, value, headers, bytes };
}
