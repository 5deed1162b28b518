/** The query service: flights and windows from Cassandra, the live board from Redis, and what verification reads back. */
import { z } from 'zod';
import { fail } from '../../../platform/errors.ts';
import { createEventHub } from '../../../platform/sdk/eventHub.ts';
import {
  defineService,
  type RequestOf,
  type Route,
  route,
  type ServiceContext,
  streamRoute,
} from '../../../platform/sdk/service.ts';
import { recordApiReadSpan } from '../../../platform/telemetry/apiTrace.ts';
import { parseTraceparent } from '../../../platform/telemetry/context.ts';
import { readAlerts } from './alertList.ts';
import { alertAnswer, boardEntry, flightWithEffects, windowAnswer } from './answers.ts';
import { countFlights, findFlight, findWindows, type StoredFlight } from './flights.ts';

const none = z.object({});
const limited = (most: number, otherwise: number) =>
  z.object({ limit: z.coerce.number().int().min(1).max(most).default(otherwise) });
const eventParams = z.object({ eventId: z.string().min(1).max(200) });

export const service = defineService({
  title: 'Flight delays',
  create(context) {
    const board = liveBoard(context);
    return {
      routes: [...flightRoutes(context), ...board.routes, ...verifyRoutes(context)],
      metrics: () => ({ boardReaders: board.readers() }),
      stop: async () => board.close(),
    };
  },
});

function flightRoutes(context: ServiceContext): Route[] {
  const { cassandra, redis, config } = context;
  return [
    route({
      path: '/flights/:eventId',
      summary: 'A flight and what the pipeline made of it',
      params: eventParams,
      query: none,
      answer: flightWithEffects,
      async handle(request) {
        const { eventId } = request.params;
        const found = await findFlight(cassandra(), eventId);
        if (found === undefined) return fail('RECORD_NOT_FOUND', { what: 'flight', id: eventId });
        recordRead(context, '/flights/:eventId', request, found);
        return { flight: found.flight, severe: found.severe, traceId: traceIdOf(found) };
      },
    }),
    route({
      path: '/airports/:code/windows',
      summary: 'Delays of an airport, by windows of time, newest first',
      params: z.object({ code: z.string().min(1).max(40) }),
      query: limited(500, 20),
      answer: z.object({ windows: z.array(windowAnswer) }),
      handle: async ({ params, query }) => ({ windows: await findWindows(cassandra(), params.code, query.limit) }),
    }),
    route({
      path: '/alerts',
      summary: 'Alerts that were delivered, newest first',
      params: none,
      query: limited(500, 50),
      answer: z.object({ alerts: z.array(alertAnswer) }),
      handle: async ({ query }) => ({ alerts: await readAlerts(redis(), config.pipeline, query.limit) }),
    }),
  ];
}

/** The board as it is, and as it changes. */
function liveBoard(context: ServiceContext) {
  const hub = createEventHub();
  const entryOf = ({ member, score, value }: { member: string; score: number; value: unknown }) =>
    ({ airport: member, mean_delay_minutes: score, window: value }) as z.output<typeof boardEntry>;
  const projection = context.projection('board', (entry) => hub.publish(entry.member, entryOf(entry)));
  const routes: Route[] = [
    route({
      path: '/board',
      summary: 'Airports by mean delay of their newest window, greatest first',
      params: none,
      query: limited(1000, 20),
      answer: z.object({ airports: z.array(boardEntry) }),
      handle: async ({ query }) => ({ airports: (await projection().top(query.limit)).map(entryOf) }),
    }),
    streamRoute({
      path: '/board/events',
      summary: 'Changes of the board as they happen',
      event: boardEntry,
      subscribe: (reader) => hub.subscribe(reader),
    }),
  ];
  return { routes, readers: () => hub.readers, close: () => hub.close() };
}

function verifyRoutes(context: ServiceContext): Route[] {
  return [
    route({
      path: '/verify/events/:eventId',
      summary: 'A marked event once all its effects are stored: the flight and the severe delay',
      params: eventParams,
      query: none,
      answer: flightWithEffects,
      async handle(request) {
        const { eventId } = request.params;
        const found = await findFlight(context.cassandra(), eventId);
        if (found === undefined || found.severe === null)
          return fail('RECORD_NOT_FOUND', { what: 'event with all its effects', id: eventId });
        recordRead(context, '/verify/events/:eventId', request, found);
        return { flight: found.flight, severe: found.severe, traceId: traceIdOf(found) };
      },
    }),
    route({
      path: '/verify/:mark',
      summary: "How many of a verification run's events the windows counted",
      params: z.object({ mark: z.string().min(1).max(40) }),
      query: none,
      answer: z.object({ count: z.int() }),
      handle: async ({ params }) => ({ count: await countFlights(context.cassandra(), params.mark) }),
    }),
  ];
}

function traceIdOf({ traceparent }: StoredFlight): string | null {
  return parseTraceparent(traceparent)?.traceId ?? null;
}

function recordRead(
  { recorder, config }: ServiceContext,
  path: string,
  request: RequestOf<{ readonly eventId: string }, unknown>,
  found: StoredFlight,
): void {
  recordApiReadSpan(recorder, {
    pipeline: config.pipeline,
    eventId: request.params.eventId,
    route: path,
    path: request.url,
    statusCode: 200,
    startMs: request.startMs,
    endMs: Date.now(),
    storedTraceparent: found.traceparent,
    callerTraceparent: request.traceparent,
    store: {
      system: 'cassandra',
      namespace: config.cassandra?.keyspace ?? '',
      target: 'flights',
      startMs: found.startMs,
      endMs: found.endMs,
    },
  });
}
