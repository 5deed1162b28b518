/** The command line. Commands are read here and carried out in commands/; errors end here, with their exit code. */
import { Command, CommanderError } from 'commander';
import { asMillraceError, exitCodes, MillraceError } from '../errors.ts';
import { addCatalog } from './commands/catalog.ts';
import { addDeploy } from './commands/deploy.ts';
import { addDestroy } from './commands/destroy.ts';
import { addDoctor } from './commands/doctor.ts';
import { addFetch } from './commands/fetch.ts';
import { addLogs } from './commands/logs.ts';
import { addPlan } from './commands/plan.ts';
import { addStatus } from './commands/status.ts';
import { addTrace } from './commands/trace.ts';
import { addUpDown } from './commands/upDown.ts';
import { addVerify } from './commands/verify.ts';
import { addVersion } from './commands/version.ts';

const program = new Command('millrace')
  .description('Pick a blueprint, get a running real-time pipeline.')
  .exitOverride()
  .showHelpAfterError('(run it with --help for what it takes)')
  .configureHelp({ sortSubcommands: false });

const commands = [
  ...[addDeploy, addPlan, addStatus, addVerify, addTrace, addLogs, addDestroy],
  ...[addUpDown, addFetch, addDoctor, addCatalog, addVersion],
];
for (const add of commands) add(program);

try {
  await program.parseAsync();
} catch (thrown) {
  process.exitCode = report(thrown);
}

/** Prints the error and gives the exit code. In `--json` the error is the JSON document on standard output. */
function report(thrown: unknown): number {
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : exitCodes.input;
  const error = asMillraceError(thrown);
  if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify({ error: error.toJSON() }, null, 2)}\n`);
  const { code, message, meaning, next } = error.toJSON();
  process.stderr.write(`\nerror ${code}: ${message}\n${indent(meaning)}\n  Next: ${next}\n`);
  if (process.env.MILLRACE_DEBUG || !(thrown instanceof MillraceError)) {
    process.stderr.write(`${(error.cause as Error | undefined)?.stack ?? error.stack}\n`);
  }
  return error.exitCode;
}

function indent(text: string): string {
  return text.replace(/^/gm, '  ');
}
