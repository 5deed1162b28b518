/** A live board whose member is the event's id, so that a suite can count effects. */
import { flowSpec } from '../../../platform/model/blueprint.ts';
import { flightSchema } from '../../unit/connectors/records.ts';

export const boardTarget = flowSpec.shape.to.parse({
  kind: 'redis',
  projection: 'board',
  member: 'event_id',
  score: 'delay_minutes',
  version: 'departed_at',
  maxMembers: 100_000,
}) as Extract<ReturnType<typeof flowSpec.shape.to.parse>, { kind: 'redis' }>;

export const boardSchema = {
  ...flightSchema,
  fields: { ...flightSchema.fields, event_id: { type: 'string', nullable: false, doc: '' } },
} as const;
