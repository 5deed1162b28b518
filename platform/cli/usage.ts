/** What the reader of the command line (commander) refuses, as rows of the error table: in `--json` it is JSON like any other. */
import type { CommanderError } from 'commander';
import { MillraceError } from '../errors.ts';
import { nearestOrAll } from '../model/nearest.ts';

/** `asked`: the first word of the command line, which should be one of `commands`. */
export function usageError(refused: CommanderError, asked: string, commands: readonly string[]): MillraceError {
  if (!commands.includes(asked)) {
    return new MillraceError('UNKNOWN_COMMAND', { name: asked, hint: nearestOrAll(asked, commands, 'Commands') });
  }
  return new MillraceError('INVALID_ARGUMENT', { reason: sentence(refused.message), command: asked });
}

/** `error: unknown option '--evnts'\n(Did you mean --events?)` as a sentence. */
function sentence(message: string): string {
  const [what = '', hint] = message.replace(/^error: /, '').split('\n');
  const text = what.charAt(0).toUpperCase() + what.slice(1).replace(/\.$/, '');
  return hint ? `${text} ${hint.replace('(Did', '(did')}.` : `${text}.`;
}
