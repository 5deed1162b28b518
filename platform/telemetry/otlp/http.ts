/** OTLP over HTTP (https://opentelemetry.io/docs/specs/otlp/#otlphttp), as a fastify plugin: POST /v1/traces, /v1/metrics, /v1/logs. */
import { timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import type { TelemetryStore } from '../store/contract.ts';
import type { Signal } from './fields.ts';
import { type Forwarder, forwardedHeader } from './forward.ts';
import { type Encoding, encodeResponse, encodeStatus, receive } from './receive.ts';

export interface OtlpOptions {
  /** Where given, a request must carry `authorization: Bearer <token>`. */
  readonly token?: string | undefined;
  readonly forward?: Forwarder | undefined;
}

/** Of a request as it is sent, and of what it unpacks to. Exporters send 512 spans at once, about 300 KiB. */
export const maxBodyBytes = 4 * 1024 * 1024;
const maxUnpackedBytes = 16 * 1024 * 1024;
/** Requests being read or unpacked: their bodies are in memory. */
const maxAtOnce = 16;
const retryAfterSeconds = 1;
/** google.rpc.Code. */
const codes = { invalidArgument: 3, resourceExhausted: 8, unauthenticated: 16 } as const;
const contentTypes: Readonly<Record<string, Encoding>> = {
  'application/x-protobuf': 'protobuf',
  'application/json': 'json',
};
const unpack = promisify(gunzip);

export function createOtlpHttp(store: TelemetryStore, options: OtlpOptions = {}): FastifyPluginAsync {
  const receiver = new HttpReceiver(store, options);
  return async (app: FastifyInstance) => {
    app.removeAllContentTypeParsers();
    for (const type of Object.keys(contentTypes))
      app.addContentTypeParser(type, { parseAs: 'buffer', bodyLimit: maxBodyBytes }, (_request, body, done) =>
        done(null, body),
      );
    app.setErrorHandler((error: { statusCode?: number; message: string }, request, reply) => {
      const status = error.statusCode ?? 500;
      return refuse(reply, encodingOf(request) ?? 'json', status, codes.invalidArgument, error.message);
    });
    app.addHook('onRequest', (request, reply) => receiver.admit(request, reply));
    app.addHook('onResponse', async (request) => receiver.leave(request));
    app.addHook('onRequestAbort', async (request) => receiver.leave(request));
    for (const signal of ['traces', 'metrics', 'logs'] as const)
      app.post(`/v1/${signal}`, (request, reply) => receiver.take(signal, request, reply));
  };
}

class HttpReceiver {
  readonly #store: TelemetryStore;
  readonly #options: OtlpOptions;
  readonly #inside = new Set<FastifyRequest>();

  constructor(store: TelemetryStore, options: OtlpOptions) {
    this.#store = store;
    this.#options = options;
  }

  /** Before the body is read. */
  async admit(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const encoding = encodingOf(request) ?? 'json';
    const { token } = this.#options;
    if (token !== undefined && !isBearer(request.headers.authorization, token))
      return refuse(reply, encoding, 401, codes.unauthenticated, 'the token is missing or wrong');
    if (this.#inside.size >= maxAtOnce) return tooMany(reply, encoding, 'too many requests at once');
    this.#inside.add(request);
    return undefined;
  }

  leave(request: FastifyRequest): void {
    this.#inside.delete(request);
  }

  async take(signal: Signal, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const encoding = encodingOf(request)!;
    const packed = request.body as Buffer;
    const contentEncoding = request.headers['content-encoding'];
    let body = packed;
    if (contentEncoding !== undefined && contentEncoding !== 'identity') {
      if (contentEncoding !== 'gzip')
        return refuse(reply, encoding, 415, codes.invalidArgument, `encoding ${contentEncoding} is not known; gzip is`);
      try {
        body = await unpack(packed, { maxOutputLength: maxUnpackedBytes });
      } catch (thrown) {
        const isLarge = (thrown as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
        const reason = isLarge ? `it unpacks to more than ${maxUnpackedBytes} bytes` : 'it is no gzip';
        return refuse(reply, encoding, isLarge ? 413 : 400, codes.invalidArgument, reason);
      }
    }
    const received = receive(this.#store, signal, encoding, body);
    if (received.kind === 'malformed') return refuse(reply, encoding, 400, codes.invalidArgument, received.reason);
    if (received.kind === 'full') return tooMany(reply, encoding, 'the store is behind');
    if (request.headers[forwardedHeader] === undefined) {
      const contentType = String(request.headers['content-type']);
      this.#options.forward?.forward({ signal, contentType, contentEncoding, body: packed });
    }
    return answer(reply, encoding, 200, encodeResponse(signal, encoding, received.rejected, received.reason));
  }
}

function encodingOf(request: FastifyRequest): Encoding | undefined {
  return contentTypes[String(request.headers['content-type']).split(';')[0]!.trim().toLowerCase()];
}

function answer(reply: FastifyReply, encoding: Encoding, status: number, body: Buffer): FastifyReply {
  const type = encoding === 'protobuf' ? 'application/x-protobuf' : 'application/json';
  return reply.code(status).header('content-type', type).send(body);
}

function refuse(reply: FastifyReply, encoding: Encoding, status: number, code: number, message: string): FastifyReply {
  return answer(reply, encoding, status, encodeStatus(encoding, code, message));
}

function tooMany(reply: FastifyReply, encoding: Encoding, message: string): FastifyReply {
  return refuse(
    reply.header('retry-after', String(retryAfterSeconds)),
    encoding,
    429,
    codes.resourceExhausted,
    message,
  );
}

export function isBearer(authorization: string | undefined, token: string): boolean {
  const [given, wanted] = [Buffer.from(authorization ?? ''), Buffer.from(`Bearer ${token}`)];
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
