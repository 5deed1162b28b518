import { z } from 'zod';
import { fieldName, name } from './names.ts';

/**
 * Types a field may have, on the wire (JSON), in Spark SQL and in CQL alike. `timestamp` is an ISO-8601 string in UTC in
 * JSON (`2026-11-23T09:30:00.000Z`), TIMESTAMP in Spark and `timestamp` in CQL.
 */
export const fieldTypes = ['string', 'int', 'long', 'double', 'boolean', 'timestamp'] as const;
export type FieldType = (typeof fieldTypes)[number];

export const fieldSchema = z.object({
  type: z.enum(fieldTypes),
  nullable: z.boolean().default(false),
  /** One line for the generated API and topic documentation. */
  doc: z.string().default(''),
});

/** The schema of the events of one topic: the fields of the JSON object in a record's value. */
export const eventSchema = z.object({
  name,
  version: z.number().int().min(1).default(1),
  fields: z.record(fieldName, fieldSchema),
});

export type Field = z.infer<typeof fieldSchema>;
export type EventSchema = z.infer<typeof eventSchema>;

/**
 * What travels with every event besides its fields. In Kafka these are record headers in CloudEvents' binary mode
 * (https://github.com/cloudevents/spec, Kafka protocol binding 1.0.2) plus ours; in Spark SQL they are columns named
 * `_event_id`, `_event_time`, `_traceparent`, `_pathway`; a table column of the envelope's name is filled from it when the
 * schema has no field of that name.
 *
 * `millrace-pathway` names the way the event came by, when it entered and when it left the stage before
 * (telemetry/pathway/header.ts). The ingress stamps it anew; what a caller sends under that name is ignored.
 */
export const envelopeHeaders = {
  event_id: 'ce_id',
  event_time: 'ce_time',
  event_type: 'ce_type',
  event_source: 'ce_source',
  traceparent: 'traceparent',
  pathway: 'millrace-pathway',
} as const;
/** Beside the envelope, of records that a job has made one to one (EventRecord.jobAt). */
export const jobAtHeader = 'millrace-job-at';
export type EnvelopeField = keyof typeof envelopeHeaders;

export const envelopeTypes: Record<EnvelopeField, Field> = {
  event_id: { type: 'string', nullable: false, doc: 'CloudEvents id of the event' },
  event_time: { type: 'timestamp', nullable: false, doc: 'When the event happened' },
  event_type: { type: 'string', nullable: true, doc: 'CloudEvents type' },
  event_source: { type: 'string', nullable: true, doc: 'CloudEvents source' },
  traceparent: { type: 'string', nullable: true, doc: 'W3C trace context, kept where the event was sampled' },
  pathway: { type: 'string', nullable: true, doc: 'Pathway header of the event' },
};
