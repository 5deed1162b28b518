/** How the ingress answers what it does not take: a status, and an error of the one table as JSON. */
import type { ErrorCode, ErrorDetails } from '../../errors.ts';
import { MillraceError } from '../../errors.ts';

const statusCodes = {
  EVENT_INVALID: 400,
  EVENT_BAD_JSON: 400,
  EVENT_TOO_LARGE: 413,
  EVENTS_TOO_FAST: 429,
  INGRESS_UNAVAILABLE: 503,
  UNSUPPORTED_MEDIA_TYPE: 415,
  METHOD_NOT_ALLOWED: 405,
  ROUTE_NOT_FOUND: 404,
  /** A defect of the ingress itself; no input may lead here. */
  INTERNAL: 500,
} as const satisfies Partial<Record<ErrorCode, number>>;
export type IngressFaultCode = keyof typeof statusCodes;

export class IngressFault extends Error {
  readonly statusCode: number;
  readonly code: IngressFaultCode;
  readonly details: ErrorDetails;

  constructor(code: IngressFaultCode, details: ErrorDetails) {
    super(code);
    this.code = code;
    this.details = details;
    this.statusCode = statusCodes[code];
  }

  get retryAfterSeconds(): number | undefined {
    const seconds = this.details.retryAfterSeconds;
    return typeof seconds === 'number' ? seconds : undefined;
  }

  body(): string {
    return JSON.stringify(new MillraceError(this.code, this.details));
  }
}

/** `path` is a JSON Pointer into the request: `/time`, `/data/delay_minutes`, `/3/data/delay_minutes` within a batch. */
export function invalid(path: string, reason: string): IngressFault {
  return new IngressFault('EVENT_INVALID', { path: path === '' ? '/' : path, reason });
}

/** The broker has not acknowledged, and the caller should come again. */
export function unavailable(reason: string, retryAfterSeconds = 1): IngressFault {
  return new IngressFault('INGRESS_UNAVAILABLE', { reason, retryAfterSeconds });
}
