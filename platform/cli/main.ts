/** The command line. Commands are read here and carried out in commands/; errors end here, with their exit code. */
import { Command, CommanderError } from 'commander';
import { asMillraceError, exitCodes, MillraceError } from '../errors.ts';
import { notUndoneOf } from '../model/operations.ts';
import { checkHomeFor } from './checkHome.ts';
import { usageError } from './usage.ts';

type Add = (program: Command) => void;

/** Each command's file is loaded only when it is asked for (or for the help): a start must cost little. */
const commands: Readonly<Record<string, () => Promise<Add>>> = {
  deploy: async () => (await import('./commands/deploy.ts')).addDeploy,
  plan: async () => (await import('./commands/plan.ts')).addPlan,
  status: async () => (await import('./commands/status.ts')).addStatus,
  verify: async () => (await import('./commands/verify.ts')).addVerify,
  trace: async () => (await import('./commands/trace.ts')).addTrace,
  ledger: async () => (await import('./commands/ledger.ts')).addLedger,
  lag: async () => (await import('./commands/lag.ts')).addLag,
  alerts: async () => (await import('./commands/alerts.ts')).addAlerts,
  logs: async () => (await import('./commands/logs.ts')).addLogs,
  scale: async () => (await import('./commands/change.ts')).addScale,
  restart: async () => (await import('./commands/change.ts')).addRestart,
  stop: async () => (await import('./commands/change.ts')).addStop,
  start: async () => (await import('./commands/change.ts')).addStart,
  console: async () => (await import('./commands/console.ts')).addConsole,
  destroy: async () => (await import('./commands/destroy.ts')).addDestroy,
  up: async () => (await import('./commands/upDown.ts')).addUp,
  down: async () => (await import('./commands/upDown.ts')).addDown,
  fetch: async () => (await import('./commands/fetch.ts')).addFetch,
  doctor: async () => (await import('./commands/doctor.ts')).addDoctor,
  catalog: async () => (await import('./commands/catalog.ts')).addCatalog,
  version: async () => (await import('./commands/version.ts')).addVersion,
};

const program = new Command('millrace')
  .description('Pick a blueprint, get a running real-time pipeline.')
  .exitOverride()
  // What is wrong with the command line is told by `report`, like every other error.
  .configureOutput({ outputError: () => undefined })
  .configureHelp({ sortSubcommands: false })
  .addHelpText('after', '\n-V and --version are the command version.')
  .hook('preAction', (_, command) => checkHomeFor(command.name(), process.env));

const given = process.argv.slice(2);
if (given[0] === '--version' || given[0] === '-V') given[0] = 'version';
const asked = given[0] ?? '';
const wanted = Object.hasOwn(commands, asked) ? [commands[asked]!] : Object.values(commands);
for (const load of wanted) (await load())(program);

try {
  await program.parseAsync(given, { from: 'user' });
} catch (thrown) {
  process.exitCode = report(thrown);
}
// Not left to an empty event loop: an exporter that still waits for a collector would keep the command for its whole timeout.
process.stderr.write('', () => process.stdout.write('', () => process.exit()));

/** Prints the error and gives the exit code. In `--json` the error is the JSON document on standard output. */
function report(thrown: unknown): number {
  // The help, whether asked for or given for want of a command, has been printed.
  if (thrown instanceof CommanderError && thrown.exitCode === 0) return 0;
  if (thrown instanceof CommanderError && thrown.code === 'commander.help') return exitCodes.input;
  const told = thrown instanceof CommanderError ? usageError(thrown, asked, Object.keys(commands)) : thrown;
  const error = asMillraceError(told);
  if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify({ error: error.toJSON() }, null, 2)}\n`);
  const { code, message, meaning, next } = error.toJSON();
  process.stderr.write(`\nerror ${code}: ${message}\n${indent(meaning)}\n  Next: ${next}\n`);
  const notUndone = notUndoneOf(error);
  if (notUndone.length > 0) {
    process.stderr.write(`  Not undone (millrace status shows it, millrace destroy removes it):\n`);
    for (const line of notUndone) process.stderr.write(`    ${line}\n`);
  }
  if (process.env.MILLRACE_DEBUG || !(told instanceof MillraceError)) {
    process.stderr.write(`${(error.cause as Error | undefined)?.stack ?? error.stack}\n`);
  }
  return error.exitCode;
}

function indent(text: string): string {
  return text.replace(/^/gm, '  ');
}
