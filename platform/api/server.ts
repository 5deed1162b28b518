/** The HTTP server: every route of the contract, guarded, checked on its way in and out; the login; the streams; the console's files. */
import fastify, {
  type FastifyInstance,
  type FastifyPluginAsync,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { z } from 'zod';
import { asMillraceError, fail, MillraceError } from '../errors.ts';
import { nearestNames } from '../model/nearest.ts';
import { errorOf, maxBodyBytes, sendError, statusFor } from './answers.ts';
import { type Route, type RouteName, routes } from './contract/routes.ts';
import { type Credentials, sessionLifeMs } from './credentials.ts';
import type { EventBus } from './eventBus.ts';
import { createStreams, followBus, type Stream, type StreamBounds, type Streams, streamBounds } from './eventStream.ts';
import { cookieName, createGuard, type Guard, protect } from './guard.ts';
import type { Asked, Handlers } from './handlers/handler.ts';
import { apiDocument } from './openApi.ts';

export interface ApiOptions {
  /** It listens on this port of 127.0.0.1; 0: any, for tests. */
  readonly port: number;
  readonly version: string;
  readonly credentials: Credentials;
  readonly bus: EventBus;
  readonly handlers: Handlers;
  /** Lines of a task's log as they come, until the stream is closed. Throws UNKNOWN_TASK. */
  readonly followLog: (task: string, open: () => Stream) => Promise<void>;
  /** Serves a file of the console; false: it is none. Throws CONSOLE_UNAVAILABLE. */
  readonly consoleFile: (path: string, reply: FastifyReply) => Promise<boolean>;
  /** Of others, behind the same guard; each asks for the login itself. */
  readonly plugins?: readonly FastifyPluginAsync[];
  readonly log: (message: string) => void;
  readonly requestsPerSecond?: number;
  readonly streams?: Partial<StreamBounds>;
}

export interface ApiServer {
  readonly app: FastifyInstance;
  readonly port: number;
  readonly streams: Streams;
  close(): Promise<void>;
}

const requestsPerSecond = 200;
const mostConnections = 256;
const requestTimeoutMs = 30_000;

export async function startApiServer(options: ApiOptions): Promise<ApiServer> {
  const { log } = options;
  const streams = createStreams({ ...streamBounds, ...options.streams });
  const app = fastify({
    logger: false,
    bodyLimit: maxBodyBytes,
    requestTimeout: requestTimeoutMs,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 300 },
    // A path that can't be read: answered before any hook.
    frameworkErrors: (error, _request, reply) => {
      protect(reply, false);
      sendError(reply, errorOf(error));
    },
  });
  app.server.maxConnections = mostConnections;
  // JSON only: a form or plain text is what a page of another site can send without being asked.
  app.removeContentTypeParser('text/plain');
  let guard: Guard | undefined;
  // Made with the first request: the port is known then.
  const guarding = () => {
    guard ??= createGuard({
      port: portOf(app),
      credentials: options.credentials,
      requestsPerSecond: options.requestsPerSecond ?? requestsPerSecond,
    });
    return guard;
  };
  app.addHook('onRequest', async (request, reply) => {
    protect(reply, false);
    try {
      guarding().receive(request);
    } catch (thrown) {
      // For handlers of errors that are not ours: a plugin's.
      throw Object.assign(thrown as MillraceError, { statusCode: statusFor(asMillraceError(thrown)) });
    }
  });
  app.addHook('preClose', async () => streams.endAll());
  app.setErrorHandler((thrown, _request, reply) => {
    const error = errorOf(thrown);
    if (error.code === 'INTERNAL')
      log(`a request failed: ${(error.cause as Error | undefined)?.stack ?? error.message}`);
    sendError(reply, error);
  });
  const server = { streams, guarding, options };
  addOpenRoutes(app, server);
  addContract(app, server);
  addStreams(app, server);
  addConsole(app, server);
  for (const plugin of options.plugins ?? []) await app.register(plugin);
  await app.listen({ host: '127.0.0.1', port: options.port });
  return { app, port: portOf(app), streams, close: () => app.close() };
}

interface Parts {
  readonly streams: Streams;
  readonly guarding: () => Guard;
  readonly options: ApiOptions;
}

function portOf({ server }: FastifyInstance): number {
  return (server.address() as { readonly port: number }).port;
}

function addOpenRoutes(app: FastifyInstance, { guarding, options }: Parts): void {
  const { credentials, version, bus } = options;
  // Says nothing but that it is there and which home's it is not: identity is proved by the bearer token.
  app.get('/healthz', () => ({ task: 'millrace.api.0', ok: true, unwrittenEvents: bus.unwritten }));
  app.get('/login', (request, reply) => {
    const { token } = request.query as { readonly token?: unknown };
    if (typeof token !== 'string') fail('LOGIN_REFUSED', { reason: 'it has no token' });
    const cookie = credentials.login(token, Date.now());
    const attributes = `Path=/; HttpOnly; SameSite=Strict; Max-Age=${sessionLifeMs / 1000}`;
    void reply.header('set-cookie', `${cookieName(portOf(app))}=${cookie}; ${attributes}`).redirect('/', 303);
  });
  app.get(routes.session.path, (request, reply) => {
    const caller = guarding().callerOf(request);
    const csrfToken = caller.kind === 'browser' ? credentials.csrfToken(caller.session) : null;
    send(reply, routes.session, { authenticated: caller.kind !== 'nobody', version, csrfToken });
  });
}

function addContract(app: FastifyInstance, { guarding, options }: Parts): void {
  const { handlers, version } = options;
  const login = async (request: FastifyRequest) => guarding().admit(request, 'login');
  const names = (Object.keys(routes) as RouteName[]).filter((name) => name !== 'session');
  for (const name of names) {
    const route: Route = routes[name];
    app.route({
      method: route.method,
      url: route.path,
      // Before the body is read.
      onRequest: login,
      handler: async (request, reply) => {
        const asked = askedOf(route, request) as Asked<typeof name>;
        const answer = await (handlers[name] as (asked: Asked<typeof name>) => unknown)(asked);
        if (route.response === routes.deploy.response) void reply.code(202);
        send(reply, route, answer);
        return reply;
      },
    });
  }
  const document = apiDocument(version);
  app.get('/openapi.json', { onRequest: login }, () => document);
}

function askedOf(route: Route, request: FastifyRequest): Asked<RouteName> {
  return {
    params: request.params as Record<string, string>,
    query: checked('query', route.query, request.query) as never,
    body: checked('body', route.body, request.body ?? undefined) as never,
    nowMs: Date.now(),
  };
}

function checked(place: string, schema: z.ZodType | undefined, value: unknown): unknown {
  if (schema === undefined) return undefined;
  const parsed = schema.safeParse(value ?? {});
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const details = { place, name: issue?.path.join('.') ?? '', reason: issue?.message ?? '' };
  return fail('REQUEST_INVALID', details);
}

/** An answer that is not as the contract says is a defect, and is told as one. */
function send(reply: FastifyReply, route: Route, answer: unknown): void {
  const parsed = route.response.safeParse(answer);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const reason = `the answer of ${route.method} ${route.path} is not as the contract says: at ${issue?.path.join('.')}, ${issue?.message}`;
    throw asMillraceError(new Error(reason));
  }
  void reply.type('application/json; charset=utf-8').send(JSON.stringify(parsed.data ?? null));
}

function addStreams(app: FastifyInstance, { streams, guarding, options }: Parts): void {
  const onRequest = async (request: FastifyRequest) => guarding().admit(request, 'login');
  app.get('/events', { onRequest }, (request, reply) => followBus(options.bus, streams, request, reply));
  app.get('/api/tasks/:task/logs/follow', { onRequest }, async (request, reply) => {
    const { task } = request.params as { readonly task: string };
    await options.followLog(task, () => streams.open(reply));
  });
}

/** Every other GET is a file of the console, which says nothing of this home; under /api there are none. */
function addConsole(app: FastifyInstance, { options, guarding }: Parts): void {
  app.setNotFoundHandler(async (request, reply) => {
    const path = request.url.split('?', 1)[0]!;
    const isApi = path === '/api' || path.startsWith('/api/');
    if (isApi) guarding().admit(request, 'login');
    if (!isApi && request.method === 'GET' && (await options.consoleFile(path, reply))) return reply;
    const known = Object.values<Route>(routes).map((route) => route.path);
    const nearest = nearestNames(path, known);
    const details = {
      what: 'route',
      id: `${request.method} ${path.slice(0, 200)}`,
      nearest: nearest.length > 0 ? nearest : known,
    };
    throw new MillraceError('API_NOT_FOUND', details);
  });
}
