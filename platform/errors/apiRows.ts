import type { ErrorRow } from '../errors.ts';

/** Errors of the HTTP API of the control plane, beside those of what it is asked to do. */
export const apiRows = {
  UNAUTHENTICATED: {
    class: 'input',
    retryable: false,
    what: 'This needs a login.',
    meaning: 'The request brought neither the cookie of a session nor the bearer token of this home. Nothing was done.',
    next: 'Run `millrace console` and open the link that it prints; scripts send the token that `millrace console --token` prints.',
  },
  LOGIN_REFUSED: {
    class: 'input',
    retryable: false,
    what: 'This login link does not hold: {reason}.',
    meaning: 'A link is good for one login within five minutes.',
    next: 'Run `millrace console` for a new one.',
  },
  FORBIDDEN_HOST: {
    class: 'input',
    retryable: false,
    what: 'The request names {host} as its host, which is not this server.',
    meaning: 'It answers under {allowed} only, so that no page of another site can reach it under a name of its own.',
    next: 'Use one of these addresses.',
  },
  FORBIDDEN_ORIGIN: {
    class: 'input',
    retryable: false,
    what: 'The request comes from a page of another site ({origin}).',
    meaning: 'Only the console itself may call this server out of a browser. Nothing was done.',
    next: 'Open the console with `millrace console`; scripts send no Origin.',
  },
  CSRF_REFUSED: {
    class: 'input',
    retryable: false,
    what: 'The request changes something and does not bring the token of its session.',
    meaning: 'Without it a page of another site could make your browser send it. Nothing was done.',
    next: 'Send `csrfToken` of GET /api/session in the header x-millrace-csrf.',
  },
  API_TOO_FAST: {
    class: 'runtime',
    retryable: true,
    what: 'More than {perSecond} requests per second came in.',
    meaning: 'This request was not looked at.',
    next: 'Send it again in a second.',
  },
  API_STREAMS_FULL: {
    class: 'runtime',
    retryable: true,
    what: '{most} readers follow events already.',
    meaning: 'Each holds a connection and a buffer, so that there is a bound.',
    next: 'Close a page of the console that is not needed.',
  },
  API_BODY_REFUSED: {
    class: 'input',
    retryable: false,
    what: 'The body can not be taken: {reason}.',
    meaning: 'Bodies are JSON (content-type application/json) of at most {maxBytes} bytes. Nothing was done.',
    next: 'See /openapi.json for what the route takes.',
  },
  API_NOT_FOUND: {
    class: 'input',
    retryable: false,
    what: 'There is no {what} "{id}".',
    meaning: 'Nearest names: {nearest}.',
    next: 'See /openapi.json for the routes, and the lists that they give for the names.',
  },
  LEDGER_WINDOW_UNKNOWN: {
    class: 'input',
    retryable: false,
    what: 'The ledger of {pipeline} has no fault in a window that begins at {origin}.',
    meaning: 'Nothing was acknowledged. Windows with faults, newest last: {known}.',
    next: 'Give the origin of one of these, or none for all. See `millrace ledger {pipeline}`.',
  },
  CONSOLE_UNAVAILABLE: {
    class: 'environment',
    retryable: true,
    what: 'The files of the console are not there yet: {reason}.',
    meaning: 'They are built once for each state of the sources, in the background. The API answers meanwhile.',
    next: 'Load the page again in a moment; `millrace logs millrace.api.0` says how the build goes.',
  },
  NOT_SUPPORTED: {
    class: 'refused',
    retryable: false,
    what: '{what} is not possible here: {reason}.',
    meaning: 'Nothing was changed.',
    next: '{help}',
  },
} as const satisfies Record<string, ErrorRow>;
