/** Server-sent events: one connection for each reader, a bounded buffer for each, none that can hold the others up. */
import type { ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { fail } from '../errors.ts';
import type { PlatformEvent } from './contract/control.ts';
import type { EventBus } from './eventBus.ts';
import { protect } from './guard.ts';

export interface StreamBounds {
  readonly heartbeatMs: number;
  /** Bytes that wait in a connection: above `skipBytes` live messages are left out, above `endBytes` it is cut. */
  readonly skipBytes: number;
  readonly endBytes: number;
  readonly mostStreams: number;
}
export const streamBounds: StreamBounds = {
  heartbeatMs: 15_000,
  skipBytes: 256 * 1024,
  endBytes: 4 * 1024 * 1024,
  mostStreams: 32,
};

export interface StreamCounters {
  open: number;
  /** Cut because they did not read. */
  slow: number;
  /** Live messages that were left out for a reader that lagged. */
  skipped: number;
}

export interface Stream {
  /** `id`: kept events only. False: the reader is gone. */
  send(message: { readonly id?: string; readonly event?: string; readonly data: unknown }): boolean;
  /** As `send`, but left out when the reader lags. */
  sendLive(event: string, data: unknown): void;
  readonly closed: Promise<void>;
  end(): void;
}

export interface Streams {
  readonly counters: Readonly<StreamCounters>;
  /** Throws API_STREAMS_FULL. The reply is this stream's from here on. */
  open(reply: FastifyReply): Stream;
  endAll(): void;
}

export function createStreams(bounds: StreamBounds = streamBounds): Streams {
  const counters: StreamCounters = { open: 0, slow: 0, skipped: 0 };
  const responses = new Set<ServerResponse>();
  return {
    counters,
    open(reply) {
      if (responses.size >= bounds.mostStreams) fail('API_STREAMS_FULL', { most: bounds.mostStreams });
      const { raw } = reply;
      protect(reply, false);
      reply.hijack();
      raw.writeHead(200, {
        ...reply.getHeaders(),
        'content-type': 'text/event-stream',
        'x-accel-buffering': 'no',
      } as never);
      responses.add(raw);
      counters.open = responses.size;
      const heartbeat = setInterval(() => write(': \n\n'), bounds.heartbeatMs);
      const closed = new Promise<void>((resolve) => raw.once('close', resolve));
      raw.on('error', () => raw.destroy());
      void closed.then(() => {
        clearInterval(heartbeat);
        responses.delete(raw);
        counters.open = responses.size;
      });
      const write = (text: string): boolean => {
        if (raw.destroyed || raw.writableEnded) return false;
        if (raw.writableLength > bounds.endBytes) {
          counters.slow += 1;
          raw.destroy();
          return false;
        }
        raw.write(text);
        return true;
      };
      write('retry: 2000\n\n');
      return {
        closed,
        send: ({ id, event, data }) => write(frame(id, event, data)),
        sendLive(event, data) {
          if (raw.writableLength > bounds.skipBytes) counters.skipped += 1;
          else write(frame(undefined, event, data));
        },
        end: () => void raw.end(),
      };
    },
    endAll() {
      for (const response of responses) response.end();
    },
  };
}

/** JSON has no line breaks of its own: one `data` line. */
function frame(id: string | undefined, event: string | undefined, data: unknown): string {
  return `${id === undefined ? '' : `id: ${id}\n`}${event === undefined ? '' : `event: ${event}\n`}data: ${JSON.stringify(data)}\n\n`;
}

/**
 * `GET /events`: kept events as `message` (with id), a message `gap` where some are gone, and `seen` of each pipeline as it is
 * looked at. Without an id the reader begins with what comes next, which
 * a message `ready` says.
 */
export function followBus(bus: EventBus, streams: Streams, request: FastifyRequest, reply: FastifyReply): void {
  const { lastEventId } = request.query as { readonly lastEventId?: unknown };
  const header = request.headers['last-event-id'];
  const from = typeof header === 'string' ? header : typeof lastEventId === 'string' ? lastEventId : undefined;
  const stream = streams.open(reply);
  const send = (event: PlatformEvent) => void stream.send({ id: event.id, data: event });
  if (from !== undefined) {
    const { gap, events } = bus.since(from);
    if (gap) stream.send({ event: 'gap', data: { from, oldest: events[0]?.id ?? null, newest: bus.lastId() } });
    for (const event of events) send(event);
  } else stream.send({ id: bus.lastId(), event: 'ready', data: { newest: bus.lastId() } });
  const leave = bus.subscribe({ event: send, live: (name, data) => stream.sendLive(name, data) });
  void stream.closed.then(leave);
}
