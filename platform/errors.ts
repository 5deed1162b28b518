/**
 * The one error table. Every error a person can meet has a code here, with what happened, what it means and what to do
 * next; `docs/reference/errors.md` is generated from it and a test keeps the two in step.
 *
 * `{name}` placeholders in the texts are filled from the details handed to `fail`.
 */
import { errorRows } from './errors/rows.ts';

export type ErrorCode = keyof typeof errorRows;

/** Process exit codes of the CLI, by class of error. Documented in docs/reference/cli.md. */
export const exitCodes = {
  ok: 0,
  /** A defect of Millrace itself. */
  internal: 1,
  /** The request is wrong: unknown name, bad parameter, bad file. */
  input: 2,
  /** A correct request that the plan refuses: capacity, schema, data. */
  refused: 3,
  /** The machine lacks something: a tool, an artifact, a port. */
  environment: 4,
  /** It was tried and failed at run time. */
  runtime: 5,
  /** A verification found events lost or duplicated. */
  verification: 6,
  /** Ended by the user (Ctrl-C). */
  interrupted: 130,
} as const;

export type ErrorClass = Exclude<keyof typeof exitCodes, 'ok'>;

export interface ErrorRow {
  readonly class: ErrorClass;
  /** Whether the same call may succeed later without any change by the user. Temporal retries only these. */
  readonly retryable: boolean;
  readonly what: string;
  readonly meaning: string;
  readonly next: string;
}

export type ErrorDetails = Readonly<Record<string, unknown>>;

/** Shape of an error in `--json` output, in workflow failures and in HTTP bodies. */
export interface ErrorJson {
  readonly code: ErrorCode;
  readonly message: string;
  readonly meaning: string;
  readonly next: string;
  readonly retryable: boolean;
  readonly details: ErrorDetails;
}

export class MillraceError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, details: ErrorDetails = {}, cause?: unknown) {
    super(fill(errorRows[code].what, details), cause === undefined ? undefined : { cause });
    this.name = 'MillraceError';
    this.code = code;
    this.details = details;
  }

  get row(): ErrorRow {
    return errorRows[this.code];
  }

  get exitCode(): number {
    return exitCodes[this.row.class];
  }

  toJSON(): ErrorJson {
    const { row, code, message, details } = this;
    const meaning = fill(row.meaning, details);
    return { code, message, meaning, next: fill(row.next, details), retryable: row.retryable, details };
  }
}

/** Throws the error `code`, its texts filled from `details`. */
export function fail(code: ErrorCode, details: ErrorDetails = {}, cause?: unknown): never {
  throw new MillraceError(code, details, cause);
}

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorRows, code);
}

/** The error itself, or an INTERNAL one that wraps whatever was thrown. */
export function asMillraceError(thrown: unknown): MillraceError {
  if (thrown instanceof MillraceError) return thrown;
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new MillraceError('INTERNAL', { reason }, thrown);
}

function fill(text: string, details: ErrorDetails): string {
  return text.replace(/\{(\w+)\}/g, (hole, name: string) => (name in details ? render(details[name]) : hole));
}

function render(value: unknown): string {
  if (Array.isArray(value)) return value.map(render).join(', ') || 'none';
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}
