/** A call that failed: as the API's error table says it, or in the same shape where no answer came. */
import type { ApiErrorBody } from '../../../api/contract/control.ts';

export class ApiFailure extends Error {
  readonly code: string;
  readonly meaning: string;
  /** What to do. */
  readonly next: string;
  /** HTTP status; 0: there was no answer. */
  readonly status: number;

  constructor(status: number, { code, message, meaning, next }: ApiErrorBody['error']) {
    super(message);
    this.code = code;
    this.meaning = meaning;
    this.next = next;
    this.status = status;
  }
}

/** What is wrong, out of anything that can be thrown. */
export function asFailure(error: unknown): ApiFailure {
  if (error instanceof ApiFailure) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new ApiFailure(0, {
    code: 'CONSOLE_FAULT',
    message,
    meaning: 'The console itself failed while it handled an answer.',
    next: 'Load the page anew; if it stays, it is a bug worth reporting.',
  });
}

export function unreachable(): ApiFailure {
  return new ApiFailure(0, {
    code: 'API_UNREACHABLE',
    message: 'Millrace does not answer',
    meaning: 'The API behind this page is not running, or the connection to it is broken.',
    next: 'Look at ./millrace status on the machine that runs Millrace.',
  });
}

export function failureOf(status: number, body: unknown): ApiFailure {
  const error = (body as Partial<ApiErrorBody> | null)?.error;
  if (typeof error?.code === 'string' && typeof error.message === 'string') return new ApiFailure(status, error);
  return new ApiFailure(status, {
    code: `HTTP_${status}`,
    message: `The API answered with status ${status}`,
    meaning: 'The answer does not have the shape that the API gives its errors.',
    next: 'Look at the log of the API: ./millrace logs millrace.api.0',
  });
}
