import type { ErrorRow } from '../errors.ts';

/** Errors of what lies in a home: its state files, and the home itself. */
export const stateRows = {
  CORRUPT_STATE: {
    class: 'environment',
    retryable: false,
    what: 'The state file {file} can not be read: {reason}.',
    meaning: 'It was cut short or changed by hand, or another program wrote it. It was left as it is.',
    next: 'Put back a good copy, or move it away (mv {file} {file}.broken) and run the command again.',
  },
  FOREIGN_STATE: {
    class: 'environment',
    retryable: false,
    what: 'The state file {file} was written by another version: it says {found}, this Millrace reads {expected}.',
    meaning: 'Reading it as ours could lose data, so nothing was changed.',
    next: 'Use the Millrace that wrote it, or point MILLRACE_HOME to another directory.',
  },
  INVALID_VARIABLE: {
    class: 'input',
    retryable: false,
    what: 'The environment variable {name} takes {allowed}, not "{value}".',
    meaning: 'Nothing was changed.',
    next: 'Give it such a value, or unset it: the default is {default}.',
  },
  HOME_UNUSABLE: {
    class: 'environment',
    retryable: false,
    what: 'The home {home} can not be used: {reason}.',
    meaning: 'State, data and secrets of a cluster are kept there. Nothing was changed.',
    next: 'Point MILLRACE_HOME to a directory that you can write to; it need not be there yet.',
  },
  HOME_FOREIGN: {
    class: 'environment',
    retryable: false,
    what: 'The directory {home} is not a home of Millrace: it holds {found}.',
    meaning: 'Nothing in it shows that Millrace made it, so that nothing in it was touched.',
    next: 'Point MILLRACE_HOME to the right directory; for a new home, to one that is empty or not there yet.',
  },
  LEFT_BEHIND: {
    class: 'runtime',
    retryable: false,
    what: 'The removal of {pipeline} left something behind: {left}.',
    meaning:
      'Its servers were asked after the removal, and have it still. The record of the pipeline stays, for another try.',
    next: 'Run `millrace destroy {pipeline}` again; `millrace down --purge` removes all data of this home.',
  },
  STATE_UNAVAILABLE: {
    class: 'environment',
    retryable: false,
    what: 'The state file {file} can not be {verb}: {reason}.',
    meaning: 'Its directory is full, read-only or belongs to another user, as after a run with sudo.',
    next: 'Free some space, or give the directory back to yourself with chown, then run the command again.',
  },
} as const satisfies Record<string, ErrorRow>;
