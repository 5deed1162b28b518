/** Columns of the tables: fields of the topics, and the envelope's. The trace context says which trace a row belongs to. */
import { envelope } from '../../platform/sdk/fields.ts';
import { airportDelays, flight } from './schemas.ts';

const { event_id, event_time, traceparent } = envelope;
const { on_board: _onBoard, version: _version, ...windowFields } = airportDelays.fields;

export const flightColumns = { event_id, event_time, ...flight.fields, traceparent };
export const severeDelayColumns = { event_id, event_time, ...flight.fields, traceparent };
export const airportWindowColumns = { ...windowFields, event_time };
