/**
 * Every request passes here before anything else looks at it: host, origin, rate, login, CSRF token. See README for which
 * attack each of them answers.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { fail } from '../errors.ts';
import { createTokenBucket } from '../model/tokenBucket.ts';
import type { Credentials, Session } from './credentials.ts';

export interface GuardOptions {
  /** The port that it listens on: part of the hosts that it answers under, and of the cookie's name. */
  readonly port: number;
  readonly credentials: Credentials;
  readonly requestsPerSecond: number;
}

/** What a request has shown of itself. */
export type Caller =
  | { readonly kind: 'nobody' }
  | { readonly kind: 'script' }
  | { readonly kind: 'browser'; readonly session: Session };

/** `open`: the shell of the console, the login, health: they tell nothing and change nothing. */
export type Access = 'open' | 'login';

export const csrfHeader = 'x-millrace-csrf';

/** A cookie is sent to every port of a host: the port in its name keeps two homes apart. */
export function cookieName(port: number): string {
  return `millrace_${port}`;
}

export interface Guard {
  /** Throws FORBIDDEN_HOST, FORBIDDEN_ORIGIN, API_TOO_FAST: for every request, also where there is no route. */
  receive(request: FastifyRequest): void;
  callerOf(request: FastifyRequest): Caller;
  /** Throws UNAUTHENTICATED, CSRF_REFUSED. */
  admit(request: FastifyRequest, access: Access): void;
}

export function createGuard({ port, credentials, requestsPerSecond }: GuardOptions): Guard {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  // Of their own: whoever has no login can not use up what the others have.
  const known = createTokenBucket(requestsPerSecond, requestsPerSecond * 2);
  const unknown = createTokenBucket(requestsPerSecond, requestsPerSecond * 2);
  const callerOf = (request: FastifyRequest): Caller => {
    const token = /^Bearer ([\w-]{1,200})$/.exec(request.headers.authorization ?? '')?.[1];
    if (token !== undefined) return { kind: credentials.isBearer(token) ? 'script' : 'nobody' };
    const cookie = cookieOf(request.headers.cookie, cookieName(port));
    const session = cookie === undefined ? undefined : credentials.session(cookie, Date.now());
    return session === undefined ? { kind: 'nobody' } : { kind: 'browser', session };
  };
  return {
    callerOf,
    receive(request) {
      checkHost(request, hosts);
      checkOrigin(request);
      const bucket = callerOf(request).kind === 'nobody' ? unknown : known;
      if (bucket.take(1, performance.now()) > 0) fail('API_TOO_FAST', { perSecond: requestsPerSecond });
    },
    admit(request, access) {
      if (access === 'open') return;
      const caller = callerOf(request);
      if (caller.kind === 'nobody') fail('UNAUTHENTICATED');
      if (caller.kind === 'script' || ['GET', 'HEAD'].includes(request.method)) return;
      if (request.headers[csrfHeader] !== credentials.csrfToken(caller.session)) fail('CSRF_REFUSED');
    },
  };
}

/** Read from the raw headers: of two Host headers Node keeps the first in silence. A target in absolute form names a host, too. */
function checkHost({ raw }: FastifyRequest, allowed: readonly string[]): void {
  const named = raw.rawHeaders.filter((_, at) => at % 2 === 1 && raw.rawHeaders[at - 1]?.toLowerCase() === 'host');
  const [host = 'nothing'] = named;
  const isOurs = named.length === 1 && allowed.includes(host.toLowerCase()) && (raw.url ?? '').startsWith('/');
  if (!isOurs) fail('FORBIDDEN_HOST', { host: shown(named.join(', ') || 'nothing'), allowed });
}

/**
 * `Origin` must be the very address that the request went to. Browsers leave it out of plain GETs, and there tell by
 * `Sec-Fetch-Site` where a request comes from: another port of this machine is `same-site`, which cookies do not tell apart.
 * What a person opens (`navigate`) may come from elsewhere: it gets the shell, and answers to it can't be read there.
 */
function checkOrigin({ headers, method }: FastifyRequest): void {
  const { origin, host } = headers;
  if (origin !== undefined && origin.toLowerCase() !== `http://${host}`.toLowerCase())
    fail('FORBIDDEN_ORIGIN', { origin: shown(origin) });
  const site = headers['sec-fetch-site'];
  const opens =
    headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document' && method === 'GET';
  if (typeof site === 'string' && !['same-origin', 'none'].includes(site) && !opens)
    fail('FORBIDDEN_ORIGIN', { origin: shown(site) });
}

function shown(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 100);
}

function cookieOf(header: string | undefined, name: string): string | undefined {
  for (const part of (header ?? '').split(';')) {
    const at = part.indexOf('=');
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return undefined;
}

/** What every answer carries. `cacheable`: a file of the console that has its content's hash in its name. */
export function protect(reply: FastifyReply, cacheable: boolean): void {
  void reply.headers({
    'content-security-policy': contentSecurityPolicy,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'x-frame-options': 'DENY',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'cache-control': cacheable ? 'private, max-age=31536000, immutable' : 'no-store',
  });
}

export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');
