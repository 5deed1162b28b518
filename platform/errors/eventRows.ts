import type { ErrorRow } from '../errors.ts';

/** Errors of the data path: what callers of the ingress get, and what verification, traces and datasets can end with. */
export const eventRows = {
  EVENT_INVALID: {
    class: 'input',
    retryable: false,
    what: 'The event is not valid: at "{path}", {reason}.',
    meaning: 'Nothing of the request was accepted; a batch is taken whole or not at all.',
    next: 'Mend the event at that path and send the request again.',
  },
  EVENT_BAD_JSON: {
    class: 'input',
    retryable: false,
    what: 'The body is not JSON: {reason}.',
    meaning: 'Nothing of the request was accepted.',
    next: 'Send one JSON value in UTF-8 and nothing after it.',
  },
  EVENT_TOO_LARGE: {
    class: 'input',
    retryable: false,
    what: '{what} is larger than {maxBytes} bytes.',
    meaning: 'Nothing of the request was accepted.',
    next: 'Send smaller events, or fewer in one batch.',
  },
  EVENTS_TOO_FAST: {
    class: 'runtime',
    retryable: true,
    what: 'More than {maxEventsPerSecond} events per second came in.',
    meaning: 'Nothing of this request was accepted; earlier ones are not affected.',
    next: 'Send it again after {retryAfterSeconds} s, with the same event ids.',
  },
  INGRESS_UNAVAILABLE: {
    class: 'runtime',
    retryable: true,
    what: 'The events could not be stored: {reason}.',
    meaning:
      'The broker has not acknowledged them. Some may have reached it all the same; sent again under the same ids they count once.',
    next: 'Send the request again after {retryAfterSeconds} s, with the same event ids.',
  },
  UNSUPPORTED_MEDIA_TYPE: {
    class: 'input',
    retryable: false,
    what: 'The content type {found} is not accepted here.',
    meaning: 'Events come as CloudEvents 1.0 over HTTP, in one of three modes.',
    next: 'Use {accepted}.',
  },
  METHOD_NOT_ALLOWED: {
    class: 'input',
    retryable: false,
    what: '{method} is not allowed on {path}.',
    meaning: 'Events are sent with POST.',
    next: 'Send POST {path}.',
  },
  ROUTE_NOT_FOUND: {
    class: 'input',
    retryable: false,
    what: 'There is nothing at {path}.',
    meaning: 'This is the ingress of pipeline "{pipeline}"; it takes events.',
    next: 'Send events with POST /events.',
  },
  TRACE_NOT_FOUND: {
    class: 'input',
    retryable: false,
    what: 'There is no trace of {what}.',
    meaning: '{reason}',
    next: 'Send an event with a traceparent header that ends in -01, or at less than 20 events per second: it is always sampled.',
  },
  VERIFY_LOST: {
    class: 'verification',
    retryable: false,
    what: 'Of {acknowledged} acknowledged events of "{pipeline}" {lost} could not be read back within {timeoutSeconds} s, {countMissing} were not counted and {duplicated} were counted more than once.',
    meaning: 'The first that could not be read: {missing}. Verification run "{mark}".',
    next: 'Run `millrace status {pipeline}` for a stage that lags, then `millrace verify {pipeline} --recheck {mark}`.',
  },
  VERIFY_NOTHING_ACCEPTED: {
    class: 'runtime',
    retryable: true,
    what: 'The ingress of "{pipeline}" accepted none of the events within {timeoutSeconds} s: {reason}.',
    meaning: 'Nothing could be verified.',
    next: 'Run `millrace status {pipeline}`.',
  },
  UNKNOWN_VERIFY_RUN: {
    class: 'input',
    retryable: false,
    what: 'There is no verification run "{mark}" here.',
    meaning: 'Runs that are kept: {known}.',
    next: 'Run `millrace verify` to make one.',
  },
  DATASET_UNREADABLE: {
    class: 'environment',
    retryable: false,
    what: 'Dataset {file} of the package "{npmPackage}" can not be read: {reason}.',
    meaning: 'It comes with the npm packages that ./millrace brings in.',
    next: 'Check file, format and fields of the dataset in the blueprint; if they are right, run `npm ci`.',
  },
} as const satisfies Record<string, ErrorRow>;
