/** The records of `bench:sink`, and the table that they go to. */
import { type EventSchema, envelopeHeaders, eventSchema } from '../../platform/model/schema.ts';
import { formatPathwayHeader } from '../../platform/telemetry/pathway/header.ts';
import { pathwayId, rootPathway } from '../../platform/telemetry/pathway/pathways.ts';

/** Rows that share a partition key lie scattered over the topic, as flights of one airport do. */
export const partitionKeys = 200;

export const schema: EventSchema = eventSchema.parse({
  name: 'reading',
  fields: {
    sensor: { type: 'string' },
    delay_minutes: { type: 'int' },
    distance: { type: 'double' },
    carrier: { type: 'string' },
    departed_at: { type: 'timestamp' },
  },
});

export const table = {
  columns: {
    sensor: { type: 'string' as const },
    event_id: { type: 'string' as const },
    delay_minutes: { type: 'int' as const },
    distance: { type: 'double' as const },
    carrier: { type: 'string' as const },
    departed_at: { type: 'timestamp' as const },
  },
  partitionKey: ['sensor'],
  clusteringKey: [{ column: 'event_id', order: 'asc' as const }],
};

const startMs = Date.UTC(2026, 10, 24);

const pathway = pathwayId(rootPathway, 'ingress:ingress');

/**
 * Value of about 115 bytes, with the eight headers that the ingress gives to an event; one in `sampledOneIn` is sampled (0: none),
 * and it entered at `originMs`.
 */
export function recordOf(
  i: number,
  { sampledOneIn = 0, originMs = startMs + i }: { readonly sampledOneIn?: number; readonly originMs?: number } = {},
): { key: string; value: string; headers: Record<string, string> } {
  // A multiplicative step through all keys: neighbours have different ones, each key comes equally often.
  const sensor = `sensor-${String((i * 7919) % partitionKeys).padStart(4, '0')}`;
  const departed_at = new Date(startMs + i * 250).toISOString();
  const isSampled = sampledOneIn > 0 && i % sampledOneIn === 0;
  const distance = 200 + (i % 4000) + 0.5;
  return {
    key: sensor,
    value: JSON.stringify({ sensor, delay_minutes: (i % 240) - 20, distance, carrier: 'WN', departed_at }),
    headers: {
      ce_specversion: '1.0',
      'content-type': 'application/json',
      [envelopeHeaders.event_id]: `reading-${String(i).padStart(8, '0')}`,
      [envelopeHeaders.event_time]: departed_at,
      [envelopeHeaders.event_type]: 'reading.taken',
      [envelopeHeaders.event_source]: '/bench',
      [envelopeHeaders.traceparent]: `00-${String(i + 1).padStart(32, '0')}-00f067aa0ba902b7-0${isSampled ? 1 : 0}`,
      [envelopeHeaders.pathway]: formatPathwayHeader({ pathway, originMs, previousMs: originMs + 2 }),
    },
  };
}
