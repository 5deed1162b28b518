/** Errors of the one table as HTTP answers. */
import type { FastifyReply } from 'fastify';
import { asMillraceError, type ErrorCode, MillraceError } from '../errors.ts';

/** Rows that are not here answer by their class. */
const statusOf: Partial<Record<ErrorCode, number>> = {
  UNAUTHENTICATED: 401,
  LOGIN_REFUSED: 401,
  FORBIDDEN_ORIGIN: 403,
  CSRF_REFUSED: 403,
  API_NOT_FOUND: 404,
  LEDGER_WINDOW_UNKNOWN: 404,
  UNKNOWN_PIPELINE: 404,
  UNKNOWN_BLUEPRINT: 404,
  UNKNOWN_TASK: 404,
  TRACE_NOT_FOUND: 404,
  FORBIDDEN_HOST: 421,
  PORT_TAKEN: 409,
  GROUP_ACTIVE: 409,
  API_TOO_FAST: 429,
  API_STREAMS_FULL: 429,
  CONSOLE_UNAVAILABLE: 503,
  SERVER_UNREACHABLE: 503,
  AGENT_UNREACHABLE: 503,
  CONTROL_PLANE_DOWN: 503,
  NOT_INSTALLED: 503,
  NOT_READY: 503,
};
const statusOfClass = {
  input: 400,
  refused: 409,
  environment: 500,
  runtime: 502,
  verification: 500,
  internal: 500,
  interrupted: 500,
} as const;

export function statusFor(error: MillraceError): number {
  if (error.code === 'API_BODY_REFUSED' && typeof error.details.status === 'number') return error.details.status;
  return statusOf[error.code] ?? statusOfClass[error.row.class];
}

/** `{error: {code, message, meaning, next, details}}`, as the contract's `apiError`. */
export function sendError(reply: FastifyReply, error: MillraceError): void {
  const status = statusFor(error);
  if (status === 429 || status === 503) void reply.header('retry-after', '1');
  if (status === 401) void reply.header('www-authenticate', 'Bearer realm="millrace"');
  const { code, message, meaning, next, details } = error.toJSON();
  void reply
    .code(status)
    .type('application/json; charset=utf-8')
    .send(JSON.stringify({ error: { code, message, meaning, next, details } }));
}

export const maxBodyBytes = 64 * 1024;

/** What fastify refuses by itself, as rows of the table. */
export function errorOf(thrown: unknown): MillraceError {
  const { code, statusCode, message } = thrown as { code?: string; statusCode?: number; message?: string };
  const ofFastify =
    typeof code === 'string' && code.startsWith('FST_') && typeof statusCode === 'number' && statusCode < 500;
  if (!ofFastify && !(thrown instanceof SyntaxError && statusCode === 400)) return asMillraceError(thrown);
  const reason = statusCode === 413 ? 'it is too large' : (message ?? 'it can not be read').replace(/\.$/, '');
  return new MillraceError('API_BODY_REFUSED', { reason, maxBytes: maxBodyBytes, status: statusCode }, thrown);
}
