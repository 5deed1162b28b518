/** What the command line refuses before anything is started, with the error that it is told by. */
import { expect } from '@jest/globals';
import { exitCodes } from '../../platform/errors.ts';

export interface Case {
  readonly args: readonly string[];
  readonly code: string;
  readonly exit: number;
  readonly message: string;
  readonly meaning?: string;
  readonly next: string;
}
const help = 'Run `millrace deploy --help` for what it takes.';
/** All of the case but what was asked. */
const badName = (name: string) => ({
  code: 'INVALID_NAME',
  exit: exitCodes.input,
  message: `"${name}" can not be the name of a pipeline.`,
  meaning:
    'A name has 2 to 40 lower-case letters, digits and single dashes, and begins with a letter: folders, tasks, topics and keyspaces are named after it. Nothing was changed.',
  next: 'Give such a name (`--name my-pipeline`), or run `millrace status` for the pipelines there are.',
});
export const cases: Readonly<Record<string, Case>> = {
  'an unknown blueprint is refused, with the nearest names': {
    args: ['deploy', 'flight-delay', '--yes'],
    code: 'UNKNOWN_BLUEPRINT',
    exit: exitCodes.input,
    message: 'There is no blueprint "flight-delay".',
    meaning: 'Blueprints are the folders under blueprints/ that hold a blueprint.ts. Nearest: flight-delays.',
    next: 'Run `millrace catalog` for the list.',
  },
  'an unknown parameter is refused, with the nearest names': {
    args: ['deploy', 'flight-delays', '--yes', '--set', 'ratePerSecnd=5'],
    code: 'UNKNOWN_PARAMETER',
    exit: exitCodes.input,
    message: 'Blueprint "flight-delays" has no parameter "ratePerSecnd".',
    meaning: expect.stringMatching(/^Its parameters are: ratePerSecond, .*\. Nearest: ratePerSecond, .*\.$/) as never,
    next: 'Run `millrace catalog flight-delays` for what each parameter does.',
  },
  'the beginning of a parameter is refused, with its whole name': {
    args: ['plan', 'flight-delays', '--set', 'rate=3'],
    code: 'UNKNOWN_PARAMETER',
    exit: exitCodes.input,
    message: 'Blueprint "flight-delays" has no parameter "rate".',
    meaning: expect.stringMatching(/Nearest: .*ratePerSecond/) as never,
    next: 'Run `millrace catalog flight-delays` for what each parameter does.',
  },
  'a parameter out of its range is refused, with the range': {
    args: ['deploy', 'flight-delays', '--yes', '--set', 'ratePerSecond=0'],
    code: 'INVALID_PARAMETER',
    exit: exitCodes.input,
    message:
      'Parameter "ratePerSecond" of blueprint "flight-delays" does not accept "0": it must be a whole number from 1 to 5000 (events/s).',
    next: 'Run `millrace catalog flight-delays` for the range, then give the parameter again as --set ratePerSecond=VALUE.',
  },
  'a parameter that is no number is refused, with the range': {
    args: ['deploy', 'flight-delays', '--yes', '--set', 'ratePerSecond=fast'],
    code: 'INVALID_PARAMETER',
    exit: exitCodes.input,
    message:
      'Parameter "ratePerSecond" of blueprint "flight-delays" does not accept "fast": it must be a whole number from 1 to 5000 (events/s).',
    next: 'Run `millrace catalog flight-delays` for the range, then give the parameter again as --set ratePerSecond=VALUE.',
  },
  'a setting without a value is refused': {
    args: ['deploy', 'flight-delays', '--yes', '--set', 'ratePerSecond'],
    code: 'INVALID_ARGUMENT',
    exit: exitCodes.input,
    message: '--set takes name=value, not "ratePerSecond".',
    next: help,
  },
  'a number of nodes that can not be is refused': {
    args: ['deploy', 'flight-delays', '--yes', '--nodes', '251'],
    code: 'INVALID_ARGUMENT',
    exit: exitCodes.input,
    message: '--nodes takes a whole number from 1 to 250, not "251".',
    next: help,
  },
  'a name that leads out of the home is refused, before anything is named after it': {
    args: ['deploy', 'flight-delays', '--name', '../Bad name', '--yes'],
    ...badName('../Bad name'),
  },
  'an empty name is refused by plan': { args: ['plan', 'flight-delays', '--name', ''], ...badName('') },
  'a name that can not be is refused by destroy': { args: ['destroy', '../..', '--yes'], ...badName('../..') },
  'a name that can not be is refused by status': { args: ['status', 'é'], ...badName('é') },
  'a name that can not be is refused by verify': { args: ['verify', '../..'], ...badName('../..') },
  'a name that can not be is refused by trace': { args: ['trace', '../..'], ...badName('../..') },
  'a blueprint outside of the blueprints is unknown': {
    args: ['deploy', '../platform', '--yes'],
    code: 'UNKNOWN_BLUEPRINT',
    exit: exitCodes.input,
    message: 'There is no blueprint "../platform".',
    meaning: expect.stringMatching(/^Blueprints are the folders under blueprints/) as never,
    next: 'Run `millrace catalog` for the list.',
  },
  'destroying what is not there is refused': {
    args: ['destroy', 'nothing', '--yes'],
    code: 'UNKNOWN_PIPELINE',
    exit: exitCodes.input,
    message: 'There is no pipeline "nothing" here.',
    meaning: 'Pipelines of this home: none.',
    next: 'Run `millrace deploy BLUEPRINT --name nothing` to make it (`millrace catalog` has the blueprints), or `millrace status` for those there are.',
  },
};
