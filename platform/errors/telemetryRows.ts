import type { ErrorRow } from '../errors.ts';

/** Errors of the telemetry store. */
export const telemetryRows = {
  TELEMETRY_STORE_CORRUPT: {
    class: 'environment',
    retryable: false,
    what: 'The telemetry store {file} can not be read: {reason}.',
    meaning:
      'It was cut short or changed by hand, or another program wrote it. It was left as it is. Pipelines run on; what they tell is not stored.',
    next: 'Put back a good copy, or move the directory away (mv {directory} {directory}.broken) and start again: an empty store is made, and the span files that are still there are read anew.',
  },
  TELEMETRY_STORE_FOREIGN: {
    class: 'environment',
    retryable: false,
    what: 'The telemetry store {file} is not one of this Millrace: it is {found}, where {expected} belongs.',
    meaning: 'Reading it as ours could lose data, so nothing was changed.',
    next: 'Use the Millrace that wrote it, or move the directory away (mv {directory} {directory}.other) and start again.',
  },
  TELEMETRY_STORE_TAKEN: {
    class: 'environment',
    retryable: true,
    what: 'The telemetry store in {directory} is held by another process.',
    meaning: 'One process writes it: the API. Two would both follow the span files.',
    next: 'Stop the other API of this home, or send it OTLP instead of opening the store.',
  },
  TELEMETRY_STORE_UNAVAILABLE: {
    class: 'environment',
    retryable: true,
    what: 'The telemetry store in {directory} can not be opened: {reason}.',
    meaning: 'Its directory is full, read-only or belongs to another user, as after a run with sudo.',
    next: 'Free some space, or give the directory back to yourself with chown, then start again.',
  },
  OTLP_NOT_LISTENING: {
    class: 'environment',
    retryable: true,
    what: 'OTLP can not be received at {address}:{port}: {reason}.',
    meaning: 'Another program listens there, or the address is not one of this machine.',
    next: 'End that program, or give OTLP another port.',
  },
} as const satisfies Record<string, ErrorRow>;
