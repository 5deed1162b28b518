/** Reads of the query service from Cassandra. */
import type { Client, types } from 'cassandra-driver';
import type { z } from 'zod';
import { physical } from '../../../platform/model/names.ts';
import { flightAnswer, fromRow, windowAnswer } from './answers.ts';

export interface StoredFlight {
  readonly flight: z.output<typeof flightAnswer>;
  readonly severe: z.output<typeof flightAnswer> | null;
  readonly traceparent: string | undefined;
  /** The query that found the flight, in milliseconds since 1970. */
  readonly startMs: number;
  readonly endMs: number;
}

const table = (name: string) => `"${physical.table(name)}"`;
const flightCql = (name: string) =>
  `SELECT ${columnsOf(flightAnswer)}, "traceparent" FROM ${table(name)} WHERE "event_id" = ?`;
const windowsCql = `SELECT ${columnsOf(windowAnswer)} FROM ${table('airport-windows')} WHERE "airport" = ? LIMIT ?`;
const countCql = `SELECT "flights" FROM ${table('airport-windows')} WHERE "airport" = ?`;

/** Undefined when the flight is not stored (yet). */
export async function findFlight(client: Client, eventId: string): Promise<StoredFlight | undefined> {
  const startMs = Date.now();
  const [flight, severe] = await Promise.all([
    client.execute(flightCql('flights'), [eventId], { prepare: true }),
    client.execute(flightCql('severe-delays'), [eventId], { prepare: true }),
  ]);
  const row: types.Row | null = flight.first();
  if (row === null) return undefined;
  const severeRow: types.Row | null = severe.first();
  return {
    flight: fromRow(flightAnswer, row),
    severe: severeRow === null ? null : fromRow(flightAnswer, severeRow),
    traceparent: row.get('traceparent') ?? undefined,
    startMs,
    endMs: Date.now(),
  };
}

/** Newest first. */
export async function findWindows(client: Client, airport: string, limit: number) {
  const { rows } = await client.execute(windowsCql, [airport, limit], { prepare: true });
  return rows.map((row) => fromRow(windowAnswer, row));
}

/** Flights that all windows of the airport counted; a verification run's mark stands in the place of an airport. */
export async function countFlights(client: Client, airport: string): Promise<number> {
  const { rows } = await client.execute(countCql, [airport], { prepare: true });
  return rows.reduce((sum, row) => sum + Number(row.get('flights')), 0);
}

function columnsOf(schema: z.ZodObject): string {
  return Object.keys(schema.shape)
    .map((column) => `"${column}"`)
    .join(', ');
}
