/** What the query service answers with, and how rows become it. */
import { types } from 'cassandra-driver';
import { z } from 'zod';

export const flightAnswer = z.object({
  event_id: z.string(),
  event_time: z.iso.datetime(),
  date: z.string(),
  origin: z.string(),
  destination: z.string(),
  delay_minutes: z.int(),
  distance_miles: z.int(),
});

export const flightWithEffects = z.object({
  flight: flightAnswer,
  severe: flightAnswer
    .nullable()
    .describe('What the job severe-delays made of the flight; null when it was not severe'),
  traceId: z.string().nullable().describe('For `millrace trace`; null when the event was not sampled'),
});

export const windowAnswer = z.object({
  airport: z.string(),
  airport_name: z.string().nullable(),
  city: z.string().nullable(),
  window_start: z.iso.datetime(),
  window_end: z.iso.datetime(),
  flights: z.int(),
  delayed: z.int(),
  severe: z.int(),
  mean_delay_minutes: z.number(),
  max_delay_minutes: z.int(),
});

export const boardEntry = z.object({
  airport: z.string(),
  mean_delay_minutes: z.number(),
  window: windowAnswer.loose(),
});

export const alertAnswer = flightAnswer.describe('A severe delay whose alert was delivered');

/** A row with times as ISO-8601 and 64-bit integers as numbers, columns that are not in `schema` left out. */
export function fromRow<S extends z.ZodObject>(schema: S, row: types.Row): z.output<S> {
  const values = Object.keys(schema.shape).map((column) => [column, plain(row.get(column))]);
  return Object.fromEntries(values) as z.output<S>;
}

function plain(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (value instanceof types.Long) return value.toNumber();
  return value ?? null;
}
